"""What this ledger knows of a nonce: whether it is used, revoked, or still worth revoking."""

from __future__ import annotations

from collections.abc import Callable

from coldlever.broadcaster.check.report import Finding, caution
from coldlever.broadcaster.ledger import NonceKey, Row, nonce_revoked, nothing_to_revoke
from coldlever.shared.action.market_name import show_coin
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import moment

Find = Callable[[NonceKey], Row | None]


def unused_rule(find: Find, key: NonceKey, action_hash: bytes) -> Finding | str:
    """Nothing was sent with the nonce from here that may have taken it, and it is not revoked.

    Args:
        find: the row of a key, as far as this machine knows.
        key: of the payload or the revocation.
        action_hash: its own, 32 bytes.

    Raises:
        RuleRefused: ``nonce-used`` or ``nonce-revoked``.
    """
    if key.what is What.PAYLOAD and find(key.other) is not None:
        raise nonce_revoked(key)
    row = find(key)
    if row is None:
        return "not posted from here before (the exchange's own list cannot be asked)"
    same = row.action_hash == action_hash
    if same and row.state.needs_clearance:
        sentence = f"recorded here at {moment(row.reserved_at)}, and never admitted: it is free"
        return caution("nonce-unused", sentence)
    what = f"this very {key.what.value}" if same else "another action with this nonce"
    raise RuleRefused(
        "nonce-used",
        f"{what} was handed to the exchange at {moment(row.reserved_at)}: {row.state.value}",
        "see `history`" if same else "draft the request again: it takes a new nonce",
    )


def target_rule(original: Row | None) -> Finding | str:
    """What a revocation would kill may still land, as far as this ledger knows.

    Args:
        original: the payload's row, or None where this ledger does not know it.

    Raises:
        RuleRefused: ``nothing-to-revoke``.
    """
    if original is None:
        return caution(
            "revocation",
            "this ledger does not know what was signed with the nonce: another machine may have "
            "sent it",
        )
    problem = nothing_to_revoke(original)
    if problem is not None:
        raise problem
    return f"kills a payload for {show_coin(original.coin)} that is {original.state.value}"
