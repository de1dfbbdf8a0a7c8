"""What the checks found, as data: for people as a list, for programs as JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from coldlever.broadcaster.venue import Standing
from coldlever.broadcaster.venue.authority import Acted
from coldlever.shared.action import Address, MarketEntry, Signable
from coldlever.shared.errors import ColdleverError, RuleRefused
from coldlever.shared.message import SignedPayload
from coldlever.shared.message.check_words import Subject
from coldlever.shared.message.signed import Verified


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Args:
        code: which check; stable.
        ok: True or False; None when it was not run.
        detail: one sentence.
        remedy: what to do about a failure, where there is something.
        error: the stable code of the refusal, when `ok` is False.
        is_caution: True for a check that passes but wants attention.
    """

    code: str
    ok: bool | None
    detail: str
    remedy: str | None = None
    error: str | None = None
    is_caution: bool = False

    def to_wire(self) -> dict[str, object]:
        """The finding as JSON; a caution is its ``warning``."""
        wire: dict[str, object] = {"code": self.code, "ok": self.ok, "detail": self.detail}
        if self.remedy is not None:
            wire["remedy"] = self.remedy
        if self.error is not None:
            wire["error"] = self.error
        if self.is_caution:
            wire["warning"] = True
        return wire

    def to_refusal(self) -> ColdleverError:
        """A failed check as the error that ends a command."""
        return RuleRefused(self.error or self.code, self.detail, self.remedy)


@lru_cache(maxsize=1024)
def passed(code: str, detail: str) -> Finding:
    """A check that holds; many payloads of a run are told the same, and share it."""
    return Finding(code, ok=True, detail=detail)


@lru_cache(maxsize=64)
def not_run(code: str, reason: str) -> Finding:
    """A check that could not be run; shared like those that passed."""
    return Finding(code, ok=None, detail=f"not run: {reason}")


def caution(code: str, detail: str) -> Finding:
    """A check that holds but wants attention."""
    return Finding(code, ok=True, detail=detail, is_caution=True)


def failed(code: str, error: RuleRefused) -> Finding:
    """A check that does not hold."""
    return Finding(code, ok=False, detail=error.message, remedy=error.remedy, error=error.code)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one action; a check that learns more returns new ones.

    Args:
        signable: the action.
        payload: with its signature; None for a draft.
        signer: recovered, or None when the signature does not hold.
        proven: what the signature proves, or None like the signer; of a draft, always None.
        acted: whom it lands on, or None when unknown.
        market: the market's entry, or None when unknown.
        standing: setting and position in force, or None when unknown.
        is_position_read: the position is known, or that there is none; the setting is so where
            `standing` is.
        open_before: nonces of payloads for the same account and market that were sent and may
            still land.
        newest_sent: the highest nonce that was sent there before; 0 for none.
    """

    signable: Signable
    payload: SignedPayload | None = None
    signer: Address | None = None
    acted: Acted | None = None
    market: MarketEntry | None = None
    standing: Standing | None = None
    is_position_read: bool = False
    open_before: tuple[int, ...] = ()
    newest_sent: int = 0
    proven: Verified | None = None

    @property
    def action_hash(self) -> bytes:
        """32 bytes."""
        return self.signable.action_hash() if self.proven is None else self.proven.action_hash

    @property
    def account(self) -> Address | None:
        """The account, vault or sub-account the action changes."""
        return None if self.acted is None else self.acted.account


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about one action, with what was learnt on the way.

    Args:
        facts: what was learnt.
        findings: in the order of the checks.
    """

    facts: Facts
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """No check failed; some may not have been run."""
        return all(finding.ok is not False for finding in self.findings)

    @property
    def is_complete(self) -> bool:
        """There were checks, and every one was run and passed."""
        return bool(self.findings) and all(finding.ok for finding in self.findings)

    @property
    def subject(self) -> Subject | None:
        """What the check words are of; None while no signer is known."""
        facts = self.facts
        if facts.signer is None:
            return None
        digest = facts.signable.digest() if facts.proven is None else facts.proven.digest
        return Subject(digest, facts.signer)

    @property
    def first_failure(self) -> Finding | None:
        """The first check that failed."""
        return next((finding for finding in self.findings if finding.ok is False), None)

    def plus(self, finding: Finding) -> Report:
        """With one finding more."""
        return replace(self, findings=(*self.findings, finding))
