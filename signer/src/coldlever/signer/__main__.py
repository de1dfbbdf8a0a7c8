"""Entry point of ``coldlever-signer`` and of ``python -P -m coldlever.signer``.

The process is closed before anything but the standard library is imported, and started with the
right switches before even that.
"""

from __future__ import annotations

import sys

from coldlever.signer.start import NotRestarted, begin


def main() -> None:
    """Run the command line and leave with its exit status."""
    try:
        begin()
    except NotRestarted as failure:
        _refuse(failure)
    from coldlever.signer.isolation import engage  # noqa: PLC0415 - not before the last start

    engage()
    from coldlever.signer.cli import commands  # noqa: PLC0415 - nothing may load before the hook is in place

    commands.main(prog_name="coldlever-signer")


def _refuse(failure: NotRestarted) -> None:
    from coldlever.shared.cli.group import leave_refused  # noqa: PLC0415 - this ends here
    from coldlever.shared.errors import EnvironmentFault  # noqa: PLC0415 - the same
    from coldlever.shared.printable import printable  # noqa: PLC0415 - the same

    refusal = EnvironmentFault(
        "not-restarted",
        f"Python could not be started anew with safe switches: {printable(str(failure))}",
        "start it with them: python3 -I -m coldlever.signer",
    )
    leave_refused(refusal, sys.argv[1:])


if __name__ == "__main__":
    main()
