"""Replay what a broadcaster's ledger recorded through the programme's table, and through the model's.

A ledger keeps, for each attempt, the state before it and what its answer told, and for each payload the
state that it has now. What the clock or another payload told (`settle`) is kept as the new state alone. So
what is checked is this: every recorded answer leads, by the table, from the state before its attempt to a
state from which the next attempt's state before, or the payload's state now, can be reached by what needs no
answer; and an attempt begins where the programme begins one. `audit_trace` compares it with its audit chain.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

from audit_trace import untold
from model import PAGE

from coldlever.broadcaster.fate import Event, NonceState, after
from coldlever.broadcaster.ledger.migration import SCHEMA_VERSION
from coldlever.broadcaster.ledger.tables import POSTS

# What is learnt without an answer to these bytes.
_UNASKED = (Event.END_PASSED, Event.OTHER_ACCEPTED, Event.REVOCATION_DUPLICATE)
_ANSWERS = tuple(event for event in Event if event not in _UNASKED)
# Sending begins where it may land, or as the probe of what has lapsed.
_BEGINS = (NonceState.UNSENT, NonceState.OPEN, NonceState.NOT_ADMITTED, NonceState.LAPSED)
_KEY = tuple(column.name for column in POSTS.primary_key)

Table = dict[tuple[NonceState, Event], NonceState]


@cache
def model_table() -> Table:
    """The table that Spin checks, read from its page; what is not listed changes nothing."""
    text = PAGE.read_text("utf-8")
    known = dict.fromkeys(re.findall(r"mtype = \{ (.*?) \};", text))
    names = {name for group in known for name in group.split(", ")}
    states = [state for state in NonceState if state.name in names]
    events = [event for event in Event if event.name in names]
    table = {(state, event): state for state in states for event in events}
    for state, event, then in re.findall(
        r":: known == (\w+) && event == (\w+) -> then = (\w+)", text
    ):
        table[NonceState[state], Event[event]] = NonceState[then]
    return table


def impossible(path: Path) -> list[str]:
    """What a ledger holds that no run can have written; empty for what is not a broadcaster's.

    Args:
        path: the SQLite file; nobody may be writing to it.
    """
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as ledger:
        ledger.row_factory = sqlite3.Row
        try:
            return list(_of_ledger(ledger, model_table()))
        except (sqlite3.DatabaseError, ValueError) as error:
            return [f"not what was written: {error}"]


def _of_ledger(ledger: sqlite3.Connection, table: Table) -> Iterator[str]:
    if not _is_ours(ledger):
        return
    attempts: dict[tuple[object, ...], list[sqlite3.Row]] = defaultdict(list)
    for attempt in ledger.execute("SELECT * FROM attempts ORDER BY id"):
        attempts[_key(attempt)].append(attempt)
    for post in ledger.execute("SELECT * FROM posts"):
        for problem in _of_payload(post, attempts.pop(_key(post), []), table):
            yield f"nonce {post['nonce']}: {problem}"
    for one, *_ in attempts.values():
        yield f"nonce {one['nonce']}: attempts without a payload"
    yield from untold(ledger)


def _is_ours(ledger: sqlite3.Connection) -> bool:
    """A broadcaster's, of this version; the signer's has the same name and other tables."""
    version = ledger.execute("PRAGMA user_version").fetchone()[0]
    names = {row[0] for row in ledger.execute("SELECT name FROM sqlite_master")}
    return version == SCHEMA_VERSION and {"posts", "attempts"} <= names


def _key(record: sqlite3.Row) -> tuple[object, ...]:
    return tuple(record[name] for name in _KEY)


def _of_payload(post: sqlite3.Row, attempts: Sequence[sqlite3.Row], table: Table) -> Iterator[str]:
    is_old = post["legacy"] is not None
    numbers = [attempt["number"] for attempt in attempts]
    if not is_old and numbers != list(range(1, post["attempts"] + 1)):
        yield f"{post['attempts']} attempts, recorded: {numbers}"
    # Of release 0.1 the last attempt alone is known, and not what was known before it.
    known = NonceState.UNSENT
    for attempt in attempts:
        before = NonceState(attempt["state_before"])
        if is_old and before is NonceState.LEGACY:
            known = before
            continue
        yield from _of_attempt(known, before, attempt, table, is_old=is_old)
        is_old = False
        event = attempt["event"]
        known = NonceState.OPEN if event is None else table[before, Event(event)]
    now = NonceState(post["state"])
    if not is_old and now not in _reachable(known, table):
        yield f"{now.value} now, and {known.value} by the last answer"


def _of_attempt(
    known: NonceState, before: NonceState, attempt: sqlite3.Row, table: Table, *, is_old: bool
) -> Iterator[str]:
    where = f"attempt {attempt['number']}"
    if before not in _BEGINS:
        yield f"{where} began as {before.value}"
    if not is_old and before not in _reachable(known, table):
        yield f"{where} began as {before.value}, after {known.value}"
    if attempt["event"] is None:
        return
    event = Event(attempt["event"])
    if event not in _ANSWERS:
        yield f"{where} was answered with {event.value}"
    if (before, event) not in table:
        yield f"{where}: the model does not know {before.value} with {event.value}"
    elif table[before, event] is not after(before, event):
        yield f"{where}: the model says otherwise of {before.value} with {event.value}"


def _reachable(
    known: NonceState, table: Table, learnt: tuple[Event, ...] = _UNASKED
) -> set[NonceState]:
    """What a state may have become without an answer; each thing is learnt once at most."""
    found = {known}
    for event in learnt:
        rest = tuple(other for other in learnt if other is not event)
        found |= _reachable(table.get((known, event), known), table, rest)
    return found


if __name__ == "__main__":
    problems = [problem for name in sys.argv[1:] for problem in impossible(Path(name))]
    print("\n".join(problems) or "every trace is possible")
    sys.exit(1 if problems else 0)
