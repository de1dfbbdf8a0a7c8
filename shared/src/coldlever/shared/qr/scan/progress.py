"""How a scan is going, in words for the person who holds the camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coldlever.shared.qr.scan.collector import Outcome, Sighting, Tally
from coldlever.shared.qr.scan.scan import NO_CODE_ADVICE

# About two seconds of a camera.
_BLANK_FRAMES = 60
# Together with the words they fill a line of 80 columns.
_MARKS_SHOWN = 16
# Wrong codes that are named at the most; a film of them shall not fill memory and screen.
_NAMED = 50
_SILENT = frozenset({Outcome.NEW, Outcome.REPEATED, Outcome.NO_CODE})


def progress_line(tally: Tally, marks: str = "") -> str:
    """The state of a scan on one line.

    Args:
        tally: how far it has come.
        marks: one for each frame that brought something.
    """
    if tally.needed == 0:
        if tally.blank >= _BLANK_FRAMES:
            return f"no code in sight: {NO_CODE_ADVICE}"
        return f"looking for a code, {tally.frames} frames so far"
    shown = marks[-_MARKS_SHOWN:]
    if tally.solved == tally.needed:
        return f"complete: {tally.needed} of {tally.needed} fragments {shown}".rstrip()
    return (
        f"{tally.solved} of {tally.needed} fragments solved, {tally.useful} useful "
        f"frame{'' if tally.useful == 1 else 's'} {shown} keep scanning"
    )


class Watcher:
    """Tells a person about a scan, without saying the same twice.

    Args:
        say: a line that stays.
        tick: a line that the next one replaces; None where lines cannot be replaced.
    """

    __slots__ = ("_line", "_marks", "_said", "_say", "_tick")

    def __init__(
        self, say: Callable[[str], None], tick: Callable[[str], None] | None = None
    ) -> None:
        self._say = say
        self._tick = tick
        self._said: set[str] = set()
        self._marks = ""
        self._line = ""

    def watch(self, sightings: Sequence[Sighting], tally: Tally) -> None:
        """Take note of one frame; see `coldlever.shared.qr.scan.scan.scan`."""
        for sighting in sightings:
            if sighting.outcome is Outcome.NEW:
                self._marks = (self._marks + "+")[-_MARKS_SHOWN:]
            elif sighting.outcome in (Outcome.DISCARDED, Outcome.SWITCHED):
                self._marks = ""
            if (
                sighting.outcome not in _SILENT
                and sighting.detail not in self._said
                and len(self._said) < _NAMED
            ):
                self._said.add(sighting.detail)
                self._say(f"{sighting.place}: {sighting.detail}")
                self._line = ""
        line = progress_line(tally, self._marks)
        if self._tick is not None and line != self._line:
            self._tick(line)
            self._line = line
