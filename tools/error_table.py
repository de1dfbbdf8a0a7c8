"""Write docs/errors.md: every refusal of the code with its exit status and its words.

Run it as ``python tools/error_table.py`` when a refusal has changed; a test compares.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from coldlever.shared import errors

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "errors.md"
_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+|expired|declined|isolated|usage|interrupted")
_STATUS = {
    name: thing.exit_status
    for name, thing in vars(errors).items()
    if isinstance(thing, type) and issubclass(thing, errors.ColdleverError)
}
# Methods and functions that build a refusal from other words.
_BUILDERS = {"refusal": 3, "NotApproved": 4, "WayOutClosed": 8, "CageFailed": 8, "_known": 6}
_HEAD = """# Errors

Every refusal has a stable code. It stands in the text (`error [code]: ...`), in the JSON of `--json`, and
in the ledger of the broadcaster. Programs should go by the code and the exit status, never by the words.

Exit status as in [formats.md](formats.md#exit-status); "…" stands for what was found. For those of status 6,
the exchange's own refusals, the advice is listed.

| code | exit status | says |
|---|---|---|
"""


def collect() -> dict[tuple[str, int], str]:
    """Code and exit status to the words of the first place that raises it."""
    found: dict[tuple[str, int], str] = {}
    for package in ("shared", "signer", "broadcaster"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if {"rehearsal", "build"} & set(path.relative_to(ROOT).parts):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                _take(node, found)
    return found


def _take(node: ast.AST, found: dict[tuple[str, int], str]) -> None:
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    status = _STATUS.get(name, _BUILDERS.get(name))
    texts = [_words(argument) for argument in node.args]
    code = next((text for text in texts[:2] if text and _CODE.fullmatch(text)), None)
    if status is None or code is None:
        return
    after = [text for text in texts[texts.index(code) + 1 :] if text]
    if name == "refusal" and len(after) > 1:
        words = f"found {after[0]}, expected {after[1]}"
    else:
        words = after[0] if after else ""
    found.setdefault((code, status), words)


def _words(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _words(part) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _words(node.left) + _words(node.right)
    return "…"


def page() -> str:
    """The whole page."""
    rows = [
        f"| `{code}` | {status} | {re.sub(r'^…: ', '', words).replace('|', '/')} |\n"
        for (code, status), words in sorted(collect().items())
    ]
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page())
