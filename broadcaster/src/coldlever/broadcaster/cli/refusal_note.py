"""That a payload was refused goes into the audit chain; whatever comes of that, it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from coldlever.broadcaster.cli.context import open_ledger
from coldlever.broadcaster.cli.job import Job
from coldlever.broadcaster.cli.load import Item
from coldlever.broadcaster.cli.machine import Machine
from coldlever.broadcaster.ledger import Ledger
from coldlever.shared.action import Address
from coldlever.shared.audit import Event
from coldlever.shared.errors import ColdleverError, PersonDeclined, RuleRefused
from coldlever.shared.message import SignedPayload


@contextmanager
def noting_refusals(
    machine: Machine, ledger: Ledger, payloads: Sequence[SignedPayload]
) -> Iterator[None]:
    """Note that a rule or a person refused a whole run, and with it each of its payloads.

    Args:
        machine: its clock.
        ledger: the broadcaster's.
        payloads: of the run.
    """
    try:
        yield
    except (RuleRefused, PersonDeclined) as refusal:
        _note(machine, ledger, [(payload, refusal) for payload in payloads])
        raise


@contextmanager
def noting_refusals_before(
    machine: Machine, state_dir: str | None, items: Sequence[Item]
) -> Iterator[None]:
    """As `noting_refusals`, while the ledger is not open yet."""
    try:
        yield
    except RuleRefused as refusal:
        # Where the ledger cannot be opened, the refusal is told all the same.
        with suppress(ColdleverError), closing(open_ledger(machine, state_dir)) as ledger:
            _note(machine, ledger, [(item.payload, refusal) for item in items])
        raise


def note_refused(machine: Machine, ledger: Ledger, jobs: Sequence[Job]) -> None:
    """Note those payloads of a run that a rule refused.

    Args:
        machine: its clock.
        ledger: the broadcaster's.
        jobs: as they are at the end.
    """
    failures = ((job.item.payload, job.failure) for job in jobs if job.result is None)
    refused = [(one, why) for one, why in failures if isinstance(why, RuleRefused)]
    _note(machine, ledger, refused)


def _note(
    machine: Machine, ledger: Ledger, refused: Sequence[tuple[SignedPayload, ColdleverError]]
) -> None:
    now = machine.clock()
    events = [_event(ledger, payload, why, now) for payload, why in refused]
    # What goes wrong here must not hide why it was refused.
    with suppress(ColdleverError):
        # The same payload twice in a run was refused once.
        ledger.note(*dict.fromkeys(events))


def _event(ledger: Ledger, payload: SignedPayload, why: ColdleverError, now: int) -> Event:
    return ledger.author.refused(payload.signable, _signer(payload), why, now)


def _signer(payload: SignedPayload) -> Address | None:
    """Recovered; None where nobody can have signed it so."""
    try:
        return payload.recovered_signer()
    except ColdleverError:
        return None
