"""CBOR in other spellings than the one that is read, and CBOR that says what is not so."""

from __future__ import annotations

from typing import Any

from coldlever.shared.ur import encode_ur
from kit.case import Kit
from kit.people import (
    ACCOUNT,
    ALICE,
    DAVE,
    EXPIRY,
    NONCE,
    VAULT,
    WALLET,
    say,
)
from kit.signed import ENVELOPE


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("cbor", "Rules")
    _cbor(kit)
    _said(kit)


_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP = (major << 5 for major in range(6))


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


def ur(value: Any, kind: str = "cl-request") -> str:
    """The code of any CBOR."""
    return encode_ur(kind, cbor(value)) + "\n"


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
