"""Texts of QR codes: the UR around, the CBOR inside, and what it says."""

from __future__ import annotations

import json
from typing import Any

from coldlever.shared.compact.codec import encode
from coldlever.shared.message.any import load_message
from coldlever.shared.ur import UrEncoder, encode_ur
from coldlever.shared.ur.bytewords import WORDS
from kit.approvals import request, sheet
from kit.case import Kit
from kit.markets import _ENTRIES, _proven, table
from kit.people import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    DAVE,
    EXPIRY,
    NONCE,
    VAULT,
    WALLET,
    case_of,
    policy_text,
    say,
    signable,
)
from kit.policies import agree, policy_of
from kit.requests import ENTRY, ISOLATED, KILLS, NOOP, PLAIN_REQUEST, TOP_UP
from kit.signed import ENVELOPE, envelope

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP = (major << 5 for major in range(6))
_RULES = "Rules"


class Raw(bytes):
    """Bytes that stand in the CBOR as they are."""


def cbor(value: Any) -> bytes:
    """CBOR of a value; a dict is sorted, and pairs in a tuple are a map as they stand."""
    if isinstance(value, bytes | bool | int | str):
        return _scalar(value)
    if isinstance(value, list):
        return head(_ARRAY, len(value)) + b"".join(map(cbor, value))
    pairs = sorted(value.items()) if isinstance(value, dict) else list(value)
    return head(_MAP, len(pairs)) + b"".join(cbor(key) + cbor(each) for key, each in pairs)


def _scalar(value: Any) -> bytes:
    match value:
        case Raw():
            return bytes(value)
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return head(_UNSIGNED, value) if value >= 0 else head(_NEGATIVE, -1 - value)
        case bytes():
            return head(_BYTES, len(value)) + value
    return head(_TEXT, len(value.encode())) + value.encode()


def head(major: int, number: int, width: int | None = None) -> bytes:
    """The first bytes of an item, in the shortest form or one of so many bytes."""
    if width is None:
        if number < 24:
            return bytes((major | number,))
        width = next(size for size in (1, 2, 4, 8) if number < 1 << 8 * size)
    return bytes((major | {1: 24, 2: 25, 4: 26, 8: 27}[width],)) + number.to_bytes(width, "big")


_ACTION = {0: 0, 1: 0, 2: True, 3: 10}
_PLAIN: dict[int, Any] = {0: 0, 1: _ACTION, 2: NONCE, 3: EXPIRY, 5: WALLET.address.raw}


def text_of(document: Any) -> str:
    """The code of a document, as coldlever writes it."""
    return encode_ur(*encode(load_message(json.dumps(document).encode(), "document"))) + "\n"


def ur(value: Any, kind: str = "cl-request") -> str:
    """The code of any CBOR."""
    return encode_ur(kind, cbor(value)) + "\n"


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("code", _RULES)
    _good(kit)
    kit.section("code", "The text around")
    _around(kit)
    _parts(kit)
    kit.section("cbor", _RULES)
    _cbor(kit)
    _said(kit)


