"""What this machine had signed with the nonces that noops kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coldlever.shared.action import Address
from coldlever.shared.action.what import What
from coldlever.signer.cli.machine import Machine
from coldlever.signer.cli.state import ledger_path
from coldlever.signer.rules import Placed, name_signer, recall_killed

if TYPE_CHECKING:
    from coldlever.signer.ledger import Ledger


@contextmanager
def killed(machine: Machine, state_dir: str | None) -> Iterator[Callable[[Placed], Placed]]:
    """A function that adds to a noop what the ledger knows of its nonce.

    The ledger is opened where the first noop comes: most inspections go without.
    """
    opened: list[Ledger] = []
    with ExitStack() as stack:

        def recalled(placed: Placed) -> Placed:
            signer = placed.request.signer
            if signer is None or placed.request.signable.what is not What.REVOCATION:
                return placed
            if not opened:
                opened.append(stack.enter_context(_open(machine, state_dir)))
            return recall_killed((placed,), signer, opened[0].payload_with)[0]

        yield recalled


def known_as(requests: Sequence[Placed], address: Address, ledger: Path) -> tuple[Placed, ...]:
    """The requests with the signer that is known now, and what its noops kill.

    Raises:
        RuleRefused: ``signer-mismatch`` or ``kills-mismatch``.
    """
    from coldlever.signer.ledger import Ledger  # noqa: PLC0415 - see `killed`

    named = name_signer(requests, address)
    if not any(one.request.signable.what is What.REVOCATION for one in named):
        return named
    with Ledger.open_existing(ledger) as opened:
        return recall_killed(named, address, opened.payload_with)


def _open(machine: Machine, state_dir: str | None) -> Ledger:
    from coldlever.signer.ledger import Ledger  # noqa: PLC0415 - see `killed`

    return Ledger.open_existing(ledger_path(machine, state_dir))
