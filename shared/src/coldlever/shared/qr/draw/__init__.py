"""From a message to the squares of QR codes and to pictures of them; no terminal, no files."""
