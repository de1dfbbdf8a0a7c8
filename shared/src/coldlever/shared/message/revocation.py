"""What a revocation kills, as its drafter says; no signature covers it."""

from __future__ import annotations

from coldlever.shared.action import Signable
from coldlever.shared.action.actions import Noop, parse_action
from coldlever.shared.action.signable import parse_expiry, parse_vault, require_none
from coldlever.shared.reading import JsonValue, Where, as_object

_REQUIRED = ("action",)
_OPTIONAL = ("expiresAfter", "vaultAddress")
# A noop has no market, moves no position and acts on no account.
NOT_OF_A_NOOP = dict.fromkeys(
    ("market", "current", "account", "position"), "a noop changes no account and no market"
)
_NO_APPROVALS = {"approvals": "revoking needs no approval"}


def parse_killed(value: JsonValue, where: Where, noop: Signable) -> Signable | None:
    """``kills``: the payload with the noop's nonce on its network; null means none.

    Raises:
        InputRefused: another form, beside another action than a noop, or itself a noop.
    """
    if value is None:
        return None
    if not isinstance(noop.action, Noop):
        raise where.refusal("only-for-noop", "what it kills", "none: only a noop kills a nonce")
    fields = as_object(value, where, _REQUIRED, _OPTIONAL)
    action = parse_action(fields["action"], where.key("action"))
    if isinstance(action, Noop):
        raise where.key("action").refusal("not-for-noop", "a noop", "what the noop kills")
    vault = parse_vault(fields, where)
    return Signable(
        noop.network, action, noop.nonce, vault, parse_expiry(fields, where, noop.nonce)
    )


def killed_wire(killed: Signable) -> dict[str, object]:
    """``kills`` as JSON."""
    return {
        "action": killed.action.to_wire(),
        "expiresAfter": killed.expires_after,
        "vaultAddress": None if killed.vault is None else killed.vault.lower,
    }


def require_bare(fields: dict[str, JsonValue], where: Where, signable: Signable) -> None:
    """Refuse what means nothing beside a noop.

    Raises:
        InputRefused: ``not-for-noop``.
    """
    if isinstance(signable.action, Noop):
        require_none(fields, where, NOT_OF_A_NOOP)
        if fields.get("approvals"):
            require_none(fields, where, _NO_APPROVALS)
