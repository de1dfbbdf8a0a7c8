"""The judge: what hosts say became of their payloads, held against the journal of the rehearsal.

A host may say less than what is so, never more, and never something else.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coldlever.broadcaster.ledger import Ledger, Row
from coldlever.broadcaster.rehearsal.act import Entry
from coldlever.shared.errors import ColdleverError
from coldlever.shared.reading.hexadecimal import to_0x
from crash.children import Ended
from crash.stage import Stage, accepted

LANDED = "told as landed, was never accepted"
NOT_LANDED = "told as refused, withdrawn or dead, was accepted"
TWICE = "landed twice"
LOST = "landed, or was sent, without a row"
ENDLESS = "can never be ended"
SPENT = "told as spent, the nonce is free"
TWO = "two payloads sent for one nonce"
STATUS = "the exit status says something else"
BROKEN = "ledger, output or process broken"
KINDS = (LANDED, NOT_LANDED, TWICE, LOST, ENDLESS, SPENT, TWO, STATUS, BROKEN)

# Exit statuses of verdicts, and the worst of several, as docs/formats.md has them.
_STATUS = {
    "confirmed": 0, "accepted": 0, "in-effect": 7, "refused": 6, "withdrawn": 4, "unknown": 7,
    "not-posted": 4,
}  # fmt: skip
_WORST_FIRST = (130, 7, 8, 6, 4, 0)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One wrong verdict, or another promise that was not kept.

    Args:
        kind: one of `KINDS`.
        text: what was said where, and of what.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Payload:
    """A signed payload and its file.

    Args:
        file: where it lies.
        action_hash: in hex, with 0x.
        signer: in lower case.
        nonce: of it.
    """

    file: Path
    action_hash: str
    signer: str
    nonce: int


@dataclass(slots=True)
class Host:
    """A state folder and what has happened to it.

    Args:
        name: of its door.
        folder: ``--state-dir``.
        url: of its door.
        blind: action hashes of what was sent after the copy that was put back, so that its ledger
            cannot know it.
    """

    name: str
    folder: Path
    url: str
    blind: set[str] = field(default_factory=set)

    def rows(self) -> list[Row]:
        """The rows of its ledger; it is opened as every command opens it.

        Raises:
            ColdleverError: it does not open, or is not what was written.
        """
        if not (self.folder / "ledger.sqlite3").exists():
            return []
        ledger = Ledger(self.folder)
        try:
            return ledger.rows()
        finally:
            ledger.close()


@dataclass(frozen=True, slots=True)
class Claim:
    """What was said of one payload.

    Args:
        where: host and place.
        action_hash: in hex.
        verdict: the word.
        state: of the nonce, or None.
        is_alone: whether refusals of our own sending can be held against what came through the
            door: no other process of the host has gone on meanwhile.
    """

    where: str
    action_hash: str
    verdict: str
    state: str | None
    is_alone: bool = True


class Truth:
    """What the journal says, at one moment."""

    def __init__(self, stage: Stage) -> None:
        entries = stage.journal.entries()
        self.landed = Counter(_hash(one) for one in accepted(entries))
        self.admitted = {(_signer(one), one.nonce) for one in entries if one.admitted}
        self.sent = {
            host: [one for one in list(entries) if one.action_hash is not None]
            for host, entries in stage.sent.items()
        }

    def landed_through(self, host: str) -> set[str]:
        """What was accepted when it came through a host's door."""
        return {_hash(one) for one in accepted(self.sent[host])}


def judge_claims(
    claims: Iterable[Claim], truth: Truth, host: Host, payloads: dict[str, Payload]
) -> Iterator[Wrong]:
    """Hold what was said against what is so."""
    for claim in claims:
        payload = payloads[claim.action_hash]
        has_landed = truth.landed[claim.action_hash] > 0
        said = f"{claim.where}: nonce {payload.nonce} is {claim.verdict} ({claim.state})"
        if not has_landed and _says_landed(claim):
            yield Wrong(LANDED, said)
        if has_landed and _says_never(claim):
            yield Wrong(NOT_LANDED, said)
        elif claim.is_alone and claim.verdict in ("refused", "withdrawn"):
            # Others may have landed it; through this door it has not come, as far as it can know.
            own = truth.landed_through(host.name) - host.blind
            if claim.action_hash in own:
                yield Wrong(NOT_LANDED, f"{said}, and it landed from here")
        if claim.state == "spent" and (payload.signer, payload.nonce) not in truth.admitted:
            yield Wrong(SPENT, said)


def _says_landed(claim: Claim) -> bool:
    return claim.verdict in ("confirmed", "accepted") or claim.state == "spent-accepted"


def _says_never(claim: Claim) -> bool:
    return claim.state in ("spent-refused", "dead")


