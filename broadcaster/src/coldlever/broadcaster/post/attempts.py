"""What an answer means when attempts with the same bytes went before it.

The exchange takes a nonce once. So "duplicate nonce" after an attempt of our own means that it
arrived, and a refusal that says nothing about the nonce leaves open whether it did.
"""

from __future__ import annotations

from dataclasses import replace

from coldlever.broadcaster.venue import Ruling, Verdict

_SUFFIX = "-after-attempt"
# After these no attempt can land any more, and sending again would only cost rate limit. Whether
# an earlier attempt had landed shows in the account, or a person decides (`resolve --close`).
TIME_HAS_SETTLED = frozenset({f"expired{_SUFFIX}", f"nonce-refused{_SUFFIX}"})


def in_context(ruling: Ruling, attempt: int) -> Ruling:
    """Read an answer in the light of our own earlier attempts with the same bytes.

    Args:
        ruling: the answer by itself.
        attempt: which attempt it answers, counted from 1.
    """
    if attempt == 1 and ruling.verdict is Verdict.DUPLICATE:
        # Nothing of ours was under way: somebody else has used this nonce.
        return replace(ruling, verdict=Verdict.REFUSED)
    if attempt == 1 or ruling.proves_absence:
        return ruling
    if ruling.verdict is Verdict.DUPLICATE:
        return Ruling(
            Verdict.DUPLICATE,
            "accepted-earlier",
            "an earlier attempt arrived: the exchange knows this nonce already",
            None,
            ruling.raw,
        )
    return Ruling(
        Verdict.UNKNOWN,
        ruling.code + _SUFFIX,
        ruling.sentence,
        ruling.advice,
        ruling.raw,
    )


def may_be_repeated(ruling: Ruling) -> bool:
    """Whether the same bytes may get another answer; a refusal, whatever it proves, never does."""
    is_open = ruling.verdict in (Verdict.UNKNOWN, Verdict.BUSY)
    return is_open and not ruling.code.endswith(_SUFFIX)
