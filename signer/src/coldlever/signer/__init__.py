"""The air-gapped half: it holds the key, shows what will be signed, and never meets a network."""

__version__ = "0.1.0"
