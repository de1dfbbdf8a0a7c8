"""What JSON readers differ in: each file has one trap inside a request that is good otherwise."""

from __future__ import annotations

import json

from kit.case import Kit, as_bytes
from kit.requests import PLAIN_REQUEST

_SECTION = "Rules for every JSON document"
TEXT = as_bytes(PLAIN_REQUEST).decode("ascii").strip()
NONCE_TEXT = '"nonce": 1795340000000'
_EMOJI = "\U0001f600"


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("json", _SECTION)
    _numbers(kit)
    _keys(kit)
    _texts(kit)
    _encodings(kit)
    _grammar(kit)
    _levels(kit)
    _sizes(kit)


def _noted(raw: str) -> str:
    """The request with a note whose text stands there as it is."""
    return TEXT[:-1] + f', "note": {raw}}}'


def _numbers(kit: Kit) -> None:
    for name, text in {
        "fraction": "1795340000000.0",
        "exponent": "1.79534e12",
        "exponent-without-fraction": "179534e7",
        "exponent-upper": "179534E7",
        "exponent-plus": "179534e+7",
        "exponent-zero": "1795340000000e0",
        "negative-zero": "-0",
        "negative": "-1",
        "leading-zero": "01795340000000",
        "plus": "+1795340000000",
        "hexadecimal": "0x1a2029a5b00",
        "underscore": "1_795_340_000_000",
        "point-without-digits": "1795340000000.",
        "no-digits-before-point": ".5",
        "minus-alone": "-",
        "as-text": '"1795340000000"',
        "as-true": "true",
        "as-array": "[1795340000000]",
        "nan": "NaN",
        "infinity": "Infinity",
        "minus-infinity": "-Infinity",
        "2-to-53": str(2**53),
        "2-to-53-plus-1": str(2**53 + 1),
        "2-to-63": str(2**63),
        "2-to-64": str(2**64),
        "2-to-64-plus-nonce": str(2**64 + 1_795_340_000_000),
        "20-digits": "1" * 20,
        "21-digits": "1" * 21,
        "300-digits": "1" * 300,
        "huge-exponent": "1e400",
    }.items():
        raw = TEXT.replace(NONCE_TEXT, f'"nonce": {text}')
        kit.no(
            f"number-{name}.json",
            raw,
            f"the nonce is written as {text[:40]}: no integer from 0 to 2^53-1",
        )
    kit.ok(
        "number-2-to-53-minus-1.json",
        TEXT.replace("1795340000000", str(2**53 - 1)).replace("1795343600000", str(2**53 - 1)),
        "the highest nonce",
    )
    kit.ok("number-zero.json", TEXT.replace(NONCE_TEXT, '"nonce": 0'), "the lowest nonce")
    for name, text in {
        "fraction": "10.0",
        "exponent": "1e1",
        "text": '"10"',
        "true": "true",
    }.items():
        kit.no(
            f"leverage-{name}.json",
            TEXT.replace('"leverage": 10', f'"leverage": {text}'),
            f"the leverage is {text}: no integer, though some readers make 10 or 1 of it",
        )
    for name, text in {"zero": "0", "one": "1", "text": '"true"', "null": "null"}.items():
        kit.no(
            f"boolean-{name}.json",
            TEXT.replace('"isCross": true', f'"isCross": {text}'),
            f"isCross is {text}: neither true nor false",
        )


def _keys(kit: Kit) -> None:
    twice = "a key twice: readers take the first, the last, or neither"
    kit.no(
        "twice-nonce.json",
        TEXT.replace(NONCE_TEXT, NONCE_TEXT + ", " + NONCE_TEXT),
        f"{twice}; even with equal values",
    )
    kit.no(
        "twice-nonce-other.json",
        TEXT.replace(NONCE_TEXT, NONCE_TEXT + ', "nonce": 1795340000001'),
        twice,
    )
    kit.no(
        "twice-escaped.json",
        TEXT.replace(NONCE_TEXT, NONCE_TEXT + ', "\\u006eonce": 1795340000001'),
        f"{twice}, once spelt with an escape",
    )
    kit.no(
        "twice-leverage.json",
        TEXT.replace('"leverage": 10', '"leverage": 10, "leverage": 40'),
        f"{twice}, inside the action",
    )
    kit.no("twice-action.json", TEXT[:-1] + ', "action": {"type": "noop"}}', twice)
    kit.no("twice-null.json", TEXT[:-1] + ', "note": null, "note": null}', f"{twice}, both null")
    kit.no("twice-unknown-first.json", '{"x": 1, "x": 1, ' + TEXT[1:], f"{twice}, and not known")
    kit.ok(
        "key-escaped.json",
        TEXT.replace('"nonce"', '"\\u006e\\u006fnce"'),
        "a key spelt with escapes is the same key",
    )
    kit.ok(
        "keys-reversed.json",
        json.dumps(dict(reversed(PLAIN_REQUEST.items()))),
        "the order of keys is free",
    )
    kit.ok(
        "keys-reversed-action.json",
        json.dumps({**PLAIN_REQUEST, "action": dict(reversed(PLAIN_REQUEST["action"].items()))}),
        "the order of keys is free, and the hash takes its own",
    )
    for name in (
        "Nonce",
        "nonce ",
        "nonce\\u0000",
        "__proto__",
        "constructor",
        "toString",
        "hasOwnProperty",
        "",
        "vault",
        "gossip",
        "signature2",
    ):
        slug = "".join(sign if sign.isalnum() else "-" for sign in name) or "empty"
        kit.no(
            f"unknown-{slug}.json",
            TEXT[:-1] + f', "{name}": null}}',
            "a key that is not listed, though null",
        )
    kit.no(
        "proto-object.json",
        TEXT.replace(NONCE_TEXT, '"__proto__": {"nonce": 1795340000000}'),
        "a nonce given through __proto__ alone",
    )
    kit.no(
        "unknown-in-action.json",
        TEXT.replace('"leverage": 10', '"leverage": 10, "builder": null'),
        "a key that is not listed, inside the action",
    )