def _good(kit: Kit) -> None:
    two = case_of()
    new = policy_text(version="8")
    change = {
        "kind": "coldlever/policy-change",
        "version": 1,
        "old": None,
        "policy": new,
        "approvals": [],
    }
    said = [agree(who, None, policy_of(new)) for who in (ALICE, BOB)]
    agreed = sorted(
        (
            {
                "decision": "approve",
                "keyId": "0x" + one.key_id.hex(),
                "signature": "0x" + one.signature.hex(),
            }
            for one in said
        ),
        key=lambda one: one["keyId"],
    )
    for name, document, why in (
        ("request", PLAIN_REQUEST, "a request"),
        ("request-everything", {**PLAIN_REQUEST, "market": ENTRY, "current": {"isCross": True, "leverage": 5}, "note": "caf\u00e9", "account": ACCOUNT.checksummed, "position": {"size": "-0.25", "marginBefore": "10.5"}}, "a request with all that is not signed"),
        ("request-isolated", {**PLAIN_REQUEST, "action": ISOLATED, "vaultAddress": VAULT.lower}, "an updateIsolatedMargin with a vault"),
        ("request-top-up", {**PLAIN_REQUEST, "action": TOP_UP}, "a topUpIsolatedOnlyMargin"),
        ("request-noop", {**NOOP, "kills": KILLS}, "a revocation"),
        ("request-proof", _proven(), "a request with the proof of its market"),
        ("request-approvals", request(*sorted((say(ALICE), say(CAROL)), key=lambda one: one.key_id)), "a request with approvals"),
        ("requests", [PLAIN_REQUEST, {**PLAIN_REQUEST, "nonce": NONCE + 1}], "a batch of requests"),
        ("requests-one", [PLAIN_REQUEST], "a batch of one"),
        ("signed", ENVELOPE, "the signed payload of the page of codes"),
        ("signed-account", envelope(account=ACCOUNT), "a signed payload with an account"),
        ("signed-approvals", envelope(approvals=tuple(sorted((say(BOB), say(DAVE)), key=lambda one: one.key_id))), "a signed payload with approvals"),
        ("signed-batch", [ENVELOPE, envelope(signable(nonce=NONCE + 1))], "a batch of signed payloads"),
        ("market", table(_ENTRIES, CAROL).to_wire(), "an attested market table"),
        ("market-plain", table().to_wire(), "a market table"),
        ("approvals", sheet(two, *sorted((say(ALICE), say(BOB)), key=lambda one: one.key_id)), "approvals"),
        ("policy", {**change, "approvals": agreed}, "a change of policy"),
        ("policy-none-yet", change, "a change of policy to which nobody has agreed yet"),
    ):  # fmt: skip
        kit.ok(f"{name}.txt", text_of(document), why, what="code")
    entry = encode_ur(
        "cl-market-entry", cbor({0: 0, 1: 0, 2: "BTC", 3: 40, 4: 0, 5: False, 6: NONCE})
    )
    kit.ok("market-entry.txt", entry + "\n", "a market entry by itself", what="code")
    kit.ok(
        "json.txt",
        json.dumps(PLAIN_REQUEST) + "\n",
        "a JSON document as the text of a code",
        what="code",
    )
    kit.ok(
        "network-named.txt",
        text_of(PLAIN_REQUEST),
        "the person names the same network",
        what="code",
        network="mainnet",
    )
    kit.no(
        "network-contradicted.txt",
        text_of(PLAIN_REQUEST),
        "the person names another network",
        what="code",
        network="testnet",
    )


