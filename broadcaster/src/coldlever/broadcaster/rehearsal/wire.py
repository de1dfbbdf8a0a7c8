"""Wire: the body of a POST to ``/exchange`` as types.

Keys may come in any order, because the exchange reads into structs and serialises again before it
hashes. Observed (testnet, 2026-09): a key that the body or its action does not have is HTTP 422;
unknown keys inside ``signature`` are ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from coldlever.broadcaster.rehearsal.reading import (
    I64_MAX,
    U32_MAX,
    U64_MAX,
    Malformed,
    a_list,
    an_object,
    load_object,
    only,
    read_address,
    read_boolean,
    read_hex_integer,
    read_integer,
    read_string,
)
from coldlever.shared.action import Address, Signature

_DECIMAL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")

# Actions that the exchange knows and the rehearsal does not play, as its documentation and its
# clients (the official SDK 0.24, @nktkas/hyperliquid 0.33) name them.
NOT_MODELLED: Final = frozenset(
    {
        "CSignerAction", "CValidatorAction", "activateOutcomeDeployer",
        "agentEnableDexAbstraction", "agentSendAsset", "agentSetAbstraction", "approveAgent",
        "approveBuilderFee", "authorizeAqav2Role", "batchModify", "borrowLend", "cDeposit",
        "cWithdraw", "cancel", "cancelByCloid", "claimRewards", "convertToMultiSigUser",
        "createSubAccount", "createVault", "evmUserModify", "finalizeEvmContract",
        "gossipPriorityBid", "hip3LiquidatorTransfer", "linkStakingUser", "modify", "order",
        "perpDeploy", "registerReferrer", "reserveRequestWeight", "scheduleCancel", "sendAsset",
        "sendToEvmWithData", "setDisplayName", "setReferrer", "spotDeploy", "spotSend",
        "spotUser", "stakingLinkDisableTradingUser", "subAccountModify",
        "subAccountSpotTransfer", "subAccountTransfer", "tokenDelegate", "twapCancel",
        "twapOrder", "usdClassTransfer", "usdSend", "userDexAbstraction", "userOutcome",
        "userPortfolioMargin", "userSetAbstraction", "validatorL1Stream", "vaultDistribute",
        "vaultModify", "vaultTransfer", "withdraw3",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UpdateLeverage:
    """Set leverage and margin mode: asset id, cross or isolated, whole multiples."""

    asset: int
    is_cross: bool
    leverage: int

    def to_wire(self) -> dict[str, object]:
        """The struct as the exchange serialises it before it hashes."""
        return {
            "type": "updateLeverage",
            "asset": self.asset,
            "isCross": self.is_cross,
            "leverage": self.leverage,
        }


@dataclass(frozen=True, slots=True)
class UpdateIsolatedMargin:
    """Move margin into or out of an isolated position: asset id, side, micro-USD."""

    asset: int
    is_buy: bool
    ntli: int

    def to_wire(self) -> dict[str, object]:
        """The struct as the exchange serialises it before it hashes."""
        return {
            "type": "updateIsolatedMargin",
            "asset": self.asset,
            "isBuy": self.is_buy,
            "ntli": self.ntli,
        }


@dataclass(frozen=True, slots=True)
class TopUpIsolatedOnlyMargin:
    """Bring a strict-isolated position to a leverage: asset id, decimal as a string."""

    asset: int
    leverage: str

    def to_wire(self) -> dict[str, object]:
        """The struct as the exchange serialises it before it hashes."""
        return {
            "type": "topUpIsolatedOnlyMargin",
            "asset": self.asset,
            "leverage": self.leverage,
        }


@dataclass(frozen=True, slots=True)
class Noop:
    """Do nothing but use up the nonce."""

    def to_wire(self) -> dict[str, object]:
        """The struct as the exchange serialises it before it hashes."""
        return {"type": "noop"}


@dataclass(frozen=True, slots=True)
class NotModelled:
    """An action the exchange knows and the rehearsal does not play."""

    action_type: str


Action = UpdateLeverage | UpdateIsolatedMargin | TopUpIsolatedOnlyMargin | Noop


@dataclass(frozen=True, slots=True)
class MultiSigAction:
    """The wrapper that carries an action of a multi-sig account.

    Args:
        chain_id: EIP-155 id of the outer signature, as 0x and digits.
        signatures: the inner ones.
        user: the multi-sig account.
        leader: who signs the wrapper and whose nonce counts.
        action: what the account shall do.
    """

    chain_id: str
    signatures: tuple[Signature, ...]
    user: Address
    leader: Address
    action: Action | NotModelled


@dataclass(frozen=True, slots=True)
class Envelope:
    """The body of a POST to ``/exchange``.

    Args:
        action: what to do.
        nonce: ms since the epoch, u64.
        signature: r and s up to 256 bits, v as sent.
        vault: the vault or sub-account acted for, or None.
        expires_after: ms since the epoch, u64, or None.
    """

    action: Action | MultiSigAction | NotModelled
    nonce: int
    signature: Signature
    vault: Address | None
    expires_after: int | None


def read_envelope(body: bytes) -> Envelope:
    """Read the body of a POST to ``/exchange``.

    Raises:
        NotJson: the exchange would answer HTTP 400.
        Malformed: the exchange would answer HTTP 422.
    """
    fields = only(load_object(body), "action", "nonce", "signature", "vaultAddress", "expiresAfter")
    vault = fields.get("vaultAddress")
    expires_after = fields.get("expiresAfter")
    return Envelope(
        _action(an_object(fields.get("action"))),
        read_integer(fields.get("nonce"), 0, U64_MAX),
        _signature(fields.get("signature")),
        None if vault is None else read_address(vault),
        None if expires_after is None else read_integer(expires_after, 0, U64_MAX),
    )


def _signature(value: object) -> Signature:
    fields = an_object(value)
    return Signature(
        read_hex_integer(fields.get("r")),
        read_hex_integer(fields.get("s")),
        read_integer(fields.get("v"), 0, U64_MAX),
    )


def _action(fields: dict[str, object]) -> Action | MultiSigAction | NotModelled:
    if fields.get("type") == "multiSig":
        return _multi_sig(
            only(fields, "type", "signatureChainId", "signatures", "payload"),
        )
    return _plain_action(fields)


def _multi_sig(fields: dict[str, object]) -> MultiSigAction:
    payload = only(an_object(fields.get("payload")), "multiSigUser", "outerSigner", "action")
    chain_id = read_string(fields.get("signatureChainId"))
    read_integer(read_hex_integer(chain_id), 0, U64_MAX)
    return MultiSigAction(
        chain_id,
        tuple(_signature(each) for each in a_list(fields.get("signatures"))),
        read_address(payload.get("multiSigUser")),
        read_address(payload.get("outerSigner")),
        _plain_action(an_object(payload.get("action"))),
    )


def _plain_action(fields: dict[str, object]) -> Action | NotModelled:
    kind = read_string(fields.get("type"))
    if kind == "updateLeverage":
        return _update_leverage(only(fields, "type", "asset", "isCross", "leverage"))
    if kind == "updateIsolatedMargin":
        return _update_isolated_margin(only(fields, "type", "asset", "isBuy", "ntli"))
    if kind == "topUpIsolatedOnlyMargin":
        return _top_up(only(fields, "type", "asset", "leverage"))
    if kind == "noop":
        only(fields, "type")
        return Noop()
    if kind in NOT_MODELLED:
        return NotModelled(kind)
    raise Malformed


def _update_leverage(fields: dict[str, object]) -> UpdateLeverage:
    return UpdateLeverage(
        _asset(fields),
        read_boolean(fields.get("isCross")),
        read_integer(fields.get("leverage"), 0, U32_MAX),
    )


def _update_isolated_margin(fields: dict[str, object]) -> UpdateIsolatedMargin:
    return UpdateIsolatedMargin(
        _asset(fields),
        read_boolean(fields.get("isBuy")),
        read_integer(fields.get("ntli"), -I64_MAX - 1, I64_MAX),
    )


def _top_up(fields: dict[str, object]) -> TopUpIsolatedOnlyMargin:
    leverage = read_string(fields.get("leverage"))
    if _DECIMAL.fullmatch(leverage) is None:
        raise Malformed
    return TopUpIsolatedOnlyMargin(_asset(fields), leverage)


def _asset(fields: dict[str, object]) -> int:
    return read_integer(fields.get("asset"), 0, U32_MAX)
