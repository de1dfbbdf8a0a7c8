"""QR codes in both directions, drawn and read back; messages are bytes here, never documents.

Nothing is imported here: a command that draws no code must not wait for what draws them. Drawing
goes `draw.frames` -> `draw.matrix` -> `play` or `draw.picture`; reading goes `scan.files` ->
`scan.collector`.
"""
