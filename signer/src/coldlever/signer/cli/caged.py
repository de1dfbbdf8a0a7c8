"""Which commands run in the cage, and when it closes: before the first byte from outside is read.

What a command still imports is read inside: the cage leaves files alone. Starting takes the same
time either way, and a refusal need not wait for what it does not use.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

import click

from coldlever.shared.cli.console import say
from coldlever.signer.cli.machine import Machine

_OPTION = "--without-cage"


def caged(command: click.Command) -> click.Command:
    """Close the cage before the command's body runs, and add ``--without-cage``.

    A camera is opened first, because what opens it may want more than the cage allows; the cage
    closes before its first picture is read.

    Args:
        command: not shared with anybody else; it is changed and returned.

    Raises:
        CageFailed: the machine has a cage that cannot be closed.
    """
    body = command.callback
    assert body is not None, "a group has no body"

    @wraps(body)
    def inside(*arguments: Any, without_cage: bool, **options: Any) -> Any:
        machine = click.get_current_context().ensure_object(Machine)
        if without_cage:
            say("warning: the cage is left open (--without-cage)", fg="yellow")
        elif options.get("camera") is not None:
            options["opened"] = lambda: _close(machine)
        else:
            _close(machine)
        return body(*arguments, **options)

    command.callback = inside
    option = click.Option(
        [_OPTION], is_flag=True, help="Do not close the cage around this process."
    )
    command.params = [*command.params, option]
    return command


def _close(machine: Machine) -> None:
    from coldlever.signer.cage import Unsupported  # noqa: PLC0415 - not for --help

    support = machine.engage_cage()
    if isinstance(support, Unsupported):
        say(f"This machine has no cage: {support.reason}. Going on without.")
