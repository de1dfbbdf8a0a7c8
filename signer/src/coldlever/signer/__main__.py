"""Entry point of ``coldlever-signer`` and of ``python -P -m coldlever.signer``.

The process is closed before anything but the standard library is imported.
"""

from __future__ import annotations

from typing import NoReturn

from coldlever.signer.isolation import engage


def main() -> NoReturn:
    """Run the command line and leave with its exit status."""
    engage()
    from coldlever.signer.cli import commands  # noqa: PLC0415 - nothing may load before the hook is in place

    commands.main(prog_name="coldlever-signer")


if __name__ == "__main__":
    main()
