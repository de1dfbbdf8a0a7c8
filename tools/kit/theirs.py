"""What the verifier in JavaScript says of a case: one process of node that answers line by line."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kit.ours import Facts, Read

VERIFIER = Path(__file__).resolve().parents[1] / "verifier"
# What it does not read yet, by a word of `lacks`, and why. Nothing else is left out.
LACKS = {
    "code": "the verifier's page reads files; its scanning page is to come",
    "signature": "it takes approvals as they stand in documents, not ssh-keygen's armour",
}


def lacks(what: str) -> str | None:
    """The word of `LACKS` that a case is left out for, or None.

    Args:
        what: how the file is fed.
    """
    return what if what in LACKS else None


class Verifier:
    """The process; use it in a `with` block."""

    def __init__(self, node: str) -> None:
        self._process = subprocess.Popen(
            [node, str(VERIFIER / "kit.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=30)

    def judge(self, what: str, data: bytes, given: dict[str, Any], read: Read) -> Facts:
        """The verdict of the verifier: its whole answer, with ``ok`` or ``crashed``."""
        job = {"what": what, "base64": _packed(data), "given": given}
        names = [given[key] for key in ("policy", "document", "key", "message") if key in given]
        names += given.get("approvals", [])
        files = {name: _packed(read(name)) for name in names}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**job, "files": files}).encode("ascii") + b"\n")
        self._process.stdin.flush()
        answer: Facts = json.loads(self._process.stdout.readline())
        return answer


def find_node() -> str | None:
    """The program, where it and what the verifier stands on are there."""
    is_ready = (VERIFIER / "node_modules" / "@noble" / "curves").is_dir()
    return shutil.which("node") if is_ready else None


def differences(ours: Facts, theirs: Facts) -> list[str]:
    """In what two verdicts differ: what one says of a document, the other has to say too.

    Args:
        ours: of `kit.ours.judge`, or the facts of the index with ``ok``.
        theirs: of `Verifier.judge`.
    """
    if theirs.get("ok") is not ours["ok"]:
        return [f"we say {ours}, they say {theirs}"]
    return [
        f"{key}: {ours[key]!r} and {_said(key, ours[key], theirs)!r}"
        for key in (_COMPARED & ours.keys() if ours["ok"] else ())
        if _said(key, ours[key], theirs) != ours[key]
    ]


_COMPARED = {
    "what", "items", "checkWords", "answer", "network", "subject", "approvals", "version", "digest",
    "cases", "approved", "bytes", "attestedBy", "agreed", "list",
}  # fmt: skip
_ITEM = ("network", "actionHash", "digest", "signer", "checkWords")


def _said(key: str, ours: Any, theirs: Facts) -> Any:
    said = theirs.get(key)
    match key:
        case "what":
            return {None: ours, "change": "policy-change"}.get(said, said)
        case "items":
            named = [{name: one[name] for name in _ITEM} for one in said or ()]
            return [
                {**one, "body": mine["body"]} if "body" in mine else one
                for one, mine in zip(named, ours, strict=False)
            ]
        case "approvals" if isinstance(said, list):
            return len(said)
        case "list" if said is not None:
            return "sha256:" + said.removeprefix("0x")
        case "attestedBy" if "items" in theirs:
            return [one["attestedBy"] or None for one in theirs["items"]]
    return said


def _packed(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
