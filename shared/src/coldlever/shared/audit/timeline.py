"""Chains of several machines joined: each in its own order, between them by time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coldlever.shared.action import Address
from coldlever.shared.audit.chain import Linked
from coldlever.shared.audit.document import Export
from coldlever.shared.audit.event import Kind
from coldlever.shared.audit.verifying import require_same
from coldlever.shared.reading.hexadecimal import to_0x

KIND = "coldlever/timeline"
VERSION = 1
# What comes before what with one payload; kinds that are not here may come at any time.
_STAGES = {
    Kind.DRAFTED: 0,
    Kind.PROPOSED: 1,
    Kind.APPROVED: 2,
    Kind.REJECTED: 2,
    Kind.SIGNED: 3,
    Kind.REVOCATION_SIGNED: 3,
    Kind.SENT: 4,
    Kind.ANSWERED: 5,
    Kind.JUDGED: 6,
}
_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Subject:
    """Which payload an event is about: the same on every machine.

    Args:
        signer: who signs it.
        nonce: its nonce.
        digest: 32 bytes, EIP-712, and so of one network.
    """

    signer: Address
    nonce: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event in the timeline.

    Args:
        copy: the chain that tells of it.
        linked: the event in its place there.
        placed_at: the time it was ordered by, ms since the epoch; None where none is known.
        payload: the number of the payload it is about, counted from 1 in the order of the
            timeline, or None.
    """

    copy: Export
    linked: Linked
    placed_at: int | None
    payload: int | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Several chains as one.

    Args:
        chains: each once, in the order in which they were given.
        payloads: those that events are about, in the order of the timeline.
        occurrences: all events of all chains.
    """

    chains: tuple[Export, ...]
    payloads: tuple[Subject, ...]
    occurrences: tuple[Occurrence, ...]

    def to_wire(self) -> dict[str, object]:
        """The ``coldlever/timeline`` document."""
        return {
            "kind": KIND,
            "version": VERSION,
            "chains": [_chain_wire(one) for one in self.chains],
            "payloads": [
                {"signer": one.signer.lower, "nonce": one.nonce, "digest": to_0x(one.digest)}
                for one in self.payloads
            ],
            "events": [_occurrence_wire(one) for one in self.occurrences],
        }


def join(copies: Sequence[tuple[Export, str]]) -> Timeline:
    """One timeline of several chains.

    In a chain nothing changes its place, whatever its clock says: an event is taken for as late as
    the latest before it. One without a clock comes after what must have been before it elsewhere:
    a request is drafted before it is approved, approved before it is signed, signed before it is
    sent.

    Args:
        copies: of chains, each with its name for a refusal; several of one chain are taken
            together.

    Raises:
        RuleRefused: ``audit-forked``.
    """
    chains = _united(copies)
    causes = _causes(chains)
    times = [_times(chains, number, causes) for number in range(len(chains))]
    payloads: dict[Subject, int] = {}
    occurrences = []
    for number, index in _merged(times, causes):
        linked = chains[number].events[index]
        subject = subject_of(linked)
        which = None
        if subject is not None:
            which = payloads.setdefault(subject, len(payloads) + 1)
        occurrences.append(Occurrence(chains[number], linked, times[number][index], which))
    return Timeline(chains, tuple(payloads), tuple(occurrences))


def subject_of(linked: Linked) -> Subject | None:
    """The payload that an event is about, where it names one whole."""
    event = linked.event
    if event.signer is None or event.nonce is None or event.digest is None:
        return None
    return Subject(event.signer, event.nonce, event.digest)


def _united(copies: Sequence[tuple[Export, str]]) -> tuple[Export, ...]:
    found: dict[bytes, tuple[Export, str]] = {}
    for export, name in copies:
        known = found.get(export.chain.id)
        if known is None:
            found[export.chain.id] = (export, name)
            continue
        longer = require_same(known[0], export, (known[1], name))
        found[export.chain.id] = (longer, name if longer is export else known[1])
    return tuple(export for export, _ in found.values())


def _causes(chains: Sequence[Export]) -> dict[_Place, tuple[_Place, ...]]:
    """For each event without a clock, the events with one that must have been before it."""
    timed: dict[Subject, list[tuple[int, _Place]]] = {}
    for number, export in enumerate(chains):
        for index, linked in enumerate(export.events):
            subject, stage = subject_of(linked), _STAGES.get(linked.event.kind)
            if subject is not None and stage is not None and linked.event.at is not None:
                timed.setdefault(subject, []).append((stage, (number, index)))
    causes = {}
    for number, export in enumerate(chains):
        for index, linked in enumerate(export.events):
            subject, stage = subject_of(linked), _STAGES.get(linked.event.kind)
            if linked.event.at is None and subject in timed and stage is not None:
                earlier = (place for other, place in timed[subject] if other < stage)
                causes[number, index] = tuple(one for one in earlier if one[0] != number)
    return causes


def _times(
    chains: Sequence[Export], number: int, causes: dict[_Place, tuple[_Place, ...]]
) -> list[int | None]:
    """When each event of a chain is taken to have happened, never before the one before it."""
    times: list[int | None] = []
    for index, linked in enumerate(chains[number].events):
        known = [times[-1]] if times else []
        known.append(linked.event.at)
        known += [
            chains[at].events[place].event.at for at, place in causes.get((number, index), ())
        ]
        times.append(max((one for one in known if one is not None), default=None))
    # What comes before the first clock is taken to be as late as it could be.
    following = None
    for index in range(len(times) - 1, -1, -1):
        following = times[index] if times[index] is not None else following
        times[index] = following
    return times


def _merged(
    times: Sequence[Sequence[int | None]], causes: dict[_Place, tuple[_Place, ...]]
) -> Iterator[_Place]:
    """All places in order: of the chains' next events the earliest one whose causes are told."""
    nexts = [0] * len(times)
    while any(index < len(times[number]) for number, index in enumerate(nexts)):
        waiting = [(n, index) for n, index in enumerate(nexts) if index < len(times[n])]
        # Chains that contradict each other must not hold each other up.
        ready = [
            place
            for place in waiting
            if all(index < nexts[number] for number, index in causes.get(place, ()))
        ]
        number, index = min(ready or waiting, key=lambda place: times[place[0]][place[1]] or 0)
        nexts[number] += 1
        yield number, index


def _chain_wire(export: Export) -> dict[str, object]:
    return {
        "machine": export.machine,
        "side": export.chain.side.value,
        "chain": to_0x(export.chain.id),
        "head": export.head.to_wire(),
    }


def _occurrence_wire(one: Occurrence) -> dict[str, object]:
    return {
        "chain": to_0x(one.copy.chain.id),
        **one.linked.event.to_wire(one.linked.position),
        "link": to_0x(one.linked.link),
        "placedAt": one.placed_at,
        "payload": one.payload,
    }
