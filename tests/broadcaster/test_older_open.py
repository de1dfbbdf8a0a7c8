"""While a payload is open, nothing goes out behind it, unless a person says that it may land late."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import pytest

from coldlever.broadcaster.cli.post_run import Runner
from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.row import NonceKey
from coldlever.broadcaster.ledger.turn import Turn
from coldlever.shared.errors import RuleRefused


@pytest.fixture
def left_open(desk, action):
    """A BTC payload without an answer; tells its nonce."""
    desk.exchange.inject("drop")
    assert (
        desk.post(desk.signed_file(action.leverage(5), name="old.json"), "--retry-for", "0").status
        == 7
    )
    return desk.row().key.nonce


@pytest.fixture
def new(desk, action, left_open):
    return desk.signed_file(action.leverage(6), name="new.json")


@pytest.fixture
def at_terminal(desk):
    """A person who answers so, one after the other; tells what was asked."""
    asked = []

    def sit(*answers: str):
        waiting = iter(answers)
        desk.sit_down(lambda prompt: asked.append(prompt) or next(waiting))
        return asked

    return sit


def test_nothing_is_sent_or_recorded_behind_an_open_payload(desk, new, left_open):
    shown = desk.post(new)
    assert (shown.status, shown.document["code"]) == (4, "older-open")
    assert f"--after-open {left_open}" in shown.document["error"]["remedy"]
    assert desk.requests() == 1
    assert len(desk.run("history", "--json").document) == 1
    assert desk.check(new).status == 4


def test_a_refused_or_settled_one_stands_in_nobodys_way(desk, action):
    desk.exchange.inject("422")
    desk.post(desk.signed_file(action.leverage(5)))
    found = desk.check(desk.signed_file(action.leverage(6))).document["checks"][-1]
    assert (found["ok"], found["warning"]) == (True, True)
    assert "not-admitted" in found["detail"]


def test_the_open_one_itself_may_be_gone_on_with(desk, new):
    assert desk.post(str(desk.folder / "old.json")).status == 0
    assert desk.post(new).status == 0


def test_a_script_names_the_nonce_that_may_land_late(desk, new, left_open):
    assert desk.post(new, "--after-open", str(left_open + 1)).status == 4
    shown = desk.post(new, "--after-open", str(left_open))
    assert (shown.status, shown.document["status"]) == (0, "confirmed")
    assert desk.setting() == (True, 6)


def test_no_variable_stands_for_the_option(desk, new, left_open):
    names = ("AFTER_OPEN", "COLDLEVER_AFTER_OPEN", "COLDLEVER_BROADCASTER_POST_AFTER_OPEN")
    settings = dict.fromkeys(names, str(left_open))
    desk.machine = replace(desk.machine, environment={**desk.machine.environment, **settings})
    assert desk.post(new).status == 4


def test_a_person_types_that_it_may_land_late(desk, new, left_open, at_terminal):
    asked = at_terminal(f"after {left_open}", "yes")
    assert desk.run("post", new).status == 0
    assert f"after {left_open}" in asked[0]
    assert desk.setting() == (True, 6)


@pytest.mark.parametrize("answer", ["yes", "", "after", "after 1"])
def test_anything_else_that_is_typed_sends_nothing(desk, new, at_terminal, answer):
    asked = at_terminal(answer)
    shown = desk.run("post", new)
    assert (shown.status, len(asked)) == (4, 1)
    assert "older-open" in shown.stderr
    assert desk.requests() == 1


def test_yes_neither_asks_nor_goes_on(desk, new, at_terminal):
    at_terminal()
    assert desk.run("post", new, "--yes").status == 4


def test_nobody_is_asked_for_what_is_refused_anyway(desk, action, left_open, at_terminal):
    at_terminal()
    assert desk.run("post", desk.signed_file(action.leverage(50))).status == 4


def test_resolve_sends_none_of_two_open_ones_behind_the_other(desk, new, left_open):
    desk.exchange.inject("drop")
    assert desk.post(new, "--after-open", str(left_open), "--retry-for", "0").status == 7
    before = desk.requests()
    held = {one["receipt"]["payload"]["nonce"]: one["held"] for one in desk.resolve().document}
    assert held[left_open] == "market-changed"
    assert set(held.values()) == {"market-changed", "older-open"}
    assert desk.requests() == before
    assert desk.post(new).document["held"] == "older-open"
    shown = desk.post(new, "--after-open", str(left_open))
    assert shown.document["status"] == "confirmed"


@pytest.mark.parametrize("other", ["signer", "account", "coin", "venue"])
def test_the_turn_is_that_of_one_accounts_market(desk, left_open, key_of, other):
    row, address = desk.row(), key_of(9).address
    key = NonceKey(row.key.venue, row.key.signer, left_open + 1)
    changed = {
        "signer": replace(row, key=replace(key, signer=address)),
        "account": replace(row, key=key, account=address),
        "coin": replace(row, key=key, coin="ETH"),
        "venue": replace(row, key=replace(key, venue="testnet")),
    }[other]
    with closing(desk.ledger()) as ledger:
        if other == "signer":
            with pytest.raises(RuleRefused):
                ledger.turns.require(changed, Turn())
        else:
            ledger.turns.require(changed, Turn())


def test_the_transaction_that_records_an_attempt_asks_once_more(desk, left_open):
    row = desk.row()
    with closing(desk.ledger()) as ledger:
        key = NonceKey(row.key.venue, row.key.signer, left_open + 1)
        fresh = replace(row, key=key, state=NonceState.UNSENT, attempts=0, unanswered=0)
        fresh = replace(fresh, code=None, sentence=None)
        ledger.reserve(fresh)
        for turn in (Turn(), Turn(frozenset({1})), Turn(frozenset({left_open}), newest=0)):
            if turn.newest is None:
                with pytest.raises(RuleRefused, match="may still land"):
                    ledger.begin_attempt(fresh, 0, None, turn)
                assert ledger.find(key) == fresh
        begun = ledger.begin_attempt(fresh, 0, None, Turn(frozenset({left_open}), newest=0))
        assert begun.state is NonceState.OPEN


def test_what_is_typed_changes_nothing_else_of_the_run(desk):
    board, own = object(), {"halt", "lock", "_machine", "_parts", "_checkers", "_after_open"}
    runner = Runner(
        desk.machine,
        SimpleNamespace(leases=None),
        desk.state,
        desk.url,
        desk.user.address,
        board=board,
        retry_s=7,
        after_open=frozenset({1}),
        is_thrifty=True,
    )
    after = runner.after(frozenset({5}))
    kept = {name: value for name, value in vars(runner).items() if name not in own}
    assert {name: vars(after)[name] for name in kept} == kept
    assert kept["_board"] is board, "a policy stays in force"
    assert after._after_open == {1, 5}
