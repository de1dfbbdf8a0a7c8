"""Edit files of the kit at random, and hold both implementations against each other.

`tools/kit_mutations.py [--edits N] [--seed N] [--out FILE]`: the edits on which they disagree are
printed, and written to FILE one JSON document a line.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from compare_kit import HOME, cases, read
from kit import ours, theirs
from kit.mutations import Edit, edits, packed


@dataclass(slots=True)
class Tally:
    """What a run has found."""

    verdicts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[Edit, list[str]]] = field(default_factory=list)


def play(verifier: theirs.Verifier, count: int, seed: int) -> Tally:
    """Judge so many edits by both; those that the verifier cannot read are not counted."""
    index = cases()
    names = {path.relative_to(HOME).as_posix() for path in HOME.rglob("*") if path.is_file()}
    files = {name: read(name) for name in sorted(names)}
    tally = Tally()
    for edit in edits(index, files, seed):
        known = files | edit.beside
        mine = ours.judge(edit.what, edit.data, edit.given, known.__getitem__)
        lack = theirs.lacks(edit.what)
        if lack is not None:
            tally.left_out[lack] += 1
            continue
        answer = verifier.judge(edit.what, edit.data, edit.given, known.__getitem__)
        found = theirs.differences(mine, answer)
        tally.verdicts["ok" if mine["ok"] else "refused"] += 1
        if found:
            tally.wrong.append((edit, found))
        if tally.verdicts.total() >= count:
            return tally
    raise AssertionError("edits do not end")


def main() -> None:
    """Play, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    node = theirs.find_node()
    if node is None:
        raise SystemExit("node is missing, or `make verifier` was not run")
    began = time.monotonic()
    with theirs.Verifier(node) as verifier:
        tally = play(verifier, options.edits, options.seed)
    seconds = time.monotonic() - began
    print(f"{dict(tally.verdicts)} by both in {seconds:.1f} s, left out: {dict(tally.left_out)}")
    for edit, lines in tally.wrong:
        print(f"{edit.file} {edit.given}: {edit.data[:3000]!r}\n  " + "\n  ".join(lines)[:2000])
    if options.out is not None:
        options.out.write_text("".join(json.dumps(packed(edit)) + "\n" for edit, _ in tally.wrong))
    print(f"{len(tally.wrong)} disagreements")
    raise SystemExit(bool(tally.wrong))


if __name__ == "__main__":
    main()