def _around(kit: Kit) -> None:
    """The text form of a UR."""
    good = text_of(ENVELOPE).strip()
    prefix, kind, words = (
        good.split("/")[0].split(":")[0],
        good.split("/")[0][3:],
        good.split("/")[1],
    )
    kit.ok("lower.txt", good.lower() + "\n", "in lower case it is the same", what="code")
    mixed = "".join(sign.lower() if at % 2 else sign for at, sign in enumerate(good))
    kit.ok("mixed-case.txt", mixed + "\n", "in mixed case it is the same", what="code")
    whole = " ".join(WORDS[at] for at in _bytes_of(words))
    for name, text, why in (
        ("checksum", good[:-2] + ("AE" if good[-2:] != "AE" else "AD"), "the last byte of the checksum is another"),
        ("byte", f"UR:{kind}/" + ("AE" if words[:2] != "AE" else "AD") + words[2:], "another byte than the checksum is of"),
        ("words-less", good[:-2], "two letters less"),
        ("letter-less", good[:-1], "a letter less"),
        ("no-such-word", good[:-2] + "QQ", "letters that are no word"),
        ("digits", good[:-2] + "12", "digits among the words"),
        ("whole-words", f"ur:{kind.lower()}/{whole}", "words in their long form"),
        ("space", good.replace("/", "/ "), "a space inside"),
        ("no-scheme", good[3:], "no UR: in front"),
        ("other-scheme", good.replace("UR:", "URI:"), "another scheme"),
        ("unknown-type", good.replace(kind, "CL-SECRET"), "a type that is not coldlever's"),
        ("crypto-type", good.replace(kind, "CRYPTO-PSBT"), "a type that is not coldlever's"),
        ("wrong-type", good.replace(kind, "CL-REQUEST"), "a type whose content has other keys"),
        ("batch-type", good.replace(kind, "CL-SIGNED-BATCH"), "a batch is an array"),
        ("underscore-type", good.replace(kind, "CL_SIGNED"), "no UR type"),
        ("no-type", good.replace(kind, ""), "no type"),
        ("no-words", f"UR:{kind}/", "nothing inside"),
        ("empty-message", f"UR:{kind}/AEAEAEAE", "a checksum and nothing before it"),
        ("kelvin", good.replace("K", "\u212a", 1), "a sign whose lower case is a k"),
        ("wide-letter", good.replace("A", "\uff21", 1), "letters that are no ASCII"),
        ("fragment", good + "#x", "something behind it"),
        ("part-of-none", good.replace("/", "/1-0/"), "part 1 of none"),
        ("part-zero", good.replace("/", "/0-1/"), "part 0"),
        ("part-of-one", good.replace("/", "/1-1/"), "a part whose content is none"),
        ("empty", "", "no code"),
        ("link", "https://example.org/", "a code that has nothing to do with this"),
    ):  # fmt: skip
        kit.no(f"{name}.txt", text + "\n", why, what="code")
    assert prefix == "UR"
    kit.no(
        "json-twice.txt",
        '{"network": "mainnet", "network": "mainnet"}\n',
        "a JSON document with a key twice",
        what="code",
    )


def _bytes_of(words: str) -> list[int]:
    minimal = {word[0] + word[-1]: at for at, word in enumerate(WORDS)}
    return [minimal[words[at : at + 2].lower()] for at in range(0, len(words), 2)]


def _parts(kit: Kit) -> None:
    """A message spread over several codes; each line is one of them."""
    message = load_message(
        json.dumps([envelope(signable(nonce=NONCE + at)) for at in range(4)]).encode(), "document"
    )
    encoder = UrEncoder(*encode(message), 60)
    parts = [encoder.next_part() for _ in range(30)]
    needed = int(parts[0].split("/")[1].split("-")[1])
    other = UrEncoder(*encode(load_message(json.dumps([ENVELOPE] * 4).encode(), "document")), 60)
    stranger = other.next_part()

    def lines(chosen: list[str]) -> str:
        return "\n".join(chosen) + "\n"

    kit.ok("parts.txt", lines(parts[:needed]), "each part once, in order", what="code")
    kit.ok(
        "parts-reversed.txt",
        lines(parts[:needed][::-1]),
        "each part once, the other way round",
        what="code",
    )
    kit.ok(
        "parts-repeated.txt",
        lines(parts[:2] * 2 + parts[2:needed]),
        "some parts twice",
        what="code",
    )
    kit.ok(
        "parts-mixed.txt",
        lines(parts[3:]),
        "mixed parts in the place of the first three",
        what="code",
    )
    kit.ok(
        "parts-stranger.txt",
        lines([parts[0], stranger, *parts[1:needed]]),
        "a part of another message among them is left out",
        what="code",
    )
    kit.ok(
        "parts-damaged.txt",
        lines([parts[0], parts[1][:-2] + "AE", *parts[1:needed]]),
        "a damaged part among them is left out",
        what="code",
    )
    kit.no("parts-missing.txt", lines(parts[: needed - 1]), "one part is missing", what="code")
    kit.no("part-alone.txt", lines(parts[:1]), "one part of several", what="code")
    renumbered = parts[1].replace(f"/2-{needed}/", f"/3-{needed}/")
    kit.no(
        "part-renumbered.txt",
        lines([parts[0], renumbered, *parts[2:needed]]),
        "the number outside is not the one inside",
        what="code",
    )


