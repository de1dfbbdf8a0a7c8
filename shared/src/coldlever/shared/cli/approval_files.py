"""Files of approvals and of policies: what a command line reads of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from coldlever.shared.cli.console import STDIO, read_document, source_name
from coldlever.shared.errors import InputRefused
from coldlever.shared.files import read_bounded
from coldlever.shared.message import Defaults
from coldlever.shared.message.any import APPROVALS, load_expected
from coldlever.shared.policy import Policy, load_policy
from coldlever.shared.policy.docket import Sheet
from coldlever.shared.policy.reading import MAX_BYTES
from coldlever.shared.printable import printable
from coldlever.shared.sshsig import SshSig, dearmor, parse_sshsig
from coldlever.shared.sshsig.armor import BEGIN
from coldlever.shared.statement import Decision

_ENDING = ".sig"
_MAX_STATEMENT = 1 << 20
_DECISION = re.compile(
    r"^decision: (approve|reject|propose)(?:, round ([1-9][0-9]?))?$", re.MULTILINE
)
_NOT_AFTER = re.compile(r"^not after: ([1-9][0-9]{0,15})(?: \(.*\))?$", re.MULTILINE)

Told = tuple[Decision, int, int | None]


def read_policy_bytes(name: str) -> bytes:
    """The bytes of a policy file.

    Raises:
        InputRefused: unreadable or too large.
    """
    return read_bounded(Path(name), MAX_BYTES)


def read_policy(name: str) -> Policy:
    """A policy file.

    Raises:
        InputRefused: unreadable or malformed.
        RuleRefused: ``weak-key``.
    """
    return load_policy(read_policy_bytes(name), name)


def read_sheets(names: Sequence[str]) -> tuple[Sheet, ...]:
    """Files of approvals.

    Raises:
        InputRefused: unreadable or malformed.
    """
    return tuple(_parse_sheet(read_document(name), source_name(name)) for name in names)


def read_said(
    names: Sequence[str],
) -> tuple[tuple[Sheet, ...], tuple[tuple[SshSig, Told | None], ...]]:
    """Files of approvals, and signatures that ssh-keygen made.

    Raises:
        InputRefused: unreadable or malformed.
        RuleRefused: ``approval-invalid`` or ``weak-key``.
    """
    sheets, signatures = [], []
    for name in names:
        data = read_document(name)
        if data.startswith(BEGIN.encode("ascii")):
            text = data.decode("ascii", "replace")
            signatures.append((parse_sshsig(dearmor(text)), _told_beside(name)))
        else:
            sheets.append(_parse_sheet(data, source_name(name)))
    return tuple(sheets), tuple(signatures)


def _parse_sheet(data: bytes, source: str) -> Sheet:
    file = load_expected(data, source, APPROVALS, Defaults())
    return Sheet(printable(source), file.network, file.subject, file.approvals)


def _told_beside(name: str) -> Told | None:
    """What the statement beside a signature says of itself; all the rest is rebuilt."""
    if name == STDIO or not name.endswith(_ENDING):
        return None
    path = Path(name.removesuffix(_ENDING))
    if not path.is_file():
        return None
    text = read_bounded(path, _MAX_STATEMENT).decode("ascii", "replace").replace("\r", "")
    decision, end = _DECISION.search(text), _NOT_AFTER.search(text)
    if decision is None or end is None:
        raise InputRefused(
            "not-a-statement",
            f"{printable(str(path))}: lies beside a signature and is no statement",
            "write it again with --statement-only, or move it away",
        )
    return Decision(decision[1]), int(decision[2] or 1), int(end[1])
