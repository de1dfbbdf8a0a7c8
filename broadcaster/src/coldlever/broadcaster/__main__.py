"""The entry point of ``coldlever-broadcaster`` and ``python -m broadcaster``."""

from __future__ import annotations

from broadcaster.cli import main

if __name__ == "__main__":
    main()