def _cbor(kit: Kit) -> None:
    """The encoding: each says what the plain request says, in another spelling."""
    plain = cbor(_PLAIN)
    kit.ok("plain.txt", ur(_PLAIN), "the plain request, for comparison", what="code")
    reordered = (*list(_PLAIN.items())[1:], (0, 0))
    for name, value, why in (
        ("integer-wide-8", {**_PLAIN, 0: Raw(head(_UNSIGNED, 0, 1))}, "a number in one byte more than it needs"),
        ("integer-wide-64", {**_PLAIN, 0: Raw(head(_UNSIGNED, 0, 8))}, "a number in eight bytes more than it needs"),
        ("leverage-wide", {**_PLAIN, 1: {**_ACTION, 3: Raw(head(_UNSIGNED, 10, 2))}}, "a number in two bytes more than it needs"),
        ("key-wide", tuple((Raw(head(_UNSIGNED, key, 1)), each) if key == 5 else (key, each) for key, each in _PLAIN.items()), "a key in one byte more than it needs"),
        ("length-wide", {**_PLAIN, 5: Raw(head(_BYTES, 20, 1) + WALLET.address.raw)}, "a length in one byte more than it needs"),
        ("map-length-wide", Raw(head(_MAP, 5, 1) + plain[1:]), "a map's length in one byte more than it needs"),
        ("indefinite-map", Raw(b"\xbf" + plain[1:] + b"\xff"), "a map of indefinite length"),
        ("indefinite-bytes", {**_PLAIN, 5: Raw(b"\x5f\x54" + WALLET.address.raw + b"\xff")}, "bytes of indefinite length"),
        ("indefinite-text", {**_PLAIN, 8: Raw(b"\x7f\x61x\xff")}, "a text of indefinite length"),
        ("indefinite-array", {**_PLAIN, 11: Raw(b"\x9f\xff")}, "an array of indefinite length"),
        ("order", reordered, "keys out of order"),
        ("order-inside", {**_PLAIN, 1: ((1, 0), (0, 0), (2, True), (3, 10))}, "keys out of order, inside"),
        ("twice", (*_PLAIN.items(), (5, WALLET.address.raw)), "a key twice"),
        ("twice-other", ((0, 0), (0, 1), *list(_PLAIN.items())[1:]), "a key twice, with another value"),
        ("trailing", Raw(plain + b"\0"), "a byte behind the end"),
        ("trailing-item", Raw(plain + plain), "a second item behind the end"),
        ("truncated", Raw(plain[:-1]), "an early end"),
        ("truncated-head", Raw(plain[:-21]), "an early end"),
        ("length-too-long", {**_PLAIN, 5: Raw(head(_BYTES, 200) + WALLET.address.raw)}, "a length beyond the end"),
        ("length-huge", Raw(head(_BYTES, 2**63)), "a length beyond any end"),
        ("array-huge", Raw(head(_ARRAY, 2**40)), "an array beyond any end"),
        ("map-huge", Raw(head(_MAP, 2**31)), "a map beyond any end"),
        ("tag", Raw(b"\xc0" + plain), "a tag"),
        ("tag-cbor", Raw(b"\xd9\xd9\xf7" + plain), "the tag that says CBOR"),
        ("tag-bignum", {**_PLAIN, 2: Raw(b"\xc2\x48" + NONCE.to_bytes(8, "big"))}, "a number as a tagged byte string"),
        ("tag-date", {**_PLAIN, 2: Raw(b"\xc1" + cbor(NONCE))}, "a time as a tagged number"),
        ("float-16", {**_PLAIN, 0: Raw(b"\xf9\0\0")}, "a float"),
        ("float-64", {**_PLAIN, 2: Raw(b"\xfb" + _double(float(NONCE)))}, "a float"),
        ("nan", {**_PLAIN, 2: Raw(b"\xf9\x7e\0")}, "a float"),
        ("null", {**_PLAIN, 4: Raw(b"\xf6")}, "null: what is absent is left out"),
        ("undefined", {**_PLAIN, 4: Raw(b"\xf7")}, "undefined"),
        ("simple", {**_PLAIN, 0: Raw(b"\xe0")}, "a simple value"),
        ("simple-false", {**_PLAIN, 1: {**_ACTION, 2: Raw(b"\xf8\x14")}}, "a simple value in two bytes"),
        ("break", {**_PLAIN, 0: Raw(b"\xff")}, "a break where none belongs"),
        ("reserved-28", {**_PLAIN, 0: Raw(b"\x1c")}, "a reserved head"),
        ("key-text", (*_PLAIN.items(), ("note", "x")), "a key that is a text"),
        ("key-negative", (*_PLAIN.items(), (-1, 0)), "a key below 0"),
        ("key-bytes", (*_PLAIN.items(), (b"\0", 0)), "a key that is a byte string"),
        ("key-array", Raw(b"\xa1\x80\x00"), "a key that is an array"),
        ("key-true", Raw(b"\xa1\xf5\x00"), "a key that is true"),
        ("text-not-utf8", {**_PLAIN, 8: Raw(b"\x62\xc3\x28")}, "a text that is not UTF-8"),
        ("text-surrogate", {**_PLAIN, 8: Raw(b"\x63\xed\xa0\xbd")}, "half of a surrogate pair in a text"),
        ("text-overlong", {**_PLAIN, 8: Raw(b"\x62\xc0\xaf")}, "a character in a longer form than it needs"),
        ("deep", Raw(b"\x81" * 17 + b"\x00"), "nested deeper than 16 levels"),
        ("deeper", Raw(b"\x81" * 5000 + b"\x00"), "nested deeper than 16 levels"),
        ("deep-open", Raw(b"\x81" * 5000), "nested deeper than 16 levels, and never ended"),
        ("empty-map", {}, "a map without anything"),
        ("integer", 5, "no map"),
        ("array", [_PLAIN], "an array, of a single request"),
        ("text", "request", "no map"),
    ):  # fmt: skip
        kit.no(f"{name}.txt", ur(value), why, what="code")


