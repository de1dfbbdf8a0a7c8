"""QR codes in both directions: drawing messages, and reading them back from pictures and scanners.

Nothing is imported here: a command that draws no code must not wait for what draws them. Drawing
goes `frames` -> `matrix` -> `terminal` or `picture`; reading goes `reading` -> `collector`.
"""
