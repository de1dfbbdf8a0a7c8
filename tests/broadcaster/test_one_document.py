"""With --json stdout holds one document, also when something fails late; outcomes are always told."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest

from coldlever.shared.errors import EnvironmentFault

CROSS = ("--coin", "BTC", "--leverage", "10", "--cross")


@pytest.fixture
def disk_full(monkeypatch):
    """Lets every document fail while it is being written."""

    def fail(*_arguments, **_options):
        raise EnvironmentFault("write-failed", "No space left on device")

    for module in ("broadcaster.cli.post", "shared.cli.delivery"):
        monkeypatch.setattr(f"coldlever.{module}.write_document", fail)
    monkeypatch.setattr("coldlever.shared.cli.qr_commands.write_document", fail)


@pytest.mark.parametrize(
    "command",
    [("market",), ("draft", "--account", "user", *CROSS)],
    ids=["market", "draft"],
)
def test_a_document_that_cannot_be_written_leaves_one_error(desk, disk_full, command):
    name, *arguments = [desk.user.address.lower if one == "user" else one for one in command]
    shown = desk.run(name, *arguments, "--out", str(desk.folder / "out.json"), "--json")
    assert (shown.status, shown.error) == (8, "write-failed")


def test_a_receipt_that_cannot_be_written_does_not_hide_the_outcome(desk, disk_full):
    shown = desk.post(desk.signed_file(), "--receipt", str(desk.folder / "receipt.json"))
    assert shown.document["status"] == "confirmed"
    assert shown.status == 8
    assert "no receipt was written: No space left on device" in shown.stderr


def test_an_unknown_outcome_counts_more_than_a_missing_receipt(desk, disk_full):
    desk.exchange.inject("drop")
    where = str(desk.folder / "receipt.json")
    shown = desk.post(desk.signed_file(), "--receipt", where, "--retry-for", "0")
    assert (shown.status, shown.document["status"]) == (7, "unknown")


def test_a_receipt_that_appeared_meanwhile_is_left_alone(desk, monkeypatch):
    receipt = desk.folder / "receipt.json"
    act = desk.exchange.act

    def meanwhile(body, *, fault=None):
        receipt.write_text("mine")
        return act(body, fault=fault)

    desk.exchange.act = meanwhile
    shown = desk.post(desk.signed_file(), "--receipt", str(receipt))
    assert (shown.status, shown.document["status"]) == (2, "confirmed")
    assert receipt.read_text() == "mine"


def test_a_receipt_on_stdout_is_the_document_without_json_and_part_of_it_with(desk):
    plain = desk.run("post", desk.signed_file(), "--receipt", "-")
    assert plain.document["kind"] == "coldlever/receipt"
    shown = desk.post(str(desk.folder / "signed.json"), "--receipt", "-")
    assert shown.document["receipt"]["kind"] == "coldlever/receipt"


def test_of_a_run_that_posted_nothing_there_is_no_receipt(desk):
    receipt = desk.folder / "receipt.json"
    shown = desk.post(desk.signed_file(expires_after=1), "--receipt", str(receipt))
    assert shown.status == 4
    assert not receipt.exists()


def test_a_stdout_that_cannot_take_the_receipt_is_the_environments_fault(desk, monkeypatch):
    def fail(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("coldlever.broadcaster.cli.post.write_document", fail)
    shown = desk.run("post", desk.signed_file(), "--receipt", "-")
    assert shown.status == 8
    assert "CONFIRMED" in shown.stderr
    assert "No space left on device" in shown.stderr


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_post_with_closed_standard_streams_still_posts(desk, closed):
    batch = desk.save(desk.sign(), desk.sign())
    command = shlex.join(
        [sys.executable, "-m", "coldlever.broadcaster", *desk.arguments("post", batch)]
    )
    done = subprocess.run(
        ["bash", "-c", f"{command} {closed}"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert desk.accepted() == 2


def test_every_failure_of_a_post_is_still_one_document(desk, action):
    files = [
        desk.signed_file(action.leverage(3), name="good.json"),
        desk.signed_file(action.leverage(50), name="high.json"),
    ]
    for options in ((), ("--keep-going",)):
        shown = desk.post(*files, *options)
        assert len(json.loads(shown.stdout)) == 2
