"""The entry point of ``coldlever-broadcaster`` and ``python -P -m coldlever.broadcaster``."""

from __future__ import annotations

from coldlever.broadcaster.cli import main

if __name__ == "__main__":
    main()
