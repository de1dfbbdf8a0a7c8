"""Words for two people to compare, of everything that gets signed and of who signs it.

    words  = the first sixteen bytes of keccak256(tag || subjects), one byteword each
    answer = the first five bytes of keccak256(tag || challenge || subjects), one byteword each

The tag is ``coldlever/check/2``; the challenge is four bytewords with single spaces between. A
subject is the EIP-712 digest (it holds the network) and the signer's address; several subjects
follow their number, a u32. docs/formats.md fixes the bytes, docs/threat-model.md says what the
words can and cannot withstand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coldlever.shared.action import Address
from coldlever.shared.action.keccak import keccak256
from coldlever.shared.errors import UsageRefused
from coldlever.shared.printable import quoted
from coldlever.shared.ur.bytewords import WORDS, words_of

CHECK_WORDS = 16
CHALLENGE_WORDS = 4
ANSWER_WORDS = 5
WITHOUT_SIGNER = "no signer is named, and the words are those of a request and its signer"
_TAG = b"coldlever/check/2"
_KNOWN = frozenset(WORDS)


@dataclass(frozen=True, slots=True)
class Subject:
    """What the words are of.

    Args:
        digest: the 32 bytes that get signed.
        signer: who signs, or has signed.
    """

    digest: bytes
    signer: Address


@dataclass(frozen=True, slots=True)
class Challenge:
    """Words that nobody could prepare for, drawn after the document was there.

    Args:
        words: four bytewords in lower case.
    """

    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words with single spaces between."""
        return " ".join(self.words)


def check_words(subjects: Sequence[Subject]) -> tuple[str, ...]:
    """Sixteen words for one request, or for a whole batch in its order.

    Args:
        subjects: at least one.
    """
    return words_of(_hash(subjects, "")[:CHECK_WORDS])


def answer_words(subjects: Sequence[Subject], challenge: Challenge) -> tuple[str, ...]:
    """The five words that both machines must show for the same challenge."""
    return words_of(_hash(subjects, challenge.text)[:ANSWER_WORDS])


def draw_challenge(entropy: Callable[[int], bytes]) -> Challenge:
    """A new challenge.

    Args:
        entropy: gives that many random bytes.
    """
    return Challenge(words_of(entropy(CHALLENGE_WORDS)))


def parse_challenge(text: str) -> Challenge:
    """The challenge that somebody was told, in upper or lower case.

    Raises:
        UsageRefused: ``bad-challenge``.
    """
    words = tuple(text.split()) if text.isascii() else (text,)
    lower = tuple(word.lower() for word in words)
    if len(lower) != CHALLENGE_WORDS or not _KNOWN.issuperset(lower):
        unknown = [word for word in words if word.lower() not in _KNOWN]
        found = quoted(unknown[0], limit=40) if unknown else f"{len(words)} words"
        raise UsageRefused(
            "bad-challenge",
            f"--challenge: found {found}, expected {CHALLENGE_WORDS} words of the bytewords list",
            "have the other side read its challenge out again; a file of such a name is given "
            "before the option, or as ./name",
        )
    return Challenge(lower)


def _hash(subjects: Sequence[Subject], challenge: str) -> bytes:
    parts = [_TAG, challenge.encode("ascii")]
    if len(subjects) > 1:
        parts.append(len(subjects).to_bytes(4, "big"))
    for subject in subjects:
        parts += (subject.digest, subject.signer.raw)
    return keccak256(b"".join(parts))


def words_wire(subject: Subject | None) -> dict[str, object]:
    """``checkWords`` of one request for ``--json``: a text of sixteen words, or null and why."""
    if subject is None:
        return {"checkWords": None, "checkWordsReason": WITHOUT_SIGNER}
    return {"checkWords": " ".join(check_words((subject,)))}


def run_wire(
    subjects: Sequence[Subject | None], challenge: Challenge | None, *, is_batch: bool
) -> dict[str, object]:
    """What each item of a ``--json`` run says about the words of the whole run.

    Args:
        subjects: of every item, in order.
        challenge: drawn or typed, or None.
        is_batch: whether the items stand in an array.

    Returns:
        ``batchCheckWords`` in a batch, ``challenge`` where there is one; both null without a
        signer.
    """
    known = [subject for subject in subjects if subject is not None]
    complete = len(known) == len(subjects)
    wire: dict[str, object] = {}
    if is_batch:
        wire["batchCheckWords"] = " ".join(check_words(known)) if complete else None
    if challenge is not None:
        answer = " ".join(answer_words(known, challenge)) if complete else None
        wire["challenge"] = {"words": challenge.text, "answer": answer}
    return wire
