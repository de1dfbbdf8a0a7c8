"""Documents that cross the gap, as JSON, and their review in words; no QR codes, no terminal."""
