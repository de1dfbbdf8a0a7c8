"""What stands in the ledger is checked again before it is sent or believed."""

from __future__ import annotations

import json

import pytest

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.shared.errors import EnvironmentFault


@pytest.fixture
def left_open(desk):
    """A payload recorded and sent, without an answer."""
    desk.exchange.inject("drop")
    file = desk.signed_file()
    assert desk.post(file, "--retry-for", "0").status == 7
    desk.exchange.journal.clear()
    return file


@pytest.fixture
def rewrite(desk):
    """Changes a column of every row."""

    def write(column: str, value: object) -> None:
        ledger = desk.ledger()
        with ledger._engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE posts SET {column} = ?", (value,))
        ledger.close()

    return write


def other_payloads(desk, action):
    nonce = desk.row().key.nonce
    changed = desk.sign(nonce=nonce).to_wire()
    changed["payload"]["action"]["leverage"] = 40
    resealed = desk.sign(action.leverage(40), nonce=nonce)
    return {
        "another action": resealed.to_wire(),
        "another nonce": desk.sign(nonce=nonce + 1).to_wire(),
        "another signer": desk.sign(nonce=nonce, by=desk.stranger).to_wire(),
        "a changed action": changed,
        "a bare body": desk.sign(nonce=nonce).body_wire(),
        "two payloads": [resealed.to_wire()] * 2,
        "no payload": {"kind": "other"},
    }


WAYS = [
    "another action",
    "another nonce",
    "another signer",
    "a changed action",
    "a bare body",
    "two payloads",
    "no payload",
]


@pytest.mark.parametrize("way", WAYS)
def test_a_row_whose_payload_was_exchanged_is_never_sent(desk, action, left_open, rewrite, way):
    rewrite("envelope", json.dumps(other_payloads(desk, action)[way]))
    assert desk.resolve().status == 8
    assert desk.post(left_open).status == 8
    assert "ledger-unusable" in desk.run("resolve").stderr
    assert desk.requests() == 0


@pytest.mark.parametrize("content", ["", "{", "\u20ac", "[" * 5000])
def test_a_row_whose_payload_is_garbage_is_never_sent(desk, left_open, rewrite, content):
    rewrite("envelope", content)
    ledger = desk.ledger()
    from coldlever.broadcaster.post.row import payload_of

    with pytest.raises(EnvironmentFault) as fault:
        payload_of(ledger.rows()[0])
    ledger.close()
    assert fault.value.code == "ledger-unusable"
    for command in ("resolve", "history"):
        shown = desk.run(command, "--json")
        assert (shown.status, shown.error) == (8, "ledger-unusable")


@pytest.mark.invented_ledger
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "great"),
        ("reading", "great"),
        ("action_hash", "zz"),
        ("account", "0x12"),
        ("account", ""),
        ("signer", "0xzz"),
        ("action_hash", b"\x00"),
    ],
)
def test_a_row_that_cannot_be_read_is_the_environments_fault(
    desk, left_open, rewrite, column, value
):
    rewrite(column, value)
    for command in ("resolve", "history"):
        shown = desk.run(command, "--json")
        if column == "state" and command == "resolve":
            continue
        assert (shown.status, shown.error) == (8, "ledger-unusable")
    assert desk.requests() == 0


def test_going_on_sends_the_recorded_bytes(desk, left_open):
    recorded = json.loads(desk.row().envelope)["payload"]
    seen = []
    act = desk.exchange.act
    desk.exchange.act = lambda body, **more: seen.append(body) or act(body, **more)
    assert desk.post(left_open).document["status"] == "confirmed"
    assert [json.loads(body) for body in seen] == [recorded]


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%20b", "a b;c", "\u00e4"])
def test_a_state_folder_of_any_name_holds_its_ledger(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    Ledger(folder).close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (folder / "ledger.sqlite3").exists()


def test_the_claimed_and_the_expected_signer_are_checked_when_an_earlier_run_is_finished_too(
    desk, left_open, key_of
):
    other = key_of(9).address
    shown = desk.post(left_open, "--signer", other.lower)
    assert (shown.status, shown.error) == (4, "signer-mismatch")
    wire = json.loads((desk.folder / "signed.json").read_text())
    claiming = desk.save({**wire, "signer": other.lower}, name="claiming.json")
    shown = desk.post(claiming)
    assert (shown.status, shown.error) == (4, "signer-mismatch")
    assert desk.requests() == 0
    assert desk.row().state is NonceState.OPEN
    good = desk.post(left_open, "--signer", desk.user.address.lower)
    assert good.document["status"] == "confirmed"


@pytest.mark.invented_ledger
def test_a_row_that_vanishes_after_it_was_sent_is_told_as_unknown(desk, monkeypatch):
    record = Ledger.record_answer

    def erase(ledger, row, *arguments, **options):
        recorded = record(ledger, row, *arguments, **options)
        with ledger._engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM posts")
        return recorded

    monkeypatch.setattr(Ledger, "record_answer", erase)
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.document["status"]) == (8, "unknown")
    assert shown.document["code"] == "ledger-unusable"


def test_a_row_without_a_word_of_the_exchange_is_listed_too(desk, monkeypatch):
    def die(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "begin_attempt", die)
        desk.post(desk.signed_file())
    shown = desk.run("history")
    assert "unsent" in shown.stderr
    assert "None" not in shown.stderr
