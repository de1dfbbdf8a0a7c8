"""A case of the kit: one file, what to feed beside it, and the verdict that is expected."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

MISSING = object()
# Where a case needs a document that nothing is wrong with.
PLAIN = "request/plain.json"


@dataclass(frozen=True, slots=True)
class Case:
    """One file and the verdict on it.

    Args:
        file: its path inside the kit.
        what: how to feed it: ``document``, ``code``, ``policy``, ``challenge``, ``statement`` or
            ``signature``.
        is_ok: whether it is to be taken.
        reason: why, in words.
        rule: the heading of the page of formats (or of codes) that says so.
        given: what is known beside it; names of files are paths inside the kit.
    """

    file: str
    what: str
    is_ok: bool
    reason: str
    rule: str
    given: dict[str, Any]


@dataclass(slots=True)
class Kit:
    """Files and cases as they are made; a file or a case never changes once it is there."""

    files: dict[str, bytes] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    rule: str = ""
    folder: str = ""

    def section(self, folder: str, rule: str) -> None:
        """Where the next files lie, and which heading has the rule that they are about."""
        self.folder, self.rule = folder, rule

    def put(self, path: str, data: bytes) -> str:
        """A file beside the cases, such as a policy; returns its path."""
        if self.files.setdefault(path, data) != data:
            raise ValueError(f"{path} is there with other bytes")
        return path

    def ok(self, name: str, content: Any, reason: str, **given: Any) -> str:
        """A file that is to be taken; returns its path."""
        return self._add(name, content, reason, given, is_ok=True)

    def no(self, name: str, content: Any, reason: str, **given: Any) -> str:
        """A file that is to be refused; returns its path."""
        return self._add(name, content, reason, given, is_ok=False)

    def _add(
        self, name: str, content: Any, reason: str, given: dict[str, Any], *, is_ok: bool
    ) -> str:
        path = f"{self.folder}/{name}"
        if path in self.files:
            raise ValueError(f"{path} twice")
        what = given.pop("what", "document")
        self.put(path, as_bytes(content))
        self.cases.append(Case(path, what, is_ok, reason, self.rule, given))
        return path


def as_bytes(content: Any) -> bytes:
    """A document's bytes: as they are, a text in UTF-8, anything else as JSON."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode("utf-8")
    return json.dumps(content, separators=(", ", ": ")).encode("ascii") + b"\n"


def edited(document: Any, path: str, value: Any) -> Any:
    """A copy with one member set; ``a.0.b`` is its place, MISSING takes it away."""
    copied = copy.deepcopy(document)
    steps: Iterable[str | int] = [int(step) if step.isdigit() else step for step in path.split(".")]
    *before, last = steps
    holder = copied
    for step in before:
        holder = holder[step]
    if value is MISSING:
        del holder[last]
    else:
        holder[last] = value
    return copied