def _double(number: float) -> bytes:
    import struct  # noqa: PLC0415 - beside its one use

    return struct.pack(">d", number)


def _said(kit: Kit) -> None:
    """The encoding is right; what it says is not."""
    signature = bytes(range(65))
    entry = {0: 0, 1: 0, 2: "BTC", 3: 40, 4: 0, 5: False, 6: NONCE}
    one, two = sorted((say(ALICE), say(DAVE)), key=lambda each: each.key_id)
    packed = [each.key_id + each.signature for each in (one, two)]
    for name, value, why in (
        ("unknown-key", {**_PLAIN, 14: 0}, "a number that this version does not know"),
        ("unknown-key-high", {**_PLAIN, 2**32: 0}, "a number that this version does not know"),
        ("unknown-key-inside", {**_PLAIN, 1: {**_ACTION, 6: 0}}, "a number that this version does not know, inside"),
        ("no-network", {key: each for key, each in _PLAIN.items() if key != 0}, "a required number"),
        ("no-action", {key: each for key, each in _PLAIN.items() if key != 1}, "a required number"),
        ("no-nonce", {key: each for key, each in _PLAIN.items() if key != 2}, "a required number"),
        ("network-2", {**_PLAIN, 0: 2}, "no network of that number"),
        ("network-negative", {**_PLAIN, 0: -1}, "no network of that number"),
        ("network-text", {**_PLAIN, 0: "mainnet"}, "a number, not a word"),
        ("network-true", {**_PLAIN, 0: True}, "true is no number"),
        ("action-type-4", {**_PLAIN, 1: {**_ACTION, 0: 4}}, "no action of that number"),
        ("action-no-type", {**_PLAIN, 1: {1: 0, 2: True, 3: 10}}, "an action has its type"),
        ("action-of-another", {**_PLAIN, 1: {**_ACTION, 5: 5}}, "a number of another action"),
        ("action-less", {**_PLAIN, 1: {0: 0, 1: 0, 2: True}}, "a required number"),
        ("action-mode-number", {**_PLAIN, 1: {**_ACTION, 2: 1}}, "neither true nor false"),
        ("leverage-text", {**_PLAIN, 1: {**_ACTION, 3: "10"}}, "a text, where this action has a number"),
        ("leverage-0", {**_PLAIN, 1: {**_ACTION, 3: 0}}, "from 1 on"),
        ("leverage-above", {**_PLAIN, 1: {**_ACTION, 3: 2**32}}, "at most 2^32-1"),
        ("asset-negative", {**_PLAIN, 1: {**_ACTION, 1: -1}}, "from 0 on"),
        ("nonce-above", {**_PLAIN, 2: 2**53}, "at most 2^53-1"),
        ("nonce-64-bits", {**_PLAIN, 2: 2**64 - 1}, "at most 2^53-1"),
        ("nonce-text", {**_PLAIN, 2: str(NONCE)}, "no number"),
        ("vault-19", {**_PLAIN, 4: bytes(19)}, "20 bytes"),
        ("vault-21", {**_PLAIN, 4: bytes(21)}, "20 bytes"),
        ("vault-text", {**_PLAIN, 4: VAULT.lower}, "bytes, not digits"),
        ("note-501", {**_PLAIN, 8: "x" * 501}, "at most 500 characters"),
        ("note-bytes", {**_PLAIN, 8: b"x"}, "no text"),
        ("approvals-empty", {**_PLAIN, 11: []}, "what is absent is left out"),
        ("approvals-order", {**_PLAIN, 11: [{0: packed[1]}, {0: packed[0]}]}, "ascending by key id"),
        ("approvals-twice", {**_PLAIN, 11: [{0: packed[0]}, {0: packed[0]}]}, "each once"),
        ("approvals-approve", {**_PLAIN, 11: [{0: packed[0], 1: 0}]}, "approve is left out"),
        ("approvals-round-1", {**_PLAIN, 11: [{0: packed[0], 2: 1}]}, "the first round is left out"),
        ("approvals-decision-3", {**_PLAIN, 11: [{0: packed[0], 1: 3}]}, "no decision of that number"),
        ("approvals-71", {**_PLAIN, 11: [{0: packed[0][:-1]}]}, "72 or 77 bytes"),
        ("approvals-bare", {**_PLAIN, 11: [packed[0]]}, "each is a map"),
        ("market-other", {**_PLAIN, 6: {**entry, 1: 1}}, "an entry for another asset"),
        ("market-mode-3", {**_PLAIN, 6: {**entry, 4: 3}}, "no margin mode of that number"),
        ("market-less", {**_PLAIN, 6: {key: each for key, each in entry.items() if key != 5}}, "a required number"),
        ("current-less", {**_PLAIN, 7: {0: True}}, "a required number"),
        ("account-not-vault", {**_PLAIN, 4: VAULT.raw, 9: ACCOUNT.raw}, "another account than the vault"),
        ("kills-beside-change", {**_PLAIN, 12: {0: _ACTION}}, "only a noop kills"),
        ("noop-expiry", {**_PLAIN, 1: {0: 3}}, "a noop has no expiry"),
        ("noop-asset", {0: 0, 1: {0: 3, 1: 0}, 2: NONCE}, "a noop has its type alone"),
        ("proof-path-31", {**_PLAIN, 6: entry, 13: {0: 2, 1: 0, 2: bytes(31), 3: [bytes(72)]}}, "32 bytes a digest"),
        ("proof-no-market", {**_PLAIN, 13: {0: 1, 1: 0, 2: b"", 3: [bytes(72)]}}, "a proof goes with its market"),
    ):  # fmt: skip
        kit.no(f"{name}.txt", ur(value), why, what="code")
    signed = {**_PLAIN, 6: signature[:64] + b"\x1b"}
    for name, value, why in (
        ("signed-no-signer", {key: each for key, each in signed.items() if key != 5}, "a required number"),
        ("signed-no-signature", _PLAIN, "a required number"),
        ("signed-64", {**signed, 6: signature[:64]}, "65 bytes"),
        ("signed-v-0", {**signed, 6: signature[:64] + b"\0"}, "v is 27 or 28"),
        ("signed-v-29", {**signed, 6: signature[:64] + b"\x1d"}, "v is 27 or 28"),
        ("signed-by-nobody", signed, "the signature is another's, or nobody's"),
        ("signed-note", {**signed, 9: "x"}, "a number that this version does not know"),
        ("signed-proposal", {**_signed_map(), 7: [{0: packed[0], 1: 2}]}, "a code carries no proposals"),
    ):  # fmt: skip
        kit.no(f"{name}.txt", ur(value, "cl-signed"), why, what="code")
    entries = [{1: at, 2: coin, 3: 20, 4: 0, 5: False} for at, coin in ((0, "BTC"), (5, "SOL"))]
    table_map: dict[int, Any] = {0: 0, 1: NONCE, 2: entries}
    kit.ok(
        "table.txt", ur(table_map, "cl-market"), "the entries inherit network and time", what="code"
    )
    for name, value, why in (
        ("table-order", {**table_map, 2: entries[::-1]}, "ascending by asset"),
        ("table-twice", {**table_map, 2: [entries[0], entries[0]]}, "each asset once"),
        (
            "table-repeats-network",
            {**table_map, 2: [{0: 0, **entries[0]}]},
            "what is inherited is left out",
        ),
        (
            "table-repeats-time",
            {**table_map, 2: [{**entries[0], 6: NONCE}]},
            "what is inherited is left out",
        ),
        (
            "table-other-network",
            {**table_map, 2: [{0: 1, **entries[0]}]},
            "an entry of another network",
        ),
        ("table-no-entries", {0: 0, 1: NONCE}, "a required number"),
        ("table-attestations-empty", {**table_map, 3: []}, "what is absent is left out"),
        ("table-attestations-order", {**table_map, 3: [b"\1" * 72, b"\0" * 72]}, "ascending"),
    ):
        kit.no(f"{name}.txt", ur(value, "cl-market"), why, what="code")
    for name, kind, value, why in (
        ("batch-empty", "cl-requests", [], "at least one"),
        ("batch-map", "cl-requests", _PLAIN, "no array"),
        ("batch-one-bad", "cl-requests", [_PLAIN, {**_PLAIN, 2: -1}], "one of two is malformed"),
        ("signed-batch-empty", "cl-signed-batch", [], "at least one"),
        ("sheet-subject-31", "cl-approvals", {0: 0, 1: bytes(31), 2: [{0: packed[0]}]}, "32 bytes"),
        ("sheet-empty", "cl-approvals", {0: 0, 1: bytes(32), 2: []}, "at least one"),
        ("change-nothing", "cl-policy", {2: []}, "from nothing to nothing"),
        ("change-no-approvals", "cl-policy", {1: "x"}, "a required number"),
        (
            "change-version-0",
            "cl-policy",
            {0: {0: 0, 1: bytes(32)}, 2: []},
            "versions count from 1",
        ),
    ):
        kit.no(f"{name}.txt", ur(value, kind), why, what="code")


def _signed_map() -> dict[int, Any]:
    wire = ENVELOPE["payload"]["signature"]
    packed = bytes.fromhex(wire["r"][2:] + wire["s"][2:]) + bytes((wire["v"],))
    return {**_PLAIN, 6: packed}
