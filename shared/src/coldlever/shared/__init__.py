"""What the signer and the broadcaster have in common: formats, hashing, rules and words.

Nothing in this package opens a socket, reads a clock or draws a random number.
"""

__version__ = "0.1.0"
