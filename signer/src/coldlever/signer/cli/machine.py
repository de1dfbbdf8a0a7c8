"""What the command line takes from the machine: clock, randomness, terminal, environment.

Tests put other things in the same places.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coldlever.shared.cli.state_folder import state_folder
from coldlever.signer.isolation import seal_memory

if TYPE_CHECKING:
    from coldlever.signer.cage import Support

# scrypt's N of new keystores; `coldlever.signer.key.kdf.DEFAULT_SCRYPT_N` says why. Repeated here
# because that module loads half of the program, and --help does not need it.
_WORK_FACTOR = 1 << 18


def _system_clock() -> int:
    return time.time_ns() // 1_000_000


def _environment() -> Mapping[str, str]:
    return os.environ


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
        engage_cage: closes the cage around the process; returns whether there is one.
    """

    clock: Callable[[], int] = _system_clock
    entropy: Callable[[int], bytes] = secrets.token_bytes
    environment: Mapping[str, str] = field(default_factory=_environment)
    work_factor: int = _WORK_FACTOR
    seal_memory: Callable[[], bool] = seal_memory
    engage_cage: Callable[[], Support] = _engage_cage

    def state(self, option: str | None) -> Path:
        """The folder for keys and ledger; it need not exist.

        Args:
            option: ``--state-dir``.
        """
        return state_folder("signer", option, self.environment)


pass_machine = click.make_pass_decorator(Machine, ensure=True)
