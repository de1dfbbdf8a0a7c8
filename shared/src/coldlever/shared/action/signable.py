"""What one signature covers: network, action, nonce, vault and expiry, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coldlever.shared.action.actions import Action, LeverageAction, Noop, parse_action
from coldlever.shared.action.address import as_optional_address
from coldlever.shared.action.hashing import action_hash, agent_digest
from coldlever.shared.action.time_rules import NONCE_PAST_MS
from coldlever.shared.action.what import What
from coldlever.shared.reading import SAFE_INTEGER_MAX, Where, as_integer, describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coldlever.shared.action.address import Address
    from coldlever.shared.action.network import Network
    from coldlever.shared.reading import JsonValue


_NOT_OF_A_NOOP = {
    "vaultAddress": "the exchange looks at the vault before the nonce, which might then stay free",
    "expiresAfter": "a revocation must be able to outlive what it revokes",
}


@dataclass(frozen=True, slots=True)
class Signable:
    """The part of a request that gets hashed.

    Args:
        network: bound by the signature through the digest, not by the action hash.
        action: a leverage action, or the noop that revokes one.
        nonce: milliseconds since the epoch.
        vault: the vault or sub-account acted for, or None for the signer's own account.
        expires_after: milliseconds since the epoch after which the exchange refuses it, or None.
    """

    network: Network
    action: Action
    nonce: int
    vault: Address | None
    expires_after: int | None

    @property
    def what(self) -> What:
        """A payload, or the revocation of the one with this nonce."""
        return What.REVOCATION if isinstance(self.action, Noop) else What.PAYLOAD

    @property
    def change(self) -> LeverageAction:
        """The leverage action.

        Raises:
            TypeError: it is a noop: who asks has to know.
        """
        if isinstance(self.action, Noop):
            raise TypeError("a noop changes nothing")
        return self.action

    def action_hash(self) -> bytes:
        """32 bytes; see `coldlever.shared.action.hashing.hash_wire_action`."""
        return action_hash(self.action, self.nonce, self.vault, self.expires_after)

    def digest(self) -> bytes:
        """The 32 bytes that get signed."""
        return agent_digest(self.network, self.action_hash())


def parse_nonce(value: JsonValue, where: Where) -> int:
    """A nonce: an integer from 0 to 2^53-1, milliseconds since the epoch."""
    return as_integer(value, where, 0, SAFE_INTEGER_MAX)


def parse_vault(fields: dict[str, JsonValue], where: Where) -> Address | None:
    """``vaultAddress``; absent and null both mean none."""
    return as_optional_address(fields.get("vaultAddress"), where.key("vaultAddress"))


def parse_expiry(fields: dict[str, JsonValue], where: Where, nonce: int) -> int | None:
    """``expiresAfter``: an integer from 0 to 2^53-1, ms since the epoch; absent or null for none.

    The highest nonces, whose expiry lies beyond that, may have one up to two days later: otherwise
    the bound of the nonce would be two days lower for requests with an expiry.
    """
    value = fields.get("expiresAfter")
    if value is None:
        return None
    maximum = max(SAFE_INTEGER_MAX, nonce + NONCE_PAST_MS)
    return as_integer(value, where.key("expiresAfter"), 0, maximum)


def parse_signable(fields: dict[str, JsonValue], where: Where, network: Network) -> Signable:
    """``action``, ``nonce``, ``vaultAddress`` and ``expiresAfter`` of a request or a body.

    Args:
        fields: the object's members, with ``action`` and ``nonce`` among them.
        where: its place.
        network: what it is for, which the members do not say.
    """
    nonce = parse_nonce(fields["nonce"], where.key("nonce"))
    action = parse_action(fields["action"], where.key("action"))
    if isinstance(action, Noop):
        require_none(fields, where, _NOT_OF_A_NOOP)
    return Signable(
        network, action, nonce, parse_vault(fields, where), parse_expiry(fields, where, nonce)
    )


def require_none(fields: dict[str, JsonValue], where: Where, reasons: Mapping[str, str]) -> None:
    """Refuse members that a noop must do without.

    Args:
        fields: the members of its document.
        where: the document's place.
        reasons: why, by member.

    Raises:
        InputRefused: ``not-for-noop``.
    """
    for name, reason in reasons.items():
        if fields.get(name) is not None:
            raise where.key(name).refusal(
                "not-for-noop", describe(fields[name]), f"null, or nothing: {reason}"
            )
