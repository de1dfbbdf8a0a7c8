"""Two processes that post the same file at the same time."""

from __future__ import annotations

import fcntl

import pytest

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.post.lock import payload_lock
from coldlever.shared.errors import EnvironmentFault

pytestmark = pytest.mark.slow


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


def test_a_post_and_a_resolve_at_once_send_it_once(desk):
    file = desk.signed_file()
    desk.exchange.inject("drop")
    assert desk.post(file, "--retry-for", "0").status == 7
    both = [desk.spawn("post", file, "--json"), desk.spawn("resolve", "--json")]
    assert [desk.finish(process).status for process in both] == [0, 0]
    assert desk.accepted() == 1


def test_two_signed_versions_of_one_nonce_end_with_one_landing(desk, action):
    nonce = desk.time
    one = desk.signed_file(action.leverage(5), nonce=nonce, name="one.json")
    other = desk.signed_file(action.leverage(7), nonce=nonce, name="other.json")
    both = [desk.spawn("post", file, "--json") for file in (one, other)]
    assert sorted(desk.finish(process).status for process in both) == [0, 4]
    assert desk.requests() == 1


def test_a_payload_that_another_process_holds_is_not_touched(desk, tmp_path):
    naps = []
    with (
        payload_lock(tmp_path, b"\x01" * 32, 0, naps.append),
        pytest.raises(EnvironmentFault) as refusal,
        payload_lock(tmp_path, b"\x01" * 32, 1, naps.append),
    ):
        pytest.fail("two held it at once")
    assert refusal.value.code == "payload-busy"
    assert sum(naps) >= 1


def test_a_post_waits_for_the_lock_and_says_who_holds_it(desk):
    payload = desk.sign()
    file = desk.save(payload)
    locks = desk.state / "locks"
    locks.mkdir()
    path = locks / f"{payload.signable.action_hash()[0]:02x}.lock"
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        shown = desk.post(file)
    assert (shown.status, shown.error) == (8, "payload-busy")
    assert desk.requests() == 0
    assert desk.post(file).document["status"] == "confirmed"
