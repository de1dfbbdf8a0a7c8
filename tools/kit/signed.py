"""Signed payloads: what a signature covers, what an envelope claims, and the words that people compare."""

from __future__ import annotations

from typing import Any

from coldlever.shared.action import Network, Signable, UpdateIsolatedMargin
from coldlever.shared.action.actions import Noop, TopUpIsolatedOnlyMargin
from coldlever.shared.message import SignedPayload
from coldlever.signer.key.signing_key import SigningKey
from kit.case import MISSING, PLAIN, Kit, edited
from kit.people import ACCOUNT, ALICE, NONCE, OTHER_WALLET, VAULT, WALLET, say, signable
from kit.requests import PLAIN_REQUEST, SIGNER


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


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("signed", "Signed payload")
    _good(kit)
    _claims(kit)
    _forms(kit)
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
