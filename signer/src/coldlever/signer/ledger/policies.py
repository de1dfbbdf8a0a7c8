"""Which policy each key was last used under: so that an older one, or none, does not come back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from hashlib import sha256

from coldlever.shared.action import Address
from coldlever.shared.errors import RuleRefused
from coldlever.shared.statement import PolicyRef
from coldlever.signer.ledger.faults import damaged

_TAG = b"coldlever/policy-mark/1"


@dataclass(frozen=True, slots=True)
class PolicyMark:
    """How far the policy of a key has come.

    Args:
        signer: whose key.
        version: of the newest policy; once the policy is taken off, of the last there was.
        digest: of its text, 32 bytes; None once it was taken off by the people of the policy.
    """

    signer: Address
    version: int
    digest: bytes | None


def require_current(mark: PolicyMark | None, ref: PolicyRef | None) -> None:
    """Refuse a policy that is older than one this machine has seen, or its absence.

    Args:
        mark: what the ledger holds, or None.
        ref: the policy that the keystore is sealed to, or None.

    Raises:
        RuleRefused: ``policy-older`` or ``policy-mismatch``.
    """
    if mark is None or (ref is None and mark.digest is None):
        return
    known = f"the ledger knows version {mark.version} for {mark.signer}"
    if ref is None:
        raise _older(f"this keystore has no policy, and {known}")
    was_taken_off = mark.digest is None
    if ref.version < mark.version or (was_taken_off and ref.version == mark.version):
        raise _older(f"this keystore is sealed to policy {ref.version}, and {known}")
    if ref.version == mark.version and ref.digest != mark.digest:
        raise RuleRefused(
            "policy-mismatch",
            f"this keystore is sealed to another policy of version {ref.version} than the ledger "
            "knows",
            "find out which of the two is right; a change of policy counts its version up",
        )


def _older(reason: str) -> RuleRefused:
    return RuleRefused(
        "policy-older",
        f"{reason}: an older keystore was put back",
        "take the newest keystore; a policy is changed with `policy propose`, `approve` and "
        "`adopt`, and taken off with `policy unseal`",
    )


def find(connection: sqlite3.Connection, signer: Address, name: str) -> PolicyMark | None:
    """The mark of a key.

    Raises:
        RuleRefused: ``ledger-damaged`` when it is not as it was written.
    """
    row = connection.execute(
        "SELECT signer, version, digest, seal FROM policy WHERE signer = ?", (signer.raw,)
    ).fetchone()
    return None if row is None else _mark(row, name)


def remember(connection: sqlite3.Connection, mark: PolicyMark, name: str) -> None:
    """Set the mark of a key; never back.

    Raises:
        RuleRefused: ``policy-older`` or ``policy-mismatch``.
    """
    known = find(connection, mark.signer, name)
    if known is not None and mark.digest is not None:
        require_current(known, PolicyRef(mark.version, mark.digest))
    connection.execute(
        "INSERT OR REPLACE INTO policy VALUES (?, ?, ?, ?)",
        (mark.signer.raw, mark.version, mark.digest, _seal(mark)),
    )


def require_types(connection: sqlite3.Connection, name: str) -> None:
    """Refuse marks that are not as they were written.

    Raises:
        RuleRefused: ``ledger-damaged``.
    """
    for row in connection.execute("SELECT signer, version, digest, seal FROM policy"):
        _mark(row, name)


def _mark(row: tuple[bytes, int, bytes | None, bytes], name: str) -> PolicyMark:
    signer, version, digest, seal = row
    if isinstance(version, int) and isinstance(digest, bytes | None):
        mark = PolicyMark(Address(signer), version, digest)
        if seal == _seal(mark):
            return mark
    raise damaged(name, "the mark of a policy is not as it was written")


def _seal(mark: PolicyMark) -> bytes:
    digest = b"\0" if mark.digest is None else b"\1" + mark.digest
    return sha256(_TAG + mark.signer.raw + mark.version.to_bytes(8, "big") + digest).digest()
