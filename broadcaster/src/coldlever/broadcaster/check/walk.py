"""One check after the other, from facts to findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coldlever.broadcaster.check.report import Facts, Finding, Report, failed, passed
from coldlever.shared.errors import RuleRefused


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold.

    Args:
        code: stable.
        judge: what it finds in the facts: a finding, or what a passed check says; or it refuses.
        learn: adds to the facts first, or refuses; None where there is nothing to learn.
    """

    code: str
    judge: Callable[[Facts], Finding | str]
    learn: Callable[[Facts], Facts] | None = None

    def run(self, facts: Facts) -> tuple[Facts, Finding]:
        """What is known afterwards, whatever the finding, and the finding."""
        known = facts
        try:
            if self.learn is not None:
                known = self.learn(facts)
            found = self.judge(known)
        except RuleRefused as error:
            return known, failed(self.code, error)
        return known, passed(self.code, found) if isinstance(found, str) else found


def run_all(checks: tuple[Check, ...], facts: Facts) -> Report:
    """Run every check, also after one that fails."""
    findings = []
    for check in checks:
        facts, finding = check.run(facts)
        findings.append(finding)
    return Report(facts, tuple(findings))
