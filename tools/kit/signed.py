"""Signed payloads: what a signature covers, what an envelope claims, and the words that people compare."""

from __future__ import annotations

from typing import Any

from coldlever.shared.action import Network, Signable, Signature, UpdateIsolatedMargin
from coldlever.shared.action.actions import Noop, TopUpIsolatedOnlyMargin
from coldlever.shared.action.signature import CURVE_ORDER
from coldlever.shared.message import SignedPayload
from coldlever.signer.key.signing_key import SigningKey
from kit.case import MISSING, PLAIN, Kit, edited
from kit.people import ACCOUNT, ALICE, EXPIRY, NONCE, OTHER_WALLET, VAULT, WALLET, say, signable
from kit.requests import PLAIN_REQUEST, SIGNER

_FIELD = 2**256 - 2**32 - 977


def envelope(
    what: Signable | None = None, key: SigningKey = WALLET, **changes: Any
) -> dict[str, Any]:
    """A payload that the key has signed."""
    one = signable() if what is None else what
    made = SignedPayload(one, key.sign(one.digest()), key.address, one.action_hash(), **changes)
    wire: dict[str, Any] = made.to_wire()
    return wire


ENVELOPE = envelope()
BODY = ENVELOPE["payload"]


def _with(signature: Signature) -> dict[str, Any]:
    return edited(ENVELOPE, "payload.signature", signature.to_wire())


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("signed", "Signed payload")
    _good(kit)
    _claims(kit)
    _forms(kit)
    kit.section("signed", "Hash, digest, signature")
    _numbers(kit)
    _covered(kit)
    kit.section("signed-batch", "Signed payload")
    _batches(kit)
    kit.section("words", "Check words")
    _challenges(kit)


def _good(kit: Kit) -> None:
    kit.ok("plain.json", ENVELOPE, "the payload of the page of formats")
    kit.ok("testnet.json", envelope(signable(network=Network.TESTNET)), "source b in the digest")
    kit.ok("vault.json", envelope(signable(vault=VAULT)), "flag 01 and the vault in the hash")
    kit.ok(
        "no-expiry.json", envelope(signable(expires_after=None)), "nothing behind the vault's flag"
    )
    kit.ok(
        "vault-no-expiry.json",
        envelope(signable(vault=VAULT, expires_after=None)),
        "a vault and nothing behind it",
    )
    kit.ok(
        "isolated.json",
        envelope(signable(action=UpdateIsolatedMargin(3, False, -1))),
        "an updateIsolatedMargin",
    )
    kit.ok(
        "top-up.json",
        envelope(signable(action=TopUpIsolatedOnlyMargin(110_001, "2.5"))),
        "a topUpIsolatedOnlyMargin",
    )
    noop = signable(action=Noop(), expires_after=None)
    kit.ok("noop.json", envelope(noop), "a revocation, signed")
    kit.ok("other-signer.json", envelope(key=OTHER_WALLET), "another key, and the envelope says so")
    kit.ok("account.json", envelope(account=ACCOUNT), "an account beside it is a claim")
    kit.ok(
        "proposal.json",
        envelope(approvals=(say(ALICE),)),
        "approvals are not looked at without a policy",
    )
    kit.ok("body.json", BODY, "a bare body", network="mainnet")
    kit.ok(
        "body-with-signer.json",
        BODY,
        "a bare body, and the person names its signer",
        network="mainnet",
        signer=SIGNER,
    )
    kit.ok(
        "body-short.json",
        {key: BODY[key] for key in ("action", "nonce", "signature", "expiresAfter")},
        "a bare body without a vault",
        network="mainnet",
    )
    kit.ok(
        "body-other-chain.json",
        BODY,
        "read for the other network it recovers to somebody: nobody can know that it is the wrong one",
        network="testnet",
    )
    kit.no("body-no-network.json", BODY, "a bare body, and nobody says for which network")
    kit.no(
        "body-other-chain-signer.json",
        BODY,
        "read for the other network it is somebody else's",
        network="testnet",
        signer=SIGNER,
    )
    kit.no(
        "body-other-signer.json",
        BODY,
        "another signer than the person names",
        network="mainnet",
        signer=OTHER_WALLET.address.checksummed,
    )
    kit.no(
        "named-signer.json",
        ENVELOPE,
        "another signer than the person names",
        signer=OTHER_WALLET.address.checksummed,
    )
    kit.no(
        "named-network.json", ENVELOPE, "another network than the person names", network="testnet"
    )
    short = next(one for one in map(_short, range(2000)) if one is not None)
    kit.ok(
        "short-numbers.json",
        short,
        "r without its leading zeros, as the exchange's own tools write it",
    )


def _short(number: int) -> dict[str, Any] | None:
    wire = envelope(signable(nonce=NONCE + number))
    digits = wire["payload"]["signature"]["r"][2:]
    return (
        edited(wire, "payload.signature.r", "0x" + digits.lstrip("0"))
        if digits.startswith("00")
        else None
    )


