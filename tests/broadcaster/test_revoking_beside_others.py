"""A revocation changes no market: no policy, no order and no other payload holds it up."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from coldlever.broadcaster.fate import Event, NonceState
from coldlever.broadcaster.ledger.row import NonceKey
from coldlever.broadcaster.ledger.turn import Turn
from coldlever.broadcaster.post.lock import MarketLock
from coldlever.broadcaster.rehearsal import Outcome
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message.approving import item_of
from coldlever.shared.policy import load_policy
from coldlever.shared.policy.docket import hearings
from coldlever.shared.statement import merge
from tests.shared.approving import policy_text, say

pytestmark = pytest.mark.both_engines

NOOP = {"type": "noop"}
FREE = '[[rule]]\nname = "free"\nneeds = "nobody"\n'
NOBODY_MAY = '[[rule]]\nname = "nothing at all"\nrefuse = true\n'
STRICT = '[limits]\nnetworks = ["mainnet"]\nceiling = 1\nexpiry-required = true\n'


@pytest.fixture
def binding(desk):
    """Lays a policy into the state folder, where it binds every run."""

    def lay(**parts):
        text = policy_text(**parts)
        (desk.state / "policy.toml").write_text(text)
        return load_policy(text.encode(), "policy.toml")

    return lay


@pytest.fixture
def noop_of(desk):
    """The signed revocation of a payload, or of a nonce."""

    def sign(original):
        nonce = original if isinstance(original, int) else original.signable.nonce
        return desk.sign(NOOP, nonce=nonce, expires_after=None)

    return sign


@pytest.fixture
def left_open(desk, action):
    """A BTC payload without an answer, which has not arrived."""
    payload = desk.sign(action.leverage(5), nonce=desk.time + 1)
    desk.exchange.inject("drop")
    assert desk.post(desk.save(payload, name="old.json"), "--retry-for", "0").status == 7
    return payload


def states(desk):
    with closing(desk.ledger()) as ledger:
        return {(row.key.nonce, row.key.what.value): row.state.value for row in ledger.rows()}


@pytest.mark.parametrize(
    "parts", [{}, {"limits": STRICT}, {"rules": NOBODY_MAY}], ids=["approvals", "limits", "rule"]
)
def test_no_policy_holds_a_revocation_up(desk, action, binding, noop_of, parts):
    binding(**parts)
    file = desk.save(noop_of(desk.sign(action.leverage(30))), name="noop.json")
    found = {one["code"] for one in desk.check(file).document["checks"]}
    assert found.isdisjoint({"policy", "order"})
    assert desk.post(file).status == 0
    assert desk.exchange.journal.count(Outcome.ACCEPTED) == 1


def test_beside_a_revocation_a_change_still_needs_its_approvals(desk, action, binding, noop_of):
    policy = binding(limits='[limits]\nnetworks = ["testnet"]\n')
    noop = noop_of(desk.time + 7)
    change = desk.sign(action.leverage(30))
    shown = desk.post(desk.save(noop, change))
    assert (shown.status, shown.document[1]["code"]) == (4, "approvals-missing")
    assert desk.requests() == 0
    (one,) = hearings([item_of(change)], (), is_batch=True)
    said = merge(say(policy, one.case, n, not_after=one.case.end) for n in ("alice", "carol"))
    shown = desk.post(desk.save(noop, replace(change, approvals=tuple(said))))
    assert (shown.status, [one["status"] for one in shown.document]) == (
        0,
        ["accepted", "confirmed"],
    )


def test_revocations_are_no_changes_of_the_day(desk, action, binding, noop_of):
    binding(limits="[limits]\nchanges-a-day = 1\n", rules=FREE)
    for number in range(3):
        assert desk.post(desk.save(noop_of(desk.time + number), name="n.json")).status == 0
    first = desk.sign(action.leverage(9), nonce=desk.time + 10)
    assert desk.post(desk.save(first, name="1.json")).status == 0
    second = desk.save(desk.sign(action.leverage(8), nonce=desk.time + 11), name="2.json")
    assert desk.post(second).document["error"]["code"] == "policy-refused"
    assert desk.post(desk.save(noop_of(desk.time + 11), name="n.json")).status == 0


def test_an_open_payload_of_the_market_holds_no_revocation_up(desk, action, noop_of, left_open):
    other = desk.sign(action.leverage(6), nonce=desk.time + 2)
    refused = desk.post(desk.save(other, name="other.json"))
    assert refused.document["code"] == "older-open"
    assert "revoke" in refused.document["error"]["remedy"]
    assert desk.post(desk.save(noop_of(other), name="noop.json")).status == 0
    assert states(desk)[left_open.signable.nonce, "payload"] == "open"


def test_the_revocation_of_what_is_open_clears_its_market(desk, action, noop_of, left_open):
    new = desk.save(desk.sign(action.leverage(6), nonce=desk.time + 2), name="new.json")
    assert desk.post(new).document["code"] == "older-open"
    assert desk.post(desk.save(noop_of(left_open), name="noop.json")).status == 0
    assert states(desk)[left_open.signable.nonce, "payload"] == "dead"
    assert (desk.post(new).status, desk.setting()) == (0, (True, 6))


def test_an_open_revocation_is_nothing_that_a_change_has_to_wait_for(desk, action, noop_of):
    desk.exchange.inject("drop")
    noop = desk.save(noop_of(desk.time + 1), name="noop.json")
    assert desk.post(noop, "--retry-for", "0").status == 7
    change = desk.sign(action.leverage(6), nonce=desk.time + 2)
    assert desk.post(desk.save(change, name="change.json")).status == 0


@pytest.mark.file_ledger
def test_an_attempt_asks_in_its_own_transaction_whether_it_is_revoked(desk, noop_of, left_open):
    """As two processes would meet: one has looked already, the other records its revocation."""
    with closing(desk.ledger()) as ledger:
        (seen,) = ledger.rows()
        noop = replace(
            seen,
            key=replace(seen.key, what=What.REVOCATION),
            coin="",
            state=NonceState.UNSENT,
            attempts=0,
            unanswered=0,
        )
        ledger.reserve(noop)
        for turn in (None, Turn(), Turn(frozenset({seen.key.nonce}))):
            with pytest.raises(RuleRefused) as caught:
                ledger.begin_attempt(seen, desk.time, turn=turn)
            assert caught.value.code == "nonce-revoked"
        assert ledger.find(seen.key) == seen
        begun = ledger.begin_attempt(noop, desk.time, turn=Turn(newest=0))
        ledger.record_answer(
            begun,
            NonceState.SPENT_ACCEPTED,
            desk.time,
            event=Event.ACCEPTED,
            code="accepted",
            sentence="ok",
            answer=b"{}",
        )
        assert ledger.find(NonceKey(seen.key.venue, seen.key.signer, seen.key.nonce)).state is (
            NonceState.DEAD
        )


def test_a_run_with_a_revocation_keeps_the_order_given(desk, action, noop_of):
    first = desk.sign(action.leverage(5, asset=3), nonce=desk.time + 1)
    noop = noop_of(desk.time + 5)
    last = desk.sign(action.leverage(6, asset=4), nonce=desk.time + 9)
    shown = desk.post(desk.save(first, noop, last))
    assert shown.status == 0, shown.stderr
    assert [one["status"] for one in shown.document] == ["confirmed", "accepted", "confirmed"]
    sent = [entry.nonce for entry in desk.exchange.journal.entries()]
    assert sent == sorted(sent)
    assert len(sent) == 3


def test_many_revocations_go_in_one_run_and_settle_what_is_open(desk, action, noop_of):
    payloads = []
    for number, asset in enumerate((3, 4)):
        payload = desk.sign(action.leverage(7, asset=asset), nonce=desk.time + number)
        desk.exchange.inject("drop")
        file = desk.save(payload, name=f"{number}.json")
        assert desk.post(file, "--retry-for", "0").status == 7
        payloads.append(payload)
    shown = desk.post(desk.save(*map(noop_of, payloads)))
    assert (shown.status, {one["status"] for one in shown.document}) == (0, {"accepted"})
    assert {one["killed"]["nonceState"] for one in shown.document} == {"dead"}


def test_an_open_revocation_in_a_run_is_gone_on_with(desk, action, noop_of):
    desk.exchange.inject("drop")
    noop = noop_of(desk.time + 1)
    assert desk.post(desk.save(noop, name="noop.json"), "--retry-for", "0").status == 7
    change = desk.sign(action.leverage(6), nonce=desk.time + 2)
    shown = desk.post(desk.save(noop, change, name="both.json"))
    assert [one["status"] for one in shown.document] == ["accepted", "confirmed"]


def test_two_changes_with_one_nonce_are_still_refused_beside_its_revocation(desk, action, noop_of):
    first = desk.sign(action.leverage(5), nonce=desk.time + 1)
    second = desk.sign(action.leverage(6), nonce=desk.time + 1)
    shown = desk.post(desk.save(noop_of(first), first, second))
    assert (shown.status, shown.document[2]["code"]) == (4, "nonce-twice")
    assert desk.requests() == 0


@pytest.mark.file_ledger
def test_a_revocation_waits_for_whoever_posts_at_the_market_of_its_original(
    desk, noop_of, left_open
):
    """It is recorded first: who is at it stops repeating, and still has its answer recorded."""
    with closing(desk.ledger()) as ledger:
        (row,) = ledger.rows()
        naps = []

        def look(seconds):
            naps.append(seconds)
            if len(naps) == 1:
                assert ledger.is_revoked(row.key)
                assert desk.requests() == 1
                holder.release(taken)

        holder = MarketLock(desk.state / "locks", lambda _: None)
        taken = holder.acquire(row.place)
        desk.machine = replace(desk.machine, sleep=look)
        file = desk.save(noop_of(left_open), name="noop.json")
        assert desk.post(file).status == 0
        assert naps
    assert json.loads(Path(file).read_text())["payload"]["action"] == NOOP


@pytest.mark.file_ledger
def test_a_run_with_payloads_waits_for_all_its_markets_before_it_records_a_revocation(
    desk, action, noop_of, left_open
):
    """So that two runs that revoke what the other posts cannot wait for each other."""
    with closing(desk.ledger()) as ledger:
        (row,) = ledger.rows()
        holder, held = MarketLock(desk.state / "locks", lambda _: None), []

        def look(_seconds):
            if held:
                assert not ledger.is_revoked(row.key)
                holder.release(held.pop())

        held.append(holder.acquire(row.place))
        desk.machine = replace(desk.machine, sleep=look)
        change = desk.sign(action.leverage(6, asset=4), nonce=desk.time + 3)
        shown = desk.post(desk.save(noop_of(left_open), change, name="both.json"))
        assert not held
        assert [one["status"] for one in shown.document] == ["accepted", "confirmed"]