def _texts(kit: Kit) -> None:
    for name, raw in {
        "escapes": r'"\" \\ \/ \b \f \n \r \t \u0041"',
        "nul-escaped": r'"\u0000"',
        "delete": '"\x7f"',
        "c1": '"\x9b"',
        "line-separators": '"\u2028\u2029"',
        "noncharacter": '"\uffff"',
        "bom-inside": '"\ufeff"',
        "emoji": f'"{_EMOJI}"',
        "emoji-escaped": r'"\ud83d\ude00"',
        "emoji-escaped-upper": r'"\uD83D\uDE00"',
        "bidi": '"\u202egnp.exe"',
        "brackets": '"' + "[{" * 100 + '"',
        "500-characters": '"' + "x" * 500 + '"',
        "500-emoji": '"' + _EMOJI * 500 + '"',
        "500-combining": '"' + "e\u0301" * 250 + '"',
        "empty": '""',
    }.items():
        kit.ok(f"note-{name}.json", _noted(raw), f"a note may hold that: {name}")
    for name, raw, why in (
        ("tab", '"\t"', "a control character inside a string"),
        ("newline", '"\n"', "a control character inside a string"),
        ("nul", '"\0"', "a control character inside a string"),
        ("unit-separator", '"\x1f"', "a control character inside a string"),
        ("escape-x", r'"\x41"', "an escape that JSON does not know"),
        ("escape-quote", r'"\'"', "an escape that JSON does not know"),
        ("escape-zero", r'"\0"', "an escape that JSON does not know"),
        ("escape-upper-u", r'"\U00000041"', "an escape that JSON does not know"),
        ("escape-braces", r'"\u{41}"', "an escape that JSON does not know"),
        ("escape-short", r'"\u041"', "an escape of three digits"),
        ("escape-signed", r'"\u+041"', "a sign among an escape's digits"),
        ("escape-spaced", r'"\u 041"', "a space among an escape's digits"),
        ("escape-underscore", r'"\u0_41"', "an underscore among an escape's digits"),
        ("high-alone", r'"\ud83d"', "the first half of a surrogate pair alone"),
        ("low-alone", r'"\ude00"', "the second half of a surrogate pair alone"),
        ("swapped-pair", r'"\ude00\ud83d"', "the halves of a surrogate pair swapped"),
        ("high-twice", r'"\ud83d\ud83d\ude00"', "a first half before a whole pair"),
        ("pair-parted", r'"\ud83d-\ude00"', "a surrogate pair with something between"),
        ("501-characters", '"' + "x" * 501 + '"', "longer than 500 characters"),
        ("501-emoji", '"' + _EMOJI * 501 + '"', "longer than 500 characters"),
        ("no-end", '"x', "a string without an end"),
        ("single-quotes", "'x'", "single quotes"),
        ("number", "5", "a note that is no text"),
        ("array", '["x"]', "a note that is no text"),
    ):
        kit.no(f"note-{name}.json", _noted(raw), why)
    kit.no(
        "key-high-alone.json", TEXT[:-1] + r', "\ud83d": null}', "half of a surrogate pair in a key"
    )


def _encodings(kit: Kit) -> None:
    data = TEXT.encode("ascii")
    kit.no("bom.json", b"\xef\xbb\xbf" + data, "a byte order mark in front")
    kit.no("bom-alone.json", b"\xef\xbb\xbf", "a byte order mark and nothing else")
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
        kit.no(f"{name}.json", TEXT.encode(name), f"{name.upper()} instead of UTF-8")
    for name, raw, why in (
        ("byte-ff", b"\xff", "a byte that UTF-8 never has"),
        ("latin-1", b"\xe9", "Latin-1"),
        ("continuation-alone", b"\x80", "a continuation byte alone"),
        ("cut-off", b"\xe2\x82", "a character cut off"),
        ("overlong-slash", b"\xc0\xaf", "a character in a longer form than it needs"),
        ("overlong-nul", b"\xc0\x80", "a character in a longer form than it needs"),
        ("overlong-three", b"\xe0\x80\xaf", "a character in a longer form than it needs"),
        ("surrogate", b"\xed\xa0\xbd\xed\xb8\x80", "surrogates encoded as UTF-8 (CESU-8)"),
        ("above-unicode", b"\xf4\x90\x80\x80", "a code point above U+10FFFF"),
        ("five-bytes", b"\xf8\x88\x80\x80\x80", "a form of five bytes"),
    ):
        kit.no(f"utf8-{name}.json", _noted('"?"').encode().replace(b"?", raw), why)


