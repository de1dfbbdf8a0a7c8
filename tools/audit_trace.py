"""Compare a broadcaster's audit chain with the rows that it tells of: neither is without the other.

Every attempt has one `sent` event and every answer one `answered`, the last word on a payload is the
state and the reading that its row has, and the chain is whole. Of a ledger that took rows over from
another one or from release 0.1 the chain alone is checked: it begins in the middle of their story.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator

from coldlever.broadcaster.fate import NonceState, Reading
from coldlever.shared.action import Network
from coldlever.shared.action.hashing import agent_digest
from coldlever.shared.audit import Chain, Head, Kind, Side, follow
from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading.hexadecimal import to_0x

_NETWORKS = {network.value: network for network in Network}
_JUDGED = re.compile(r"nonce ([a-z-]+), account ([a-z-]+)$")
_AT_FIRST = (NonceState.UNSENT.value, Reading.NOT_READ.value)
_AT_SENDING = (NonceState.OPEN.value, Reading.NOT_READ.value)

Payload = tuple[str, int, str]


def untold(ledger: sqlite3.Connection) -> Iterator[str]:
    """What the chain and the rows of a ledger tell of each other that cannot be.

    Args:
        ledger: with rows by name.
    """
    rows = [tuple(row) for row in ledger.execute("SELECT position, event, link FROM audit")]
    one = ledger.execute("SELECT id, position, link FROM audit_chain").fetchone()
    try:
        head = follow(Chain(one["id"], Side.BROADCASTER), rows, "audit")
    except RuleRefused as refusal:
        yield refusal.message
        return
    if head != Head(one["position"], one["link"]):
        yield "the head of the audit chain is not that of its last event"
    events = [json.loads(event) for _, event, _ in rows]
    if all(event["kind"] != Kind.ADOPTED.value for event in events):
        yield from _apart(ledger, events)


def _apart(ledger: sqlite3.Connection, events: list[dict[str, str | int]]) -> Iterator[str]:
    counts: Counter[tuple[Payload, str]] = Counter()
    last: dict[Payload, tuple[str, ...]] = defaultdict(lambda: _AT_FIRST)
    for event in events:
        kind = str(event["kind"])
        payload = (str(event["signer"]), int(event["nonce"] or 0), str(event["digest"]))
        counts[payload, kind] += 1
        if kind == Kind.SENT.value:
            last[payload] = _AT_SENDING
        elif kind == Kind.JUDGED.value and (found := _JUDGED.search(str(event["says"]))):
            last[payload] = found.groups()
    posts = list(ledger.execute("SELECT * FROM posts"))
    for payload, same in _by_payload(posts).items():
        begun = sum(post["attempts"] for post in same)
        if counts[payload, Kind.SENT.value] != begun:
            yield f"nonce {payload[1]}: {begun} attempts, told: {counts[payload, 'sent']}"
        answered = sum(_answered(ledger, post) for post in same)
        if counts[payload, Kind.ANSWERED.value] != answered:
            yield f"nonce {payload[1]}: {answered} answers, told: {counts[payload, 'answered']}"
        if len(same) == 1 and last[payload] != (same[0]["state"], same[0]["reading"]):
            yield f"nonce {payload[1]}: {same[0]['state']}, told: {' '.join(last[payload])}"


def _by_payload(posts: list[sqlite3.Row]) -> dict[Payload, list[sqlite3.Row]]:
    """One payload may have been posted at several venues."""
    found: dict[Payload, list[sqlite3.Row]] = defaultdict(list)
    for post in posts:
        network = _NETWORKS.get(post["venue"].partition("@")[0])
        if network is not None:
            digest = to_0x(agent_digest(network, bytes.fromhex(post["action_hash"])))
            found[post["signer"], post["nonce"], digest].append(post)
    return found


def _answered(ledger: sqlite3.Connection, post: sqlite3.Row) -> int:
    query = (
        "SELECT COUNT(*) FROM attempts WHERE venue = ? AND signer = ? AND nonce = ? AND what = ?"
        " AND event IS NOT NULL"
    )
    key = tuple(post[name] for name in ("venue", "signer", "nonce", "what"))
    return int(ledger.execute(query, key).fetchone()[0])
