"""The policy that a run is judged by, and the approvals that its payloads came with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from coldlever.broadcaster.check.report import Facts, Finding, failed
from coldlever.broadcaster.ledger import Ledger
from coldlever.shared.action import Address, Setting, Signable
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import SignedPayload
from coldlever.shared.message.approving import item_of
from coldlever.shared.policy import Approved, Circumstances, Policy, daily_problem, judge
from coldlever.shared.policy.docket import Hearing, Sheet, hearings


@dataclass(frozen=True, slots=True)
class Board:
    """A policy with the cases of one run.

    Args:
        policy: in force.
        places: for each payload's digest its case, and its position in it; none for a noop.
    """

    policy: Policy
    places: Mapping[bytes, tuple[Hearing, int]]

    def judge(
        self, signable: Signable, now: int, current: Setting | None, *, is_read: bool
    ) -> Approved:
        """Leave to post one payload.

        Args:
            signable: one of the run's.
            now: the time to judge by, ms since the epoch.
            current: the setting in force, or None.
            is_read: it was read on the exchange.

        Raises:
            RuleRefused: ``policy-refused``, ``approvals-missing``, ``approval-invalid`` or
                ``policy-mismatch``.
        """
        hearing, position = self.places[signable.digest()]
        currents = tuple(current if number == position else None for number in range(hearing.size))
        # A code leaves the proposal out: who proposed is the signer's to check.
        around = Circumstances(
            now, currents, is_current_read=is_read, needs_proposal=False, only=position
        )
        return judge(self.policy, hearing.case, hearing.approvals, around)

    def again(self, facts: Facts, now: int) -> Finding | None:
        """What stands against a payload that had passed: an approval may have ended since.

        Nothing does against a noop, which none of them is about.

        Args:
            facts: as they were found.
            now: the time to judge by, ms since the epoch.
        """
        if facts.signable.what is What.REVOCATION:
            return None
        current = None if facts.standing is None else facts.standing.setting
        is_read = facts.standing is not None
        try:
            self.judge(facts.signable, now, current, is_read=is_read)
        except RuleRefused as error:
            return failed("policy", error)
        return None

    def daily_problem(
        self, ledger: Ledger, venue_key: str, signer: Address, now: int
    ) -> RuleRefused | None:
        """``policy-refused`` for more changes a day than allowed, those of this run included."""
        limit = self.policy.limits.a_day
        if limit is None:
            return None
        rows = [
            row
            for row in ledger.rows()
            if (row.key.venue, row.key.signer) == (venue_key, signer)
            and row.key.what is What.PAYLOAD
        ]
        known = {row.key.nonce for row in rows}
        own = {
            hearing.case.signables[position].nonce
            for hearing, position in self.places.values()
            if hearing.case.signer == signer
        }
        recorded = [row.reserved_at for row in rows]
        return daily_problem(limit, sorted(known), recorded, sorted(own - known), now)


def make_board(
    policy: Policy, payloads: Sequence[SignedPayload], sheets: Sequence[Sheet], *, is_batch: bool
) -> Board:
    """The board of a run.

    Args:
        policy: in force.
        payloads: of the run, in order.
        sheets: approvals that came in files of their own.
        is_batch: several, or one in an array.

    Raises:
        RuleRefused: ``approval-invalid`` for approvals of something else, ``batch-mixed`` or
            ``signature-invalid``.
    """
    items = [item_of(payload) for payload in payloads]
    places: dict[bytes, tuple[Hearing, int]] = {}
    for one in hearings(items, sheets, is_batch=is_batch):
        for position, signable in enumerate(one.case.signables):
            places[signable.digest()] = (one, position)
    return Board(policy, places)


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """The check that the policy is kept and the payload approved.

    Args:
        board: of the run, or None without a policy.
        ledger: what this machine knows to have been posted.
        venue_key: what the ledger files the venue's posts under.
        now: the time to judge by, ms since the epoch.
        days: what was found about the day's changes of each signer, asked once a run.
    """

    board: Board | None
    ledger: Ledger
    venue_key: str
    now: int
    days: dict[Address, RuleRefused | None] = field(default_factory=dict)

    def judge(self, facts: Facts) -> Finding | str:
        """What the policy says, by the setting that was read on the exchange."""
        if self.board is None:
            return "no policy is in force here"
        if facts.signer is None:
            return Finding("policy", ok=None, detail="not run: needs a valid signature")
        self._require_daily(self.board, facts.signer)
        is_read = facts.standing is not None
        current = None if facts.standing is None else facts.standing.setting
        try:
            leave = self.board.judge(facts.signable, self.now, current, is_read=is_read)
        except RuleRefused as error:
            # Only more approvals than are there, and a lowering may need fewer.
            if is_read or error.code != "approvals-missing":
                raise
            gap = f"not run: the setting in force was not read; without it: {error.message}"
            return Finding("policy", ok=None, detail=gap)
        assert leave.standing is not None, "there is a policy"
        return leave.standing.sentence

    def _require_daily(self, board: Board, signer: Address) -> None:
        if signer not in self.days:
            found = board.daily_problem(self.ledger, self.venue_key, signer, self.now)
            self.days[signer] = found
        problem = self.days[signer]
        if problem is not None:
            raise problem
