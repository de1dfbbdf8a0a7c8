"""One scan from its first frame to its message, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from coldlever.shared.errors import InputRefused
from coldlever.shared.qr.scan.collector import Collector, Outcome, ScanResult, Sighting, Tally
from coldlever.shared.qr.scan.frame import Frame

NO_CODE_ADVICE = (
    "go closer, hold it square on and still, keep the white border in the picture, darken a "
    "screen that glares; or draw the code anew with --density low"
)
# The most telling first: what a scan without a message is refused for, and the remedy.
_REFUSALS = {
    Outcome.DISCARDED: "scan the animation again",
    Outcome.WRONG_TYPE: "show the code that belongs to this step",
    Outcome.DAMAGED: "scan it again; if it stays so, draw the code anew",
    Outcome.NOT_OURS: "show the code that belongs to this step",
    Outcome.NO_CODE: NO_CODE_ADVICE,
}


def scan(
    sources: Iterable[Iterable[Frame]],
    collector: Collector,
    watch: Callable[[Sequence[Sighting], Tally], None],
    *,
    one_message_only: bool,
) -> ScanResult:
    """Look at frames until a message is complete.

    Args:
        sources: one after the other. Once the message is complete, of each further source the
            first frame is looked at, in case it holds another message.
        collector: new.
        watch: told of every frame.
        one_message_only: refuse when whole messages were left out. For files, whose names say
            that all of them are meant; not for a camera that happens to see one.

    Raises:
        InputRefused: ``qr-not-found``, ``qr-not-ours``, ``ur-wrong-type``,
            ``ur-message-checksum``, ``scan-incomplete``, ``qr-several-messages``, what makes a
            UR or JSON document damaged, or what a source refuses.
    """
    first: dict[Outcome, Sighting] = {}
    for source in sources:
        for frame in source:
            sightings = collector.receive(frame)
            for sighting in sightings:
                first.setdefault(sighting.outcome, sighting)
            watch(sightings, collector.tally)
            if collector.complete:
                break
    if not collector.complete:
        raise _refusal(collector.tally, first)
    if one_message_only and Outcome.OTHER_MESSAGE in first:
        raise InputRefused(
            "qr-several-messages",
            f"{first[Outcome.OTHER_MESSAGE].place}: these codes hold more than one message",
            "give them one at a time",
        )
    return collector.result()


def _refusal(tally: Tally, first: dict[Outcome, Sighting]) -> InputRefused:
    if tally.needed:
        return InputRefused(
            "scan-incomplete",
            f"the message is not complete: {tally.useful} of {tally.needed} different frames were "
            f"read, {tally.solved} of {tally.needed} fragments are known",
            "keep scanning: give more frames of the animation, which ones does not matter",
        )
    for outcome, remedy in _REFUSALS.items():
        sighting = first.get(outcome)
        if sighting is not None:
            return InputRefused(sighting.code, f"{sighting.place}: {sighting.detail}", remedy)
    return InputRefused("qr-not-found", "nothing was shown to scan", NO_CODE_ADVICE)
