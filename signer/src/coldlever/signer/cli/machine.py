"""What the command line takes from the machine: clock, randomness, terminal, environment.

Tests put other things in the same places.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from coldlever.shared.cli.console import ask, ask_secret
from coldlever.shared.cli.machine import environment, system_clock
from coldlever.shared.cli.state_folder import state_folder
from coldlever.signer.isolation import seal_memory

if TYPE_CHECKING:
    from coldlever.signer.cage import Support

# scrypt's N of new keystores; `coldlever.signer.key.kdf.DEFAULT_SCRYPT_N` says why. Repeated here
# because that module loads half of the program, and --help does not need it.
_WORK_FACTOR = 1 << 18


class AskSecret(Protocol):
    """See `coldlever.shared.cli.console.ask_secret`."""

    def __call__(self, prompt: str, *, confirm: bool = False) -> str:
        """Ask for a secret, twice where it has to be confirmed."""


def _engage_cage() -> Support:
    from coldlever.signer import cage  # noqa: PLC0415 - --help needs none of this

    return cage.engage()


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that the signer runs on.

    Args:
        clock: the time in ms since the epoch.
        entropy: returns that many random bytes.
        environment: the process environment.
        work_factor: scrypt's N of new keystores.
        seal_memory: closes the process's memory to others; returns whether it worked.
        ask: asks the person in front of it.
        ask_secret: asks for a secret, without echo.
        engage_cage: closes the cage around the process; returns whether there is one.
    """

    clock: Callable[[], int] = system_clock
    entropy: Callable[[int], bytes] = secrets.token_bytes
    environment: Mapping[str, str] = field(default_factory=environment)
    work_factor: int = _WORK_FACTOR
    seal_memory: Callable[[], bool] = seal_memory
    ask: Callable[[str], str] = ask
    ask_secret: AskSecret = ask_secret
    engage_cage: Callable[[], Support] = _engage_cage

    def state(self, option: str | None) -> Path:
        """The folder for keys and ledger; it need not exist.

        Args:
            option: ``--state-dir``.
        """
        return state_folder("signer", option, self.environment)


pass_machine = click.make_pass_decorator(Machine, ensure=True)
