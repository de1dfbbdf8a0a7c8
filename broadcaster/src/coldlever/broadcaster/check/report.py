"""What the checks found, as data: for people as a list, for programs as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from coldlever.broadcaster.venue import Standing
from coldlever.shared.action import Address, MarketEntry, Signable
from coldlever.shared.errors import ColdleverError, RuleRefused
from coldlever.shared.message import SignedPayload
from coldlever.shared.message.check_words import Subject


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Args:
        code: which check; stable.
        ok: True or False; None when it was not run.
        detail: one sentence.
        remedy: what to do about a failure, where there is something.
        error: the stable code of the refusal, when `ok` is False.
        warning: True for a check that passes but wants attention.
    """

    code: str
    ok: bool | None
    detail: str
    remedy: str | None = None
    error: str | None = None
    warning: bool = False

    def to_wire(self) -> dict[str, object]:
        """The finding as JSON."""
        wire: dict[str, object] = {"code": self.code, "ok": self.ok, "detail": self.detail}
        if self.remedy is not None:
            wire["remedy"] = self.remedy
        if self.error is not None:
            wire["error"] = self.error
        if self.warning:
            wire["warning"] = True
        return wire

    def to_refusal(self) -> ColdleverError:
        """A failed check as the error that ends a command."""
        return RuleRefused(self.error or self.code, self.detail, self.remedy)


@dataclass(slots=True)
class Report:
    """All findings about one action, with what was learnt on the way.

    Args:
        signable: the action that was checked.
        payload: with its signature; None for a draft.
        findings: in the order of the checks.
        signer: recovered, or None when the signature does not hold.
        account: the account, vault or sub-account the action changes, or None when unknown.
        market: the market's entry, or None when unknown.
        standing: setting and position in force, or None when unknown.
    """

    signable: Signable
    payload: SignedPayload | None
    findings: list[Finding] = field(default_factory=list)
    signer: Address | None = None
    account: Address | None = None
    market: MarketEntry | None = None
    standing: Standing | None = None

    @property
    def ok(self) -> bool:
        """No check failed; some may not have been run."""
        return all(finding.ok is not False for finding in self.findings)

    @property
    def complete(self) -> bool:
        """Every check was run and passed."""
        return all(finding.ok for finding in self.findings)

    @property
    def subject(self) -> Subject | None:
        """What the check words are of; None while no signer is known."""
        return None if self.signer is None else Subject(self.signable.digest(), self.signer)

    @property
    def first_failure(self) -> Finding | None:
        """The first check that failed."""
        return next((finding for finding in self.findings if finding.ok is False), None)