def judge_host(host: Host, truth: Truth, payloads: dict[str, Payload]) -> Iterator[Wrong]:
    """Judge a host's ledger as it lies there."""
    try:
        rows = host.rows()
    except ColdleverError as error:
        yield Wrong(BROKEN, f"{host.name}: {error.message}")
        return
    claims = [Claim(f"{host.name}, row", to_0x(one.action_hash), *_of_row(one)) for one in rows]
    yield from judge_claims(claims, truth, host, payloads)
    yield from _judge_sending(host, truth, rows)


def _judge_sending(host: Host, truth: Truth, rows: Sequence[Row]) -> Iterator[Wrong]:
    attempts = {to_0x(one.action_hash): one.attempts for one in rows}
    sent = [one for one in truth.sent[host.name] if _hash(one) not in host.blind]
    for action_hash, times in Counter(map(_hash, sent)).items():
        if times > attempts.get(action_hash, 0):
            recorded = attempts.get(action_hash, "no row")
            yield Wrong(
                LOST, f"{host.name}: {action_hash} came {times} times, recorded: {recorded}"
            )
    of_nonce: dict[tuple[str, int | None], set[str]] = {}
    for one in sent:
        of_nonce.setdefault((_signer(one), one.nonce), set()).add(_hash(one))
    for (_, nonce), hashes in of_nonce.items():
        if len(hashes) > 1:
            yield Wrong(TWO, f"{host.name}: nonce {nonce}")


def judge_stage(truth: Truth) -> Iterator[Wrong]:
    """Nothing lands twice."""
    for action_hash, times in truth.landed.items():
        if times > 1:
            yield Wrong(TWICE, f"{action_hash}: {times} times")


def judge_ended(  # noqa: PLR0917 - what a run was, and what it was judged by
    ended: Ended,
    files: Sequence[Payload] | None,
    host: Host,
    truth: Truth,
    payloads: dict[str, Payload],
    is_alone: bool,  # noqa: FBT001
) -> Iterator[Wrong]:
    """Judge what a run of `post` or `resolve` has printed, if it came so far.

    Args:
        ended: the run.
        files: what was posted, in order; None for `resolve`.
        host: where it ran.
        truth: what is so.
        payloads: all of the scene, by action hash.
        is_alone: whether no other process of the host was running.
    """
    if ended.status < 0 and not ended.was_killed:
        yield Wrong(BROKEN, f"{host.name}: ended by signal {-ended.status}")
    elif not ended.was_killed and ended.status not in (0, 3, 4, 6, 7, 8):
        yield Wrong(BROKEN, f"{host.name}: status {ended.status}: {ended.stderr or ended.stdout}")
    try:
        document = json.loads(ended.stdout)
    except ValueError:
        if not ended.was_killed:
            yield Wrong(BROKEN, f"{host.name}: not one JSON document: {ended.stdout!r}")
        return
    if isinstance(document, dict) and document.keys() == {"error"}:
        statuses = [document["error"]["exitStatus"]]
    else:
        results = document if isinstance(document, list) else [document]
        statuses = [_status_of(one) for one in results]
        claims = list(_claims(host, results, files, is_alone=is_alone))
        yield from judge_claims(claims, truth, host, payloads)
        yield from _judge_recorded(claims, host)
    wanted = min(statuses, key=_rank, default=0)
    if ended.status >= 0 and ended.status != wanted:
        yield Wrong(STATUS, f"{host.name}: {ended.status}, and the document says {wanted}")


def _rank(status: int) -> int:
    # What is not among them ends the whole command, alone.
    return _WORST_FIRST.index(status) if status in _WORST_FIRST else -1


def _status_of(result: dict[str, Any]) -> int:
    if "error" in result:
        return int(result["error"]["exitStatus"])
    return _STATUS[result["status"]]


def _claims(
    host: Host, results: list[dict[str, Any]], files: Sequence[Payload] | None, *, is_alone: bool
) -> Iterator[Claim]:
    for place, result in enumerate(results):
        receipt = result["receipt"]
        if receipt is None or "error" in result:
            continue
        action_hash = receipt["actionHash"]
        assert files is None or files[place].action_hash == action_hash
        yield Claim(
            f"{host.name}, told", action_hash, result["status"], result["nonceState"], is_alone
        )


def _judge_recorded(claims: Iterable[Claim], host: Host) -> Iterator[Wrong]:
    recorded = {to_0x(row.action_hash) for row in host.rows()}
    for claim in claims:
        if claim.action_hash not in recorded:
            yield Wrong(LOST, f"{claim.where}: {claim.action_hash} is {claim.verdict}")


def _of_row(row: Row) -> tuple[str, str]:
    return row.verdict.value, row.state.value


def _hash(entry: Entry) -> str:
    assert entry.action_hash is not None
    return to_0x(entry.action_hash)


def _signer(entry: Entry) -> str:
    assert entry.signer is not None
    return entry.signer.lower
