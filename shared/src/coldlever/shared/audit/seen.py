"""A chain's head as people read it to each other: ``57:9f3a-11c2-77ab-04de``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coldlever.shared.audit.chain import Head
from coldlever.shared.errors import UsageRefused
from coldlever.shared.printable import quoted

SHOWN_BYTES = 8
_GROUP = 4
_HEAD = re.compile(r"(0|[1-9][0-9]{0,15}):(?:0x)?([0-9a-f]{16}(?:[0-9a-f]{2}){0,24})")


@dataclass(frozen=True, slots=True)
class HeadClaim:
    """A head that somebody has seen.

    Args:
        position: of the last event then.
        begins: the first 8 to 32 bytes of its link.
    """

    position: int
    begins: bytes

    def fits(self, head: Head) -> bool:
        """Whether this head is the one that was seen."""
        return head.position == self.position and head.link.startswith(self.begins)


def head_text(head: Head) -> str:
    """The position and the first 8 bytes of the link, in groups for the eye."""
    digits = head.link[:SHOWN_BYTES].hex()
    groups = (digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP))
    return f"{head.position}:{'-'.join(groups)}"


def parse_head_text(text: str) -> HeadClaim:
    """What `head_text` has written, or with more digits of the link; hyphens do not count.

    Raises:
        UsageRefused: ``bad-head``.
    """
    found = _HEAD.fullmatch(text.replace("-", "").lower())
    if found is None:
        raise UsageRefused(
            "bad-head",
            f"found {quoted(text, limit=90)}, expected a head such as 57:9f3a-11c2-77ab-04de: the "
            "position and at least 16 hexadecimal digits",
            "copy it from a receipt, from the check screen or from `audit show`",
        )
    return HeadClaim(int(found[1]), bytes.fromhex(found[2]))
