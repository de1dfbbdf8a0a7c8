"""A batch is judged whole and in its order before the first payload of it is sent."""

from __future__ import annotations

import pytest

from coldlever.broadcaster.fate import NonceState


def errors(shown) -> list[str | None]:
    return [one["code"] for one in shown.document]


def findings(shown, which: int) -> dict[str, dict]:
    return {one["code"]: one for one in shown.document[which]["checks"]}


def untouched(desk) -> bool:
    return desk.requests() == 0 and desk.run("history", "--json").document == []


def test_two_actions_with_one_nonce_are_refused_before_the_first_is_sent(desk, action):
    pair = [desk.sign(action.leverage(value), nonce=desk.time) for value in (5, 6)]
    for file in (desk.save(*pair), desk.save(pair[1], pair[0])):
        shown = desk.post(file)
        assert (shown.status, errors(shown)) == (4, ["not-reached", "nonce-twice"])
        assert findings(desk.check(file, "--offline"), 1)["nonce-unused"]["error"] == "nonce-twice"
    assert untouched(desk)


def test_one_nonce_of_two_signers_is_no_clash(desk, action, key_of):
    other = key_of(9)
    desk.exchange.add_account(other.address)
    pair = [desk.sign(nonce=desk.time, by=by) for by in (desk.user, other)]
    assert desk.post(desk.save(*pair)).status == 0


def test_what_keep_going_does_not_send_takes_no_nonce(desk, action):
    pair = [desk.sign(action.leverage(value), nonce=desk.time) for value in (50, 6)]
    shown = desk.post(desk.save(*pair), "--keep-going")
    assert errors(shown) == ["leverage-too-high", "accepted"]


@pytest.mark.parametrize(("higher", "status"), [(99, 0), (100, 4)])
def test_a_nonce_that_the_batch_itself_pushes_below_the_floor_is_refused(
    desk, action, higher, status
):
    batch = [desk.sign(action.leverage(3, asset=4), nonce=desk.time + n) for n in range(higher)]
    low = desk.sign(action.leverage(4), nonce=desk.time - 1)
    shown = desk.check(desk.save(*batch, low))
    assert shown.status == status
    floor = findings(shown, -1)["nonce-floor"]
    assert floor.get("error") == (None if status == 0 else "nonce-too-low")
    if status:
        assert "sort" in floor["remedy"]
        assert desk.post(desk.save(*batch, low)).status == 4
        assert untouched(desk)
        assert desk.check(desk.save(low, *batch)).status == 0


def test_nonces_of_the_ledger_count_towards_the_floor_of_a_batch(desk, action):
    for n in range(3):
        desk.post(desk.signed_file(action.leverage(3), nonce=desk.time + 500 + n))
    batch = [desk.sign(action.leverage(3, asset=4), nonce=desk.time + n) for n in range(97)]
    low = desk.sign(action.leverage(4, asset=5), nonce=desk.time - 1)
    assert desk.check(desk.save(*batch[1:], low), "--offline").status == 0
    assert desk.check(desk.save(*batch, low), "--offline").status == 4


def test_an_older_change_behind_a_newer_one_of_its_market_is_refused(desk, action):
    old, new = (desk.sign(action.leverage(value)) for value in (5, 6))
    shown = desk.post(desk.save(new, old))
    assert (shown.status, errors(shown)) == (4, ["not-reached", "nonce-order"])
    assert "sort" in shown.document[1]["error"]["remedy"]
    assert findings(desk.check(desk.save(new, old), "--offline"), 1)["order"]["ok"] is False
    assert untouched(desk)
    assert desk.post(desk.save(old, new)).status == 0


def test_an_order_that_two_signers_break_on_one_account_is_refused_too(desk, action):
    desk.exchange.add_agent(desk.user.address, desk.agent.address)
    old = desk.sign(action.leverage(5), by=desk.agent)
    new = desk.sign(action.leverage(6))
    assert errors(desk.post(desk.save(new, old)))[1] == "nonce-order"
    assert untouched(desk)


def test_the_order_of_other_markets_and_accounts_is_free(desk, action, key_of):
    sub = key_of(7).address
    desk.exchange.add_sub_account(desk.user.address, sub)
    one, two, three = desk.sign(vault=sub), desk.sign(action.leverage(5, asset=4)), desk.sign()
    assert desk.check(desk.save(three, two, one)).status == 0


def test_a_payload_is_judged_against_what_the_earlier_ones_will_have_changed(desk, action):
    values = [(5, True), (5, True), (20, True), (7, False)]
    file = desk.save(*[desk.sign(action.leverage(value, cross=cross)) for value, cross in values])
    details = [findings(desk.check(file), n)["change"]["detail"] for n in range(4)]
    assert details[0] == "from cross 20x to cross 5x"
    assert "already in effect" in details[1]
    assert details[2] == "from cross 5x to cross 20x"
    assert details[3] == "from cross 20x to isolated 7x"


def test_an_open_position_takes_the_setting_that_an_earlier_payload_gives_it(desk, action):
    desk.exchange.open_position(desk.user.address, "BTC", "0.01")
    file = desk.save(desk.sign(action.leverage(30)), desk.sign(action.leverage(30, cross=False)))
    found = findings(desk.check(file), 1)["position"]
    assert found["error"] == "position-forbids-switch"
    assert "cross 30x" in found["detail"]


def test_what_is_refused_changes_nothing_for_the_next(desk, action):
    file = desk.save(*[desk.sign(action.leverage(value)) for value in (50, 6)])
    assert findings(desk.check(file), 1)["change"]["detail"] == "from cross 20x to cross 6x"


def test_a_batch_with_an_open_payload_is_gone_on_with_in_its_order(desk, action):
    file = desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4)])
    desk.exchange.inject("drop")
    assert desk.post(file, "--retry-for", "0").status == 7
    assert desk.row().state is NonceState.OPEN
    assert desk.post(file).status == 0
    assert desk.setting() == (True, 4)
