"""Signatures of wallets: their numbers, and what they are over."""

from __future__ import annotations

from typing import Any

from coldlever.shared.action import Network, Signature
from coldlever.shared.action.actions import Noop
from coldlever.shared.action.signature import CURVE_ORDER
from kit.case import Kit, edited
from kit.people import EXPIRY, NONCE, VAULT, WALLET, signable
from kit.signed import BODY, ENVELOPE, envelope


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("signed", "Hash, digest, signature")
    _numbers(kit)
    _covered(kit)


_FIELD = 2**256 - 2**32 - 977


def _with(signature: Signature) -> dict[str, Any]:
    return edited(ENVELOPE, "payload.signature", signature.to_wire())


def _numbers(kit: Kit) -> None:
    good = WALLET.sign(signable().digest())
    r, s, v = good.r, good.s, good.v
    flipped = 55 - v
    for name, signature, why in (
        ("high-s", Signature(r, CURVE_ORDER - s, flipped), "s in the upper half: the same signature in another spelling"),
        ("high-s-same-v", Signature(r, CURVE_ORDER - s, v), "s in the upper half"),
        ("r-zero", Signature(0, s, v), "r is 0"),
        ("s-zero", Signature(r, 0, v), "s is 0"),
        ("r-order", Signature(CURVE_ORDER, s, v), "r is the order of the curve"),
        ("s-order", Signature(r, CURVE_ORDER, v), "s is the order of the curve"),
        ("r-plus-order", Signature((r + CURVE_ORDER) % 2**256, s, v), "r is not reduced, or another"),
        ("r-highest", Signature(2**256 - 1, s, v), "r is above the order of the curve"),
        ("s-highest", Signature(r, 2**256 - 1, v), "s is above the order of the curve"),
        ("s-half-plus-1", Signature(r, CURVE_ORDER // 2 + 1, v), "s just above half the order"),
        ("v-flipped", Signature(r, s, flipped), "the other v recovers to somebody else"),
        ("r-no-point", Signature(_no_point(), s, v), "no point of the curve has this r"),
        ("swapped", Signature(s, r, v), "r and s swapped"),
    ):  # fmt: skip
        kit.no(f"{name}.json", _with(signature), why)
    half = Signature(r, CURVE_ORDER // 2, v)
    kit.ok(
        "body-s-half.json",
        edited(BODY, "signature", half.to_wire()),
        "s is just half the order; whose it is nobody claims",
        network="mainnet",
    )
    wire = ENVELOPE["payload"]["signature"]
    for name, path, value, why in (
        ("v-0", "v", 0, "v is 27 or 28"),
        ("v-1", "v", 1, "v is 27 or 28"),
        ("v-26", "v", 26, "v is 27 or 28"),
        ("v-29", "v", 29, "v is 27 or 28"),
        ("v-chain", "v", 1337 * 2 + 35, "v is 27 or 28, and no chain id is in it"),
        ("v-text", "v", "0x1c", "no integer"),
        ("v-float", "v", 28.0, "no integer"),
        ("r-empty", "r", "0x", "no digits"),
        ("r-no-prefix", "r", wire["r"][2:], "0x in front"),
        ("r-upper", "r", "0x" + wire["r"][2:].upper(), "digits are lower-case"),
        ("r-65-digits", "r", "0x0" + wire["r"][2:], "more than 64 digits"),
        ("r-newline", "r", wire["r"] + "\n", "something behind the digits"),
        ("r-integer", "r", 5, "no text"),
        ("r-negative", "r", "-0x1", "no digits"),
        ("s-65-digits", "s", "0x0" + wire["s"][2:], "more than 64 digits"),
        ("s-upper", "s", "0x" + wire["s"][2:].upper(), "digits are lower-case"),
    ):  # fmt: skip
        kit.no(f"{name}.json", edited(ENVELOPE, f"payload.signature.{path}", value), why)


def _no_point() -> int:
    """The lowest r above 1 that is no x coordinate of the curve."""
    return next(x for x in range(2, 100) if pow(x**3 + 7, (_FIELD - 1) // 2, _FIELD) != 1)


def _covered(kit: Kit) -> None:
    """What is signed cannot be edited; the claims are kept fitting, so that only the signature tells."""
    for name, changes in {
        "edited-asset": {"action": signable().action.__class__(1, True, 10)},
        "edited-leverage": {"action": signable().action.__class__(0, True, 40)},
        "edited-mode": {"action": signable().action.__class__(0, False, 10)},
        "edited-action": {"action": Noop(), "expires_after": None},
        "edited-nonce": {"nonce": NONCE + 1},
        "edited-expiry": {"expires_after": EXPIRY + 1},
        "dropped-expiry": {"expires_after": None},
        "added-vault": {"vault": VAULT},
        "edited-network": {"network": Network.TESTNET},
    }.items():
        other = envelope(signable(**changes))
        kit.no(
            f"{name}.json",
            edited(other, "payload.signature", ENVELOPE["payload"]["signature"]),
            f"another request under the same signature: {name}",
        )
    for name, digest in _foreign_digests().items():
        forged = WALLET.sign(digest)
        kit.no(f"domain-{name}.json", _with(forged), f"signed over another digest: {name}")


def _foreign_digests() -> dict[str, bytes]:
    """Digests of the same action hash that a wallet could be led to sign, none of them ours."""
    from coldlever.shared.action.keccak import keccak256  # noqa: PLC0415 - beside its one use

    action_hash = signable().action_hash()
    fields = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"

    def domain(name: bytes, version: bytes, chain: int, contract: int) -> bytes:
        parts = (keccak256(fields), keccak256(name), keccak256(version))
        return keccak256(b"".join(parts) + chain.to_bytes(32, "big") + contract.to_bytes(32, "big"))

    def agent(source: bytes, connection: bytes, of: bytes) -> bytes:
        kind = keccak256(b"Agent(string source,bytes32 connectionId)")
        return keccak256(b"\x19\x01" + of + keccak256(kind + keccak256(source) + connection))

    ours = domain(b"Exchange", b"1", 1337, 0)
    assert agent(b"a", action_hash, ours) == signable().digest()
    return {
        "chain-id": agent(b"a", action_hash, domain(b"Exchange", b"1", 42_161, 0)),
        "name": agent(b"a", action_hash, domain(b"HyperliquidSignTransaction", b"1", 1337, 0)),
        "version": agent(b"a", action_hash, domain(b"Exchange", b"2", 1337, 0)),
        "contract": agent(b"a", action_hash, domain(b"Exchange", b"1", 1337, 1)),
        "source": agent(b"c", action_hash, ours),
        "bare-hash": action_hash,
        "personal-message": keccak256(b"\x19Ethereum Signed Message:\n32" + action_hash),
        "without-expiry-flag": agent(b"a", keccak256(_packed() + EXPIRY.to_bytes(8, "big")), ours),
        "expiry-flag-01": agent(b"a", keccak256(_packed() + b"\1" + EXPIRY.to_bytes(8, "big")), ours),
        "vault-flag-01": agent(b"a", keccak256(_packed()[:-1] + b"\1\0" + EXPIRY.to_bytes(8, "big")), ours),
        "little-endian-nonce": agent(b"a", keccak256(_packed()[:-9] + NONCE.to_bytes(8, "little") + b"\0\0" + EXPIRY.to_bytes(8, "big")), ours),
    }  # fmt: skip


def _packed() -> bytes:
    """The bytes that the action hash is over, up to the vault's flag."""
    import msgpack  # noqa: PLC0415 - beside its one use

    packed: bytes = msgpack.packb(signable().action.to_wire())
    return packed + NONCE.to_bytes(8, "big") + b"\0"
