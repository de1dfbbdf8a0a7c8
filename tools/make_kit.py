"""Make the files of the test kit, the same bytes at each run: `tools/make_kit.py [--check]`.

With `--check` nothing is written: what lies in tests/kit must be what would be written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kit import (
    actions,
    approval_forms,
    approvals,
    approved_batches,
    batches,
    cbor,
    changes,
    codes,
    forgeries,
    json_traps,
    keys,
    markets,
    ours,
    policies,
    policy_rules,
    proofs,
    requests,
    signatures,
    signed,
    statements,
)
from kit.case import Case, Kit
from kit.schemas import schema_verdict

HOME = Path(__file__).resolve().parents[1] / "tests" / "kit"
INDEX = "index.json"
_AREAS: tuple[Callable[[Kit], None], ...] = (
    requests.fill,
    actions.fill,
    batches.fill,
    signed.fill,
    signatures.fill,
    approvals.fill,
    forgeries.fill,
    approved_batches.fill,
    approval_forms.fill,
    statements.fill,
    keys.fill,
    policies.fill,
    policy_rules.fill,
    changes.fill,
    markets.fill,
    proofs.fill,
    codes.fill,
    cbor.fill,
    json_traps.fill,
)


def make() -> dict[str, bytes]:
    """All files of the kit by their paths, the index among them.

    Raises:
        ValueError: our own verdict on a case is another than its author's.
    """
    kit = Kit()
    for fill in _AREAS:
        fill(kit)
    wires = [_wire(case, kit) for case in kit.cases]
    lines = ",\n".join(json.dumps(wire) for wire in wires)
    head = '{"kind": "coldlever/kit", "version": 1, "cases": [\n'
    return {**kit.files, INDEX: f"{head}{lines}\n]}}\n".encode("ascii")}


def _wire(case: Case, kit: Kit) -> dict[str, Any]:
    found = ours.judge(case.what, kit.files[case.file], case.given, kit.files.__getitem__)
    if found.pop("ok") is not case.is_ok:
        raise ValueError(f"{case.file}: {case.reason}: we say {found}")
    verdict = {"verdict": "ok"} if case.is_ok else {"verdict": "refused", "code": found["code"]}
    wire = {
        "file": case.file,
        "what": case.what,
        **verdict,
        "reason": case.reason,
        "rule": case.rule,
        "given": case.given,
        "properties": properties(kit.files[case.file], case, found),
        "schema": schema_verdict(case.what, kit.files[case.file]),
    }
    return {**wire, "found": found} if case.is_ok else wire


def properties(data: bytes, case: Case, found: dict[str, Any]) -> dict[str, Any]:
    """What the file is about, to choose cases by: its kind, its network, how many approvals."""
    folder = case.file.split("/", maxsplit=1)[0]
    kind = found.get("what", folder) if case.is_ok else folder
    networks = {name for name in ("mainnet", "testnet") if f'"{name}"'.encode() in data}
    return {
        "kind": kind,
        "network": next(iter(networks)) if len(networks) == 1 else None,
        "approvals": data.count(b'"keyId"'),
    }


def lying() -> dict[str, bytes]:
    """The files that are there."""
    paths = (path for path in HOME.rglob("*") if path.is_file())
    return {path.relative_to(HOME).as_posix(): path.read_bytes() for path in paths}


def main() -> None:
    """Write the kit, or tell what would change."""
    made, there = make(), lying()
    changed = sorted(
        path for path in made.keys() | there.keys() if made.get(path) != there.get(path)
    )
    if "--check" in sys.argv[1:]:
        print("\n".join(changed) or "the kit is as it is made")
        raise SystemExit(bool(changed))
    for path in changed:
        if path not in made:
            (HOME / path).unlink()
            continue
        (HOME / path).parent.mkdir(parents=True, exist_ok=True)
        (HOME / path).write_bytes(made[path])
    size = sum(map(len, made.values()))
    print(f"{len(made)} files, {size} bytes; {len(changed)} changed")


if __name__ == "__main__":
    main()
