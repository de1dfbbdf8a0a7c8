"""What is written beside a code: the step, the change, and the words to compare."""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.action import MarketEntry, MarketTable, Signable
from coldlever.shared.message import Request, SignedPayload
from coldlever.shared.message.any import Message
from coldlever.shared.message.approvals_file import ApprovalsFile
from coldlever.shared.message.check_words import Subject, check_words
from coldlever.shared.message.policy_change import PolicyChange
from coldlever.shared.message.request import RequestFile
from coldlever.shared.message.review import describe_change, name_action
from coldlever.shared.qr.draw.caption import Caption

_WORDS_A_LINE = 4


def caption_of(message: Message) -> Caption:
    """The caption of a message's codes.

    It is computed from the content, like a review, and shorter. Whoever scans the code sees the
    review of what was scanned, and goes by that.

    Args:
        message: whatever is handed over.

    Raises:
        RuleRefused: ``market-mismatch`` or ``asset-class``.
    """
    if isinstance(message, RequestFile):
        step = f"1 of 3: {_counted(len(message.requests), 'request')}, to the offline machine"
        return _of_actions(step, message.requests)
    if isinstance(message, MarketTable | MarketEntry):
        count = 1 if isinstance(message, MarketEntry) else len(message.entries)
        return Caption((f"{_counted(count, 'market')}, to the offline machine",))
    if isinstance(message, ApprovalsFile):
        return Caption(("approvals, to the machine that signs",))
    if isinstance(message, PolicyChange):
        return Caption(("change of policy, to those who approve it and to the machine that signs",))
    step = f"2 of 3: {_counted(len(message.payloads), 'signed payload')}, to the online machine"
    return _of_actions(step, message.payloads)


def _of_actions(step: str, items: Sequence[Request] | Sequence[SignedPayload]) -> Caption:
    lines = [step]
    if len(items) == 1:
        signable = items[0].signable
        lines.append(f"{signable.network.value.upper()}, {_summary(items[0], signable)}")
    subjects = [
        Subject(item.signable.digest(), item.signer) for item in items if item.signer is not None
    ]
    if len(subjects) == len(items):
        words = check_words(subjects)
        lines += (
            " ".join(words[start : start + _WORDS_A_LINE])
            for start in range(0, len(words), _WORDS_A_LINE)
        )
    return Caption(tuple(lines))


def _summary(item: Request | SignedPayload, signable: Signable) -> str:
    entry = item.market if isinstance(item, Request) else None
    name = name_action(signable, entry)
    change = describe_change(signable, item.signer)
    return change if name is None else f"{name}: {change}"


def _counted(count: int, noun: str) -> str:
    return noun if count == 1 else f"{count:,} {noun}s"
