"""Two processes that post the same file at the same time."""

from __future__ import annotations

import json
import time
from contextlib import closing

import pytest

from coldlever.broadcaster.check.checker import Checker
from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.row import Place
from coldlever.broadcaster.post.lock import MarketLock
from coldlever.broadcaster.post.poster import Poster
from coldlever.broadcaster.venue.client import Venue
from coldlever.shared.errors import EnvironmentFault

pytestmark = pytest.mark.slow


@pytest.fixture
def place(desk):
    """The user's market of that name."""
    key = Venue(desk.network, desk.url, is_rehearsal=True).key
    return lambda coin: Place(key, desk.user.address, coin)


@pytest.fixture
def asked(desk):
    """The kinds of questions that the exchange was asked so far."""
    kinds, ask = [], desk.exchange.ask

    def noted(body):
        kinds.append(json.loads(body)["type"])
        return ask(body)

    desk.exchange.ask = noted
    return kinds


@pytest.mark.both_engines
@pytest.mark.parametrize("fault", [None, "lose-answer", "drop"])
def test_two_posts_of_one_file_at_once_send_it_once(desk, fault):
    file = desk.signed_file()
    if fault is not None:
        desk.exchange.inject(fault)
    both = [desk.spawn("post", file, "--json") for _ in range(2)]
    shown = [desk.finish(process) for process in both]
    lost = fault == "lose-answer"
    assert [one.status for one in shown] == [7 if lost else 0] * 2, [one.stderr for one in shown]
    status = "in-effect" if lost else "confirmed"
    assert {one.document["status"] for one in shown} == {status}
    assert sorted(one.document["alreadyPosted"] for one in shown) == [False, True]
    assert desk.accepted() == 1
    assert desk.requests() == (1 if fault is None else 2)
    assert desk.row().state is (NonceState.SPENT if lost else NonceState.SPENT_ACCEPTED)


@pytest.mark.both_engines
def test_a_post_and_a_resolve_at_once_send_it_once(desk):
    file = desk.signed_file()
    desk.exchange.inject("drop")
    assert desk.post(file, "--retry-for", "0").status == 7
    both = [desk.spawn("post", file, "--json"), desk.spawn("resolve", "--json")]
    assert [desk.finish(process).status for process in both] == [0, 0]
    assert desk.accepted() == 1


@pytest.mark.both_engines
def test_two_signed_versions_of_one_nonce_end_with_one_landing(desk, action):
    nonce = desk.time
    one = desk.signed_file(action.leverage(5), nonce=nonce, name="one.json")
    other = desk.signed_file(action.leverage(7), nonce=nonce, name="other.json")
    both = [desk.spawn("post", file, "--json") for file in (one, other)]
    assert sorted(desk.finish(process).status for process in both) == [0, 4]
    assert desk.requests() == 1


def test_a_market_that_another_process_holds_is_not_touched(tmp_path, place):
    naps = []
    theirs, ours = MarketLock(tmp_path, naps.append), MarketLock(tmp_path, naps.append, wait_s=1)
    with theirs.held(place("BTC")):
        with pytest.raises(EnvironmentFault) as refusal:
            ours.acquire(place("BTC"), place("ETH"))
        with theirs.held(place("BTC"), place("ETH")):
            assert naps, "what is held already is taken again without waiting"
    assert refusal.value.code == "payload-busy"
    assert sum(naps) >= 1
    assert ours.acquire(place("ETH"), place("BTC")), "nothing was kept of what was given up"
    ours.release(ours.acquire())


def test_a_post_waits_for_the_lock_and_says_who_holds_it(desk, place):
    file = desk.signed_file()
    with MarketLock(desk.state / "locks", desk.naps.append).held(place("BTC")):
        shown = desk.post(file)
    assert (shown.status, shown.error) == (8, "payload-busy")
    assert desk.requests() == 0
    assert desk.post(file).document["status"] == "confirmed"


@pytest.mark.both_engines
def test_two_files_for_one_market_at_once_are_posted_one_after_the_other(desk, action):
    signed = {one.signable.nonce: one for one in (desk.sign(action.leverage(n)) for n in (3, 4))}
    files = [desk.save(one, name=f"{nonce}.json") for nonce, one in signed.items()]
    shown = [desk.finish(one) for one in [desk.spawn("post", file, "--json") for file in files]]
    # Who finds the other one under way is refused; who comes after it, posts after it.
    assert sorted(one.status for one in shown) in ([0, 0], [0, 4])
    landed = [one.nonce for one in desk.exchange.journal.entries()]
    assert desk.accepted() == len(landed) == len([one for one in shown if one.status == 0])
    assert desk.setting() == (True, signed[landed[-1]].signable.action.leverage)


@pytest.mark.parametrize("fault", ["drop", "lose-answer"])
def test_what_waited_for_a_post_that_stays_open_is_not_sent(desk, place, asked, wait_until, fault):
    files = [desk.signed_file(name=f"{n}.json") for n in (3, 4)]
    with MarketLock(desk.state / "locks", desk.naps.append).held(place("BTC")):
        # Both are checked while nothing is open; then one of them is posted unanswered.
        both = [desk.spawn("post", file, "--retry-for", "0", "--json") for file in files]
        wait_until(lambda: asked.count("activeAssetData") == 2)
        desk.exchange.inject(fault)
    shown = sorted((desk.finish(process) for process in both), key=lambda one: one.status)
    assert [one.status for one in shown] == [4, 7], [one.stdout for one in shown]
    assert shown[0].document["error"]["code"] == "older-open"
    assert desk.requests() == 1
    assert len(desk.run("history", "--json").document) == 1, "and nothing was recorded of it"


def test_what_a_newer_one_has_overtaken_since_its_checks_is_not_sent(
    desk, action, place, asked, wait_until
):
    old = desk.signed_file(action.leverage(3))
    newer = desk.sign(action.leverage(4))
    lock = MarketLock(desk.state / "locks", desk.naps.append)
    with lock.held(place("BTC")), closing(desk.ledger()) as ledger:
        process = desk.spawn("post", old, "--json")
        wait_until(lambda: asked.count("activeAssetData") == 1)
        reader = desk.reader()
        cleared = Checker(ledger, reader.api.venue.key, desk.time, reader).run(newer)
        poster = Poster(
            reader, ledger, lock, lambda: 0, sleep=desk.naps.append, monotonic=time.monotonic
        )
        assert poster.post(cleared).row.verdict.value == "confirmed"
    shown = desk.finish(process)
    assert (shown.status, shown.document["error"]["code"]) == (4, "newer-sent")
    assert desk.setting() == (True, 4)
    order = desk.check(old).document["checks"][-1]
    assert (order["ok"], order["warning"]) == (True, True)
    assert f"nonce {newer.signable.nonce}" in order["detail"]
    assert desk.post(old).status == 0, "whoever still wants it may post it"
