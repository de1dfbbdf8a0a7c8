"""Hold both implementations against the kit, and against each other: `tools/compare_kit.py`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit import ours, theirs

HOME = Path(__file__).resolve().parents[1] / "tests" / "kit"


def read(path: str) -> bytes:
    """A file of the kit."""
    return (HOME / path).read_bytes()


def cases() -> list[dict[str, Any]]:
    """The index."""
    found: list[dict[str, Any]] = json.loads(read("index.json"))["cases"]
    return found


def expected(case: dict[str, Any]) -> ours.Facts:
    """What an implementation has to find, by the index."""
    return {"ok": case["verdict"] == "ok", **case.get("found", {})}


def disagreements(verifier: theirs.Verifier, left_out: Counter[str]) -> Iterator[str]:
    """A line for each case on which the verifier says something else than the index."""
    for case in cases():
        data = read(case["file"])
        lack = theirs.lacks(case["what"])
        if lack is not None:
            left_out[lack] += 1
            continue
        answer = verifier.judge(case["what"], data, case["given"], read)
        for line in theirs.differences(expected(case), answer):
            yield f"{case['file']} ({case['reason']}): {line}"


def main() -> None:
    """Print each disagreement, and how much was left out."""
    node = theirs.find_node()
    if node is None:
        raise SystemExit("node is missing, or `make verifier` was not run")
    left_out: Counter[str] = Counter()
    with theirs.Verifier(node) as verifier:
        found = list(disagreements(verifier, left_out))
    print("\n".join(found) or "both agree with the index")
    for lack, count in left_out.items():
        print(f"left out: {count} for {lack}: {theirs.LACKS[lack]}")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
