"""Draw the rooms of docs/architecture.md from the code's imports.

Run it as ``python tools/architecture.py`` when an arrow has come or gone; a test compares. An arrow
means "imports"; one that a longer way says already is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
SIDES = ("signer", "broadcaster", "shared")
_BEGIN, _END = "```mermaid\n", "```\n"
# Rooms whose own rooms are drawn.
_OPENED = {"shared.qr", "broadcaster.rehearsal"}

Arrows = dict[str, set[str]]


def room_of(module: str) -> str:
    """``signer.cli`` for ``signer.cli.sign``; a module beside the rooms stands for itself."""
    parts = module.split(".")
    depth = 3 if ".".join(parts[:2]) in _OPENED else 2
    return ".".join(parts[:depth])


def imported(tree: ast.AST) -> Iterator[str]:
    """What a module imports of ours, without the namespace; each name as if it were a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (_inside(alias.name) for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            yield from (_inside(f"{node.module}.{alias.name}") for alias in node.names)


def _is_ours(name: str) -> bool:
    return name.startswith("coldlever.")


def _inside(name: str) -> str:
    return name.removeprefix("coldlever.")


def collect() -> Arrows:
    """Each room and the rooms it imports; a name that is no room counts as the room that holds it."""
    modules = dict(_modules())
    rooms = {room_of(name) for name in modules if "." in name}
    arrows: Arrows = {room: set() for room in rooms}
    for name, path in modules.items():
        if "." not in name:
            continue
        for target in imported(ast.parse(path.read_text("utf-8"))):
            there = room_of(target)
            if there not in rooms:  # the face of a room that is drawn open, or of a whole side
                there = there.rpartition(".")[0]
            if there in rooms and there != room_of(name):
                arrows[room_of(name)].add(there)
    return arrows


def _modules() -> Iterator[tuple[str, Path]]:
    for side in SIDES:
        home = ROOT / side / "src" / "coldlever"
        for path in sorted(home.rglob("*.py")):
            parts = path.relative_to(home).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def reduced(arrows: Arrows) -> Arrows:
    """Without the arrows that a longer way says already."""
    return {
        room: {
            there
            for there in targets
            if not any(there in reachable(arrows, other) for other in targets - {there})
        }
        for room, targets in arrows.items()
    }


def reachable(arrows: Arrows, start: str) -> set[str]:
    """Every room that imports lead to from one, not counting itself unless a circle does."""
    found: set[str] = set()
    left = list(arrows[start])
    while left:
        room = left.pop()
        if room not in found:
            found.add(room)
            left += arrows[room]
    return found


def drawing() -> str:
    """The picture, as mermaid's text."""
    arrows = collect()
    lines = ["flowchart TD"]
    for side in SIDES:
        lines.append(f"  subgraph {side}")
        lines += [
            f"    {_node(room)}[{room.partition('.')[2]}]"
            for room in sorted(arrows)
            if room.startswith(f"{side}.")
        ]
        lines.append("  end")
    # Between the sides the rooms would hide the rooms' own order: one arrow for each side.
    crossing = {
        (room.split(".")[0], there.split(".")[0]) for room in arrows for there in arrows[room]
    }
    lines += [f"  {side} --> {other}" for side, other in sorted(crossing) if side != other]
    within = {
        room: {there for there in targets if there.split(".")[0] == room.split(".")[0]}
        for room, targets in arrows.items()
    }
    for room, targets in sorted(reduced(within).items()):
        lines += [f"  {_node(room)} --> {_node(there)}" for there in sorted(targets)]
    return "\n".join(lines) + "\n"


def _node(room: str) -> str:
    return room.replace(".", "_").strip("_")


def page() -> str:
    """The page with the picture drawn anew."""
    head, _, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    return head + _BEGIN + drawing() + _END + rest.partition(_END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
