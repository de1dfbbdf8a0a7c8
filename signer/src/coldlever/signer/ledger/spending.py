"""Spending nonces inside a transaction: what is spent already, what is refused, what is added."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Sequence

from coldlever.shared.action import Address, Network
from coldlever.shared.action.time_rules import NONCE_SET_SIZE, nonce_floor_problem
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.printable import quoted
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.signer.ledger import rows
from coldlever.signer.ledger.entry import Entry
from coldlever.signer.ledger.faults import revoked
from coldlever.signer.ledger.floor import below


def spend(connection: sqlite3.Connection, name: str, entries: Sequence[Entry]) -> tuple[bool, ...]:
    """Append the entries that are new; says of each whether it was recorded before.

    Raises:
        RuleRefused: ``nonce-used``, ``nonce-revoked``, ``nonce-too-low`` or ``ledger-damaged``.
    """
    highest: dict[tuple[Network, Address], list[int]] = {}
    known = []
    head = rows.end(connection)
    for entry in entries:
        _require_not_revoked(connection, name, entry)
        spent = is_recorded(connection, name, entry)
        known.append(spent)
        if spent:
            continue
        if entry.what is What.REVOCATION:
            # Its nonce is the payload's. A low one does no harm: at worst it is refused.
            head = rows.append(connection, head, entry)
            continue
        whose = (entry.network, entry.signer)
        if whose not in highest:
            highest[whose] = rows.highest_nonces(connection, *whose)
        nonces = highest[whose]
        problem = nonce_floor_problem(entry.nonce, nonces)
        if problem is not None:
            raise below(problem, min(nonces), entry.recorded_at)
        heapq.heappush(nonces, entry.nonce)
        if len(nonces) > NONCE_SET_SIZE:
            heapq.heappop(nonces)
        head = rows.append(connection, head, entry)
    return tuple(known)


def is_recorded(connection: sqlite3.Connection, name: str, entry: Entry) -> bool:
    """Whether its nonce was spent on this very entry.

    Raises:
        RuleRefused: ``nonce-used`` when it was spent on another one.
    """
    spent = _spent_on(connection, name, entry, entry.what)
    if spent is None:
        return False
    if spent.action_hash != entry.action_hash:
        raise RuleRefused(
            "nonce-used",
            f"{entry.signer} has spent the nonce {entry.nonce} on {entry.network.value} on "
            f"another request ({quoted(spent.description)}, action hash "
            f"{to_0x(spent.action_hash)})",
            "draft the request again: a new draft takes a new nonce",
        )
    return True


def _require_not_revoked(connection: sqlite3.Connection, name: str, entry: Entry) -> None:
    if entry.what is What.REVOCATION:
        return
    if _spent_on(connection, name, entry, What.REVOCATION) is not None:
        raise revoked(entry)


def _spent_on(connection: sqlite3.Connection, name: str, entry: Entry, what: What) -> Entry | None:
    whose = (entry.network, entry.signer, entry.nonce)
    return rows.spent_on(connection, name, whose, what)