def _claims(kit: Kit) -> None:
    swapped = envelope(signable(nonce=NONCE + 1))
    for name, path, value, why in (
        ("claims-signer", "signer", OTHER_WALLET.address.checksummed, "it claims another signer than the signature's"),
        ("claims-network", "network", "testnet", "it claims the other network, so another digest and signer"),
        ("claims-hash", "actionHash", "0x" + "00" * 32, "it claims another action hash"),
        ("hash-of-another", "actionHash", swapped["actionHash"], "the action hash of another payload"),
        ("signature-of-another", "payload.signature", swapped["payload"]["signature"], "the signature of another payload"),
        ("payload-of-another", "payload", swapped["payload"], "the payload of another envelope"),
        ("claims-account", "account", ACCOUNT.checksummed[:-1], "an account that is no address"),
    ):  # fmt: skip
        kit.no(f"{name}.json", edited(ENVELOPE, path, value), why)
    kit.no(
        "account-not-vault.json",
        edited(envelope(signable(vault=VAULT)), "account", ACCOUNT.checksummed),
        "another account than the vault",
    )
    noop = envelope(signable(action=Noop(), expires_after=None))
    kit.no(
        "noop-account.json", {**noop, "account": ACCOUNT.checksummed}, "a noop changes no account"
    )
    kit.no(
        "noop-approvals.json",
        {**noop, "approvals": envelope(approvals=(say(ALICE),))["approvals"]},
        "revoking needs no approval",
    )
    kit.ok("noop-account-null.json", {**noop, "account": None}, "null is nothing")


def _forms(kit: Kit) -> None:
    for name, path, value, why in (
        ("version", "version", 2, "another version"),
        ("version-text", "version", "1", "no integer"),
        ("kind", "kind", "coldlever/sign", "no kind of document"),
        ("kind-upper", "kind", "Coldlever/Signed", "no kind of document"),
        ("kind-missing", "kind", MISSING, "an envelope says what it is"),
        ("hash-upper", "actionHash", "0x" + ENVELOPE["actionHash"][2:].upper(), "digits of a hash are lower-case"),
        ("hash-short", "actionHash", ENVELOPE["actionHash"][:-2], "32 bytes"),
        ("hash-no-prefix", "actionHash", ENVELOPE["actionHash"][2:], "0x in front"),
        ("hash-null", "actionHash", None, "required, and not null"),
        ("signer-null", "signer", None, "required, and not null"),
        ("approvals-null", "approvals", None, "required, and not null"),
        ("approvals-object", "approvals", {}, "no array"),
        ("payload-null", "payload", None, "no object"),
        ("payload-network", "payload.network", "mainnet", "a key that is not listed"),
        ("payload-kind", "payload.kind", "coldlever/signed", "a key that is not listed"),
        ("payload-noop-expiry", "payload.action", {"type": "noop"}, "a noop has no expiry"),
        ("nested", "payload", ENVELOPE, "an envelope inside an envelope"),
        ("note", "note", "x", "a key that is not listed"),
        ("signature-null", "payload.signature", None, "no object"),
        ("signature-text", "payload.signature", "0x" + "11" * 65, "no object"),
        ("signature-more", "payload.signature.yParity", 1, "a key that is not listed"),
        *((f"no-{key.lower()}", key, MISSING, "all keys but account are required") for key in ENVELOPE if key != "kind"),
        *((f"no-payload-{key}", f"payload.{key}", MISSING, "a required key") for key in ("action", "nonce", "signature")),
        *((f"no-{key}", f"payload.signature.{key}", MISSING, "a required key") for key in "rsv"),
    ):  # fmt: skip
        kit.no(f"{name}.json", edited(ENVELOPE, path, value), why)


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


def _batches(kit: Kit) -> None:
    second = envelope(signable(nonce=NONCE + 1, vault=VAULT))
    kit.ok("one.json", [ENVELOPE], "an array of one is a batch")
    kit.ok(
        "two.json", [ENVELOPE, second], "the words of a batch are of its number and each subject"
    )
    kit.ok("swapped.json", [second, ENVELOPE], "in another order it has other words")
    kit.ok("two-signers.json", [ENVELOPE, envelope(key=OTHER_WALLET)], "each has its own signer")
    kit.ok(
        "two-networks.json",
        [ENVELOPE, envelope(signable(network=Network.TESTNET))],
        "each has its own network",
    )
    kit.ok(
        "with-body.json",
        [ENVELOPE, second["payload"]],
        "a bare body among envelopes",
        network="mainnet",
    )
    kit.no(
        "with-body-no-network.json",
        [ENVELOPE, second["payload"]],
        "a bare body, and nobody says for which network",
    )
    kit.no("with-request.json", [ENVELOPE, PLAIN_REQUEST], "a request among payloads")
    kit.no("with-null.json", [ENVELOPE, None], "null among payloads")
    kit.no("nested.json", [[ENVELOPE]], "a batch inside a batch")
    crossed = edited(ENVELOPE, "payload.signature", second["payload"]["signature"])
    kit.no(
        "crossed.json",
        [crossed, edited(second, "payload.signature", ENVELOPE["payload"]["signature"])],
        "the signatures of two payloads exchanged",
    )


def _challenges(kit: Kit) -> None:
    for name, text, why in (
        ("plain", "able acid also apex", "the challenge of the page of formats"),
        ("upper", "ABLE ACID ALSO APEX", "in upper case it is the same"),
        ("spaces", "  able acid\talso   apex ", "white space is free"),
        ("repeated", "able able able able", "a word may come again"),
    ):
        kit.ok(f"{name}.txt", text + "\n", why, what="challenge", document=PLAIN)
    for name, text, why in (
        ("three", "able acid also", "four words"),
        ("five", "able acid also apex aqua", "four words"),
        ("none", "", "four words"),
        ("unknown", "able acid also apes", "a word that is not in the list"),
        ("minimal", "ae ad ao ax", "bytewords in their short form"),
        ("commas", "able, acid, also, apex", "words parted by something else than white space"),
        ("hyphens", "able-acid-also-apex", "words parted by something else than white space"),
        ("wide-letters", "able acid also \uff41pex", "letters that are no ASCII"),
        ("kelvin", "\u212aeep acid also apex", "a sign whose lower case is a k"),
        ("no-break-space", "able acid also\u00a0apex", "white space that is no ASCII"),
    ):
        kit.no(f"{name}.txt", text + "\n", why, what="challenge", document=PLAIN)
