"""What the JSON Schemas in docs/schemas say of a file, read by a lenient reader as validators do."""

from __future__ import annotations

import functools
import itertools
import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema

HOME = Path(__file__).resolve().parents[2] / "docs" / "schemas"
_OF_KINDS = {
    "coldlever/signed": "signed",
    "coldlever/approvals": "approvals",
    "coldlever/market": "market",
    "coldlever/policy-change": "policy-change",
}
# Readers give up at some depth, each release of Python at another one.
_DEEP = 500


def schema_verdict(what: str, data: bytes) -> dict[str, Any] | None:
    """Which schema a file is for, and whether that refuses it.

    Args:
        what: how the file is fed; of codes, texts and signatures there is no schema.
        data: the file.

    Returns:
        ``name``, and ``refuses``: None where a lenient reader finds no value to look at.
    """
    if what not in ("document", "policy"):
        return None
    unread = {"name": "policy" if what == "policy" else None, "refuses": None}
    if _depth(data) > _DEEP:
        return unread
    try:
        value = tomllib.loads(data.decode()) if what == "policy" else json.loads(data)
    except ValueError:
        return unread
    name = "policy" if what == "policy" else _name(value)
    return {"name": name, "refuses": not _validator(name).is_valid(value)}


def _depth(data: bytes) -> int:
    """How deep brackets are nested at most; those in texts are counted as well."""
    steps = (1 if byte in b"[{" else -1 if byte in b"]}" else 0 for byte in data)
    return max(itertools.accumulate(steps, initial=0))


def _name(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return "request"
    kind = first.get("kind")
    of_kind = _OF_KINDS.get(kind) if isinstance(kind, str) else None
    return of_kind or ("signed" if "signature" in first else "request")


@functools.cache
def _validator(name: str) -> Any:
    schema = json.loads((HOME / f"{name}.schema.json").read_text("utf-8"))
    return jsonschema.Draft202012Validator(schema)
