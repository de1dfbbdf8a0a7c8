"""Wire: from the bytes of a request to types, as leniently and as strictly as the exchange reads.

Unknown keys are ignored and keys may come in any order, because the exchange reads into structs;
a missing key, a key given twice or a value of another type makes the body malformed. This reader
shares nothing with the formats of `shared`, so that a mistake there is not repeated here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from coldlever.shared.action import Address, Signature

U32_MAX: Final = 2**32 - 1
U64_MAX: Final = 2**64 - 1
I64_MAX: Final = 2**63 - 1

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HEX_INTEGER = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DECIMAL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")

# Actions that the exchange knows and the rehearsal does not play.
NOT_MODELLED: Final = frozenset(
    {
        "agentEnableDexAbstraction", "agentSetAbstraction", "approveAgent", "approveBuilderFee",
        "batchModify", "borrowLend", "cDeposit", "cWithdraw", "cancel", "cancelByCloid",
        "claimRewards", "convertToMultiSigUser", "createSubAccount", "createVault",
        "evmUserModify", "modify", "multiSig", "order", "perpDeploy", "registerReferrer",
        "reserveRequestWeight", "scheduleCancel", "sendAsset", "setReferrer", "spotDeploy",
        "spotSend", "spotUser", "subAccountModify", "subAccountSpotTransfer",
        "subAccountTransfer", "tokenDelegate", "twapCancel", "twapOrder", "usdClassTransfer",
        "usdSend", "userDexAbstraction", "userPortfolioMargin", "userSetAbstraction",
        "vaultDistribute", "vaultModify", "vaultTransfer", "withdraw3",
    }
)  # fmt: skip


class Malformed(Exception):
    """The body does not have the form the exchange reads."""


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
class Envelope:
    """The body of a POST to ``/exchange``.

    Args:
        action: what to do.
        nonce: ms since the epoch, u64.
        signature: r and s up to 256 bits, v as sent.
        vault: the vault or sub-account acted for, or None.
        expires_after: ms since the epoch, u64, or None.
    """

    action: Action | NotModelled
    nonce: int
    signature: Signature
    vault: Address | None
    expires_after: int | None


def load_object(body: bytes) -> dict[str, object]:
    """Read a JSON object.

    Raises:
        Malformed: not UTF-8, not JSON, not an object, or a key given twice.
    """
    try:
        loaded: object = json.loads(
            body.decode("utf-8"), object_pairs_hook=_without_twins, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise Malformed from None
    return _an_object(loaded)


def read_address(value: object) -> Address:
    """An address in any case: the exchange does not mind EIP-55.

    Raises:
        Malformed: not 0x and 40 digits.
    """
    if not isinstance(value, str) or _ADDRESS.fullmatch(value) is None:
        raise Malformed
    return Address(bytes.fromhex(value[2:]))


def read_string(value: object) -> str:
    """A string.

    Raises:
        Malformed: anything else.
    """
    if not isinstance(value, str):
        raise Malformed
    return value


def read_envelope(body: bytes) -> Envelope:
    """Read the body of a POST to ``/exchange``.

    Raises:
        Malformed: the exchange would answer HTTP 422.
    """
    fields = load_object(body)
    signature = _an_object(fields.get("signature"))
    vault = fields.get("vaultAddress")
    expires_after = fields.get("expiresAfter")
    return Envelope(
        _action(_an_object(fields.get("action"))),
        _integer(fields.get("nonce"), 0, U64_MAX),
        Signature(
            _hex_integer(signature.get("r")),
            _hex_integer(signature.get("s")),
            _integer(signature.get("v"), 0, U64_MAX),
        ),
        None if vault is None else read_address(vault),
        None if expires_after is None else _integer(expires_after, 0, U64_MAX),
    )


def _action(fields: dict[str, object]) -> Action | NotModelled:
    kind = read_string(fields.get("type"))
    if kind == "updateLeverage":
        return UpdateLeverage(
            _asset(fields),
            _boolean(fields.get("isCross")),
            _integer(fields.get("leverage"), 0, U32_MAX),
        )
    if kind == "updateIsolatedMargin":
        return UpdateIsolatedMargin(
            _asset(fields),
            _boolean(fields.get("isBuy")),
            _integer(fields.get("ntli"), -I64_MAX - 1, I64_MAX),
        )
    if kind == "topUpIsolatedOnlyMargin":
        leverage = read_string(fields.get("leverage"))
        if _DECIMAL.fullmatch(leverage) is None:
            raise Malformed
        return TopUpIsolatedOnlyMargin(_asset(fields), leverage)
    if kind == "noop":
        return Noop()
    if kind in NOT_MODELLED:
        return NotModelled(kind)
    raise Malformed


def _asset(fields: dict[str, object]) -> int:
    return _integer(fields.get("asset"), 0, U32_MAX)


def _an_object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Malformed
    return value


def _integer(value: object, minimum: int, maximum: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise Malformed
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Malformed
    return value


def _hex_integer(value: object) -> int:
    if not isinstance(value, str) or _HEX_INTEGER.fullmatch(value) is None:
        raise Malformed
    return int(value, 16)


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError
    return fields


def _no_constant(_: str) -> object:
    # NaN and Infinity are Python's own additions to JSON.
    raise ValueError