def _grammar(kit: Kit) -> None:
    for name, text in {
        "space-around": f" \t\r\n{TEXT}\n\r\t ",
        "space-inside": TEXT.replace(": ", "\t:\n").replace(", ", "\r,\n"),
        "no-space": TEXT.replace(" ", ""),
    }.items():
        kit.ok(f"{name}.json", text, "white space is free between the parts")
    for name, text, why in (
        ("empty", "", "no document"),
        ("space-alone", " \n", "no document"),
        ("cut-off", TEXT[:-1], "the document ends early"),
        ("bracket-too-many", TEXT + "}", "something behind the document"),
        ("second-document", TEXT + TEXT, "a second document behind the first"),
        ("text-behind", TEXT + " x", "something behind the document"),
        ("nul-behind", TEXT + "\0", "something behind the document"),
        ("comma-behind", TEXT + ",", "something behind the document"),
        ("trailing-comma", TEXT[:-1] + ",}", "a comma before the closing bracket"),
        ("trailing-comma-array", f"[{TEXT},]", "a comma before the closing bracket"),
        ("leading-comma", "{," + TEXT[1:], "a comma behind the opening bracket"),
        ("two-commas", TEXT.replace(", ", ",, ", 1), "two commas"),
        ("no-comma", TEXT.replace(", ", " ", 1), "no comma between members"),
        ("no-colon", TEXT.replace('"nonce":', '"nonce"'), "no colon behind a key"),
        ("equals", TEXT.replace('"nonce":', '"nonce"='), "an equals sign in place of a colon"),
        ("bare-key", TEXT.replace('"nonce"', "nonce"), "a key without quotes"),
        ("number-as-key", "{1: 1}", "a key that is no string"),
        ("comment-line", TEXT + "// x", "a comment"),
        ("comment-block", "/* x */" + TEXT, "a comment"),
        ("comment-hash", TEXT + "# x", "a comment"),
        ("form-feed", "\f" + TEXT, "a form feed as white space"),
        ("vertical-tab", "\v" + TEXT, "a vertical tab as white space"),
        ("no-break-space", "\u00a0" + TEXT, "a no-break space as white space"),
        ("line-separator", TEXT + "\u2028", "U+2028 as white space"),
        ("zero-width", TEXT + "\u200b", "a zero-width space as white space"),
        ("wrong-bracket", TEXT[:-1] + "]", "an object closed by ]"),
        ("true-upper", TEXT.replace("true", "True"), "Python's spelling of true"),
        ("true-cut", TEXT.replace("true", "tru"), "no word of JSON"),
        ("none", TEXT.replace("null", "None"), "Python's spelling of null"),
        ("undefined", TEXT.replace("null", "undefined"), "no word of JSON"),
        ("null-document", "null", "no object"),
        ("true-document", "true", "no object"),
        ("number-document", "5", "no object"),
        ("text-document", '"request"', "no object"),
        ("empty-object", "{}", "an object without anything"),
        ("empty-array", "[]", "a batch of nothing"),
        ("array-of-arrays", f"[[{TEXT}]]", "a batch inside a batch"),
        ("array-with-null", f"[{TEXT}, null]", "a batch with null in it"),
        ("lines", f"{TEXT}\n{TEXT}\n", "one document a line"),
        ("data-url", "data:application/json," + TEXT, "something before the document"),
    ):
        kit.no(f"{name}.json", text, why)


def _levels(kit: Kit) -> None:
    kit.no("33-arrays.json", "[" * 33 + "]" * 33, "nested deeper than 32 levels")
    kit.no("5000-arrays.json", "[" * 5000 + "]" * 5000, "nested deeper than 32 levels")
    kit.no("5000-open.json", "[" * 5000, "nested deeper than 32 levels, and never closed")
    kit.no("33-objects.json", '{"a":' * 33 + "1" + "}" * 33, "nested deeper than 32 levels")
    kit.no(
        "note-deep.json", _noted("[" * 40 + "]" * 40), "nested deeper than 32 levels in a member"
    )


def _sizes(kit: Kit) -> None:
    kit.ok("1-mib.json", TEXT, "exactly 1 MiB, with the spaces behind it", pad=1 << 20)
    kit.no(
        "1-mib-and-1.json",
        TEXT,
        "one byte more than 1 MiB, with the spaces behind it",
        pad=(1 << 20) + 1,
    )
