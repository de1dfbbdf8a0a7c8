"""Random edits of the kit's files, drawn by a seed: of bytes, of JSON's structure, and of what is beside."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kit.fresh import fresh

_FRESH, _GOOD, _STRUCTURE = 0.3, 0.8, 0.7
_TOKENS = (
    b"1e1", b"10.0", b"-0", b"01", b"NaN", b"\xef\xbb\xbf", b"\xff", b"\x00", b"//", b",", b"}", b"]", b'"',
    b"\\u0061", b"\\ud800", b"null", b"true", b" ", b"\n", b"\r", b"\x0b", b"[", b"{", b"9" * 21, b"#", b"=", b"'",
)  # fmt: skip
_SCALARS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 10.0, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**53, 2**64, 10**20, "", "0", "1", "0x",
    "mainnet", "testnet", "2.5", "2.50", "BTC", "ETH", "xyz:TSLA", ":", "noop", "updateLeverage", "approve", "reject",
    "propose", [], {}, "x" * 500, "x" * 501, "\U0001f600", 27, 28, 99, 100, 3, 110_001, 10_000, 7, 8,
    "0x1a642f0e3c3af545e7acbd38b07251b3990914f1", "0x1A642f0E3c3aF545E7AcBD38b07251B3990914F1",
    "coldlever/signed", "coldlever/batch", "coldlever/approvals", "coldlever/market",
)  # fmt: skip
_KEYS = (
    "kind",
    "type",
    "signer",
    "note",
    "market",
    "account",
    "kills",
    "round",
    "notAfter",
    "requests",
    "list",
    "policy",
    "nonce",
)


@dataclass(frozen=True, slots=True)
class Edit:
    """One edited file.

    Args:
        file: which file of the kit it was.
        what: how it is fed.
        data: its bytes now.
        given: what is known beside it.
        beside: files that `given` names and the kit does not have.
    """

    file: str
    what: str
    data: bytes
    given: dict[str, Any]
    beside: dict[str, bytes] = field(default_factory=dict)


def edits(cases: list[dict[str, Any]], files: dict[str, bytes], seed: int) -> Iterator[Edit]:
    """Edited files without an end; the same seed gives the same.

    Args:
        cases: of the index.
        files: the kit's files.
        seed: of all that is drawn.
    """
    chance = random.Random(seed)
    good = [case for case in cases if case["verdict"] == "ok"]
    documents = [tree for tree in (_tree(files[case["file"]]) for case in good) if tree is not None]
    has_policies = any(name.startswith("policy/") for name in files)
    while True:
        if has_policies and chance.random() < _FRESH:
            data, given, beside = fresh(files, chance)
            # Half of them as they are: two programs can differ over a good document as well.
            edited = _several(data, documents, chance, chance.choice((0, 0, 0, 1, 1, 2)))
            yield Edit("fresh", "document", edited, given, beside)
            continue
        # Most edits of a good file are found; of a bad one, they may undo what is wrong.
        case = chance.choice(good if chance.random() < _GOOD else cases)
        times = chance.choice((1, 1, 1, 2, 3))
        data = _several(
            files[case["file"]], documents, chance, times, is_tree=case["what"] == "document"
        )
        yield Edit(case["file"], case["what"], data, _beside(case["given"], cases, chance))


def _several(
    data: bytes, documents: list[Any], chance: random.Random, times: int, *, is_tree: bool = True
) -> bytes:
    tree = _tree(data) if is_tree else None
    for _ in range(times):
        if tree is not None and chance.random() < _STRUCTURE:
            tree = _edited(tree, documents, chance)
            data = json.dumps(tree).encode("ascii")
        else:
            data, tree = _bytes_edited(data, chance), None
    return data


def _tree(data: bytes) -> Any:
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return tree if isinstance(tree, dict | list) else None


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, each in items:
        yield from _places(each, (*path, key))


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def _edited(tree: Any, documents: list[Any], chance: random.Random) -> Any:
    """A copy with one value changed, left out, renamed, repeated, or taken from another document."""
    copied = json.loads(json.dumps(tree))
    places = list(_places(copied))
    if not places:
        return copied
    *before, last = chance.choice(places)
    holder = _at(copied, tuple(before))
    match chance.randrange(8):
        case 0:
            del holder[last]
        case 1 if isinstance(holder, dict):
            holder[chance.choice(_KEYS)] = holder.pop(last)
        case 2:
            other = chance.choice(documents)
            found = list(_places(other))
            holder[last] = _at(other, chance.choice(found)) if found else None
        case 3 if isinstance(holder, list):
            holder.insert(last, holder[chance.randrange(len(holder))])
        case 4 if isinstance(holder, list):
            chance.shuffle(holder)
        case 5:
            holder[last] = chance.choice(_SCALARS)
        case _:
            holder[last] = _nudged(holder[last], chance)
    return copied


def _nudged(value: Any, chance: random.Random) -> Any:
    """Something close by."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice((-1, 1, 1000, 86_400_000, -86_400_000))
    if isinstance(value, str) and value:
        at = chance.randrange(len(value))
        sign = chance.choice("0123456789abcdefABCDEF x:.\u00e9")
        return chance.choice(
            (value[:at] + sign + value[at + 1 :], value[:at] + value[at + 1 :], value.swapcase())
        )
    return value


def _bytes_edited(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    token = chance.choice(_TOKENS)
    match chance.randrange(6):
        case 0:
            return data[:at] + bytes((chance.randrange(256),)) + data[at + 1 :]
        case 1:
            return data[:at] + data[at + 1 :]
        case 2:
            return data[:at] + token + data[at:]
        case 3:
            return data[:at] + token + data[at + len(token) :]
        case 4:
            return data[:at] + data[at : at + chance.randrange(40)] + data[at:]
        case _:
            return data[:at]


def _beside(
    given: dict[str, Any], cases: list[dict[str, Any]], chance: random.Random
) -> dict[str, Any]:
    """What is known beside it, now and then from another case."""
    if chance.random() < 0.9:
        return given
    other = chance.choice(cases)["given"]
    names = [
        name
        for name in ("network", "signer", "policy", "now", "approvals", "challenge")
        if name in other
    ]
    return given | {name: other[name] for name in names}


def packed(edit: Edit) -> dict[str, Any]:
    """An edit as JSON, to be looked at or added to the kit."""
    beside = {name: base64.b64encode(each).decode("ascii") for name, each in edit.beside.items()}
    return {
        "beside": beside,
        "file": edit.file,
        "what": edit.what,
        "given": edit.given,
        "base64": base64.b64encode(edit.data).decode("ascii"),
    }
