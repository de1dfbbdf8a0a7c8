"""The online half: it checks signed payloads, posts them exactly once, and never holds a key."""

__version__ = "0.1.0"
