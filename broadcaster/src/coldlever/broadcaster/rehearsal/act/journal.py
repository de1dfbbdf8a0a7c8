"""The journal: every request to ``/exchange`` and what became of it, for trainers and tests."""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass

from coldlever.shared.action import Address
from coldlever.shared.reading.hexadecimal import to_0x


class Outcome(enum.Enum):
    """What became of a request."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    MALFORMED = "malformed"
    # A fault or the rate limit kept it from the engine.
    NOT_EXECUTED = "not-executed"
    # A client went where a redirect pointed; ours must not.
    REDIRECT_FOLLOWED = "redirect-followed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    Args:
        time: the exchange's time, ms since the epoch.
        outcome: what became of it.
        sentence: the refusal, verbatim, when it was refused or malformed.
        fault: the kind of fault that was played on it, or "rate-limit".
        signer: the recovered address, as far as it came to that.
        account: the account it acted on, as far as it came to that.
        action_type: such as "updateLeverage".
        nonce: as sent.
        action_hash: 32 bytes.
        admitted: whether it used up its nonce, accepted or not.
    """

    time: int
    outcome: Outcome
    sentence: str | None = None
    fault: str | None = None
    signer: Address | None = None
    account: Address | None = None
    action_type: str | None = None
    nonce: int | None = None
    action_hash: bytes | None = None
    admitted: bool = False

    def to_wire(self) -> dict[str, object]:
        """The entry as JSON; what is not known is null."""
        return {
            "time": self.time,
            "outcome": self.outcome.value,
            "sentence": self.sentence,
            "fault": self.fault,
            "signer": None if self.signer is None else self.signer.lower,
            "account": None if self.account is None else self.account.lower,
            "actionType": self.action_type,
            "nonce": self.nonce,
            "actionHash": None if self.action_hash is None else to_0x(self.action_hash),
            "admitted": self.admitted,
        }


class Journal:
    """Entries in the order the exchange dealt with them; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    def write(self, entry: Entry) -> None:
        """Append one entry."""
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[Entry]:
        """All entries so far, oldest first."""
        with self._lock:
            return list(self._entries)

    def count(self, outcome: Outcome) -> int:
        """How many requests ended so."""
        return sum(entry.outcome is outcome for entry in self.entries())

    def clear(self) -> None:
        """Forget all entries."""
        with self._lock:
            self._entries.clear()
