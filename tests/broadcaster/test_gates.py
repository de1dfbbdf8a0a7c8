"""What may be posted is a type of its own, and only checks that all passed make one."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace

import pytest

from coldlever.broadcaster.check.checker import Blocked, Checker, Cleared, Foresight
from coldlever.broadcaster.check.report import Report
from coldlever.broadcaster.post.lock import MarketLock
from coldlever.broadcaster.post.poster import Poster
from coldlever.broadcaster.venue.authority import account_acted_for


@pytest.fixture
def ledger(desk):
    with closing(desk.ledger()) as one:
        yield one


@pytest.fixture
def checker(desk, ledger):
    reader = desk.reader()
    return Checker(ledger, reader.api.venue.key, desk.time, reader)


@pytest.fixture
def poster(desk, ledger):
    return Poster(
        desk.reader(),
        ledger,
        MarketLock(desk.state / "locks", desk.naps.append),
        lambda: desk.time,
        sleep=desk.naps.append,
        monotonic=time.monotonic,
    )


@pytest.fixture
def nothing_happened(desk, ledger):
    """That no row was written and no request sent."""

    def holds() -> bool:
        return ledger.rows() == [] and desk.requests() == 0

    return holds


def test_what_passes_every_check_is_cleared_and_can_be_posted(desk, checker, poster):
    payload = desk.sign()
    cleared = checker.run(payload)
    assert type(cleared) is Cleared
    assert (cleared.payload, cleared.account, cleared.market.coin) == (
        payload,
        desk.user.address,
        "BTC",
    )
    assert poster.post(cleared).row.verdict.value == "confirmed"


@pytest.mark.parametrize("options", [{"nonce": 1}, {"expires_after": 1}])
def test_what_fails_a_check_is_blocked_and_cannot_be_posted(
    desk, checker, poster, nothing_happened, options
):
    blocked = checker.run(desk.sign(**options))
    assert type(blocked) is Blocked
    assert blocked.refusal is not None
    with pytest.raises(TypeError):
        poster.post(blocked)
    assert nothing_happened()


def test_what_could_not_be_checked_is_blocked_although_nothing_failed(desk, ledger, checker):
    blocked = Checker(ledger, "testnet", desk.time, None).run(desk.sign())
    assert type(blocked) is Blocked
    assert blocked.report.ok
    assert blocked.refusal is None


def test_an_empty_report_is_not_complete(desk, checker):
    cleared = checker.run(desk.sign())
    assert cleared.report.is_complete
    assert not Report(cleared.report.facts).is_complete


def test_a_drafts_foresight_is_no_leave_to_post(desk, checker, poster, nothing_happened):
    payload = desk.sign()
    acted = account_acted_for(desk.reader(), desk.user.address, None, desk.time)
    foresight = checker.foresee(payload.signable, desk.user.address, acted)
    assert type(foresight) is Foresight
    assert foresight.objections == ()
    with pytest.raises(TypeError):
        poster.post(foresight)
    assert nothing_happened()


def test_nobody_but_a_checker_makes_a_cleared(desk, checker):
    cleared = checker.run(desk.sign())
    parts = {
        name: getattr(cleared, name)
        for name in ("report", "payload", "account", "market", "venue_key", "turn")
    }
    other = desk.sign(nonce=1)
    with pytest.raises(TypeError):
        Cleared(**parts)
    for seal in (None, object(), True, cleared):
        with pytest.raises(TypeError):
            Cleared(**parts, seal=seal)
        with pytest.raises(TypeError):
            replace(cleared, payload=other, seal=seal)
    with pytest.raises((TypeError, ValueError), match="seal"):
        replace(cleared, payload=other)
    with pytest.raises(FrozenInstanceError):
        cleared.payload = other
    with pytest.raises(TypeError):
        type("Also", (Cleared,), {})


def test_what_only_looks_cleared_is_not_posted(desk, checker, poster, nothing_happened):
    cleared = checker.run(desk.sign())
    looks = SimpleNamespace(
        report=cleared.report,
        payload=cleared.payload,
        account=cleared.account,
        market=cleared.market,
        venue_key=cleared.venue_key,
    )
    for thing in (looks, cleared.report, cleared.payload, None):
        with pytest.raises(TypeError):
            poster.post(thing)
    with pytest.raises(AttributeError):
        poster.post(object.__new__(Cleared))
    assert nothing_happened()


def test_what_was_cleared_for_one_venue_is_not_posted_to_another(
    desk, ledger, poster, nothing_happened
):
    reader = desk.reader()
    elsewhere = Checker(ledger, "testnet@http://127.0.0.1:9", desk.time, reader)
    cleared = elsewhere.run(desk.sign())
    assert type(cleared) is Cleared
    with pytest.raises(ValueError, match="another"):
        poster.post(cleared)
    assert nothing_happened()


def test_checks_change_nothing_that_they_are_given(desk, checker):
    payload = desk.sign()
    first, second = checker.run(payload), checker.run(payload)
    assert first == second
    late = first.blocked_by(replace(first.report.findings[0], ok=False, error="expired"))
    assert type(late) is Blocked
    assert late.refusal.code == "expired"
    assert first == second, "the report that was added to stays as it was"


def test_going_on_with_an_open_row_needs_no_checks_and_sends_the_same_bytes(
    desk, ledger, checker, poster
):
    desk.exchange.inject("drop", count=6)
    first = poster.post(checker.run(desk.sign()))
    assert first.row.state.value == "open"
    again = poster.resume(first.row)
    assert again.row.verdict.value == "confirmed"
    assert again.row.envelope == first.row.envelope
    assert poster.resume(first.row).already
    assert desk.accepted() == 1
