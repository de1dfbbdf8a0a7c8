"""Write docs/model/table.pml: the table of what became of a payload, for the model checker.

Run it as ``python tools/model.py`` when the table has changed; a test compares. With ``--old`` it
prints the table with the rule of release 0.1, under which the model must fail.
"""

from __future__ import annotations

import sys
from pathlib import Path

from coldlever.broadcaster.fate import Event, NonceState, after

PAGE = Path(__file__).resolve().parents[1] / "docs" / "model" / "table.pml"
_HEAD = "/* Written by tools/model.py from the table in coldlever.broadcaster.fate. */\n\n"


def page(*, old_rule: bool = False) -> str:
    """The table as Promela.

    Args:
        old_rule: a duplicate after an attempt of our own counts as its acceptance.
    """
    states = ", ".join(state.name for state in NonceState)
    events = ", ".join(event.name for event in Event if event.name not in NonceState.__members__)
    lines = [f"mtype = {{ NONE, {states} }};\n", f"mtype = {{ {events} }};\n\n"]
    lines.append("inline learn(known, event, then) {\n  if\n")
    for state in NonceState:
        for event in Event:
            then = after(state, event)
            if old_rule and (state, event) == (NonceState.OPEN, Event.DUPLICATE):
                then = NonceState.SPENT_ACCEPTED
            if then is not state:
                lines.append(
                    f"  :: known == {state.name} && event == {event.name} -> then = {then.name}\n"
                )
    lines.append("  :: else -> then = known\n  fi\n}\n")
    return _HEAD + "".join(lines)


if __name__ == "__main__":
    if "--old" in sys.argv:
        print(page(old_rule=True), end="")
    else:
        PAGE.write_text(page())
