"""Keys from birth to use: drawing, sealing, opening, signing; nothing about what is signed."""
