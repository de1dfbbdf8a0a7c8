"""What the command line takes from the machine: clocks, pauses, chance, prompts, environment.

Tests put other things in the same places.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from coldlever.shared.cli.console import ask, is_attended
from coldlever.shared.cli.machine import environment, system_clock
from coldlever.shared.cli.state_folder import make_folder, state_folder


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that the broadcaster runs on.

    Args:
        clock: the time in ms since the epoch.
        monotonic: a clock in seconds that never goes back.
        sleep: waits that many seconds.
        environment: the process environment.
        entropy: returns that many random bytes.
        is_attended: whether somebody sits at the terminal who could answer.
        ask: puts a question to them and returns the answer.
    """

    clock: Callable[[], int] = system_clock
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    environment: Mapping[str, str] = field(default_factory=environment)
    entropy: Callable[[int], bytes] = secrets.token_bytes
    is_attended: Callable[[], bool] = is_attended
    ask: Callable[[str], str] = ask

    def state(self, option: str | None) -> Path:
        """The state folder, made when missing.

        Args:
            option: ``--state-dir``.

        Raises:
            EnvironmentFault: ``no-home`` or ``state-folder``.
        """
        return make_folder(state_folder("broadcaster", option, self.environment))


pass_machine = click.make_pass_decorator(Machine, ensure=True)
