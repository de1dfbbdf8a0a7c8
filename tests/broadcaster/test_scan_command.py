"""The commands `scan`, `qr show` and `--scan`: documents as QR codes, there and back."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from coldlever.broadcaster.cli import cli


def run(*arguments: str, text: str | None = None):
    return CliRunner().invoke(cli, list(arguments), input=text)


@pytest.fixture
def typed(desk):
    """What a scanner types that reads the code of a signed file."""
    shown = run("qr", "show", desk.signed_file(), "--json")
    assert shown.exit_code == 0
    document = json.loads(shown.stdout)
    assert document["type"] == "cl-signed"
    return "\n".join(document["parts"]) + "\n"


def test_a_code_is_scanned_into_the_same_document(desk, typed):
    signed = json.loads((desk.folder / "signed.json").read_text())
    shown = run("scan", "-", "--json", text=typed)
    assert (shown.exit_code, json.loads(shown.stdout)) == (0, signed)
    assert json.loads(run("scan", "-", text=typed).stdout) == signed


def test_a_scanned_document_goes_to_a_new_file(desk, typed):
    out = desk.folder / "scanned.json"
    shown = run("scan", "-", "--out", str(out), "--json", text=typed)
    assert json.loads(shown.stdout) == json.loads(out.read_text())
    assert f"written to {out}" in shown.stderr
    again = run("scan", "-", "--out", str(out), "--json", text=typed)
    assert json.loads(again.stdout)["error"]["code"] == "output-exists"


def test_a_scanned_document_that_cannot_be_written_leaves_one_error(desk, typed, monkeypatch):
    from coldlever.shared.errors import EnvironmentFault

    def fail(*_arguments, **_options):
        raise EnvironmentFault("write-failed", "No space left on device")

    monkeypatch.setattr("coldlever.shared.cli.qr_commands.write_document", fail)
    out = desk.folder / "scanned.json"
    shown = run("scan", "-", "--out", str(out), "--json", text=typed)
    assert json.loads(shown.stdout)["error"]["code"] == "write-failed"


def test_a_code_of_plain_text_is_read_into_the_same_document_as_a_compact_one(desk, typed):
    signed = json.loads((desk.folder / "signed.json").read_text())
    assert run("scan", "-", text=json.dumps(signed)).stdout == run("scan", "-", text=typed).stdout


def test_a_scanned_document_that_contradicts_its_hash_is_not_written_with_another(desk, typed):
    signed = json.loads((desk.folder / "signed.json").read_text())
    signed["actionHash"] = "0x" + 64 * "0"
    out = desk.folder / "scanned.json"
    shown = run("scan", "-", "--out", str(out), "--json", text=json.dumps(signed))
    assert shown.exit_code == 4
    assert json.loads(shown.stdout)["error"]["code"] == "action-hash-mismatch"
    assert not out.exists()


def test_a_payload_is_checked_and_posted_from_a_scan(desk, typed):
    arguments = desk.arguments("check", "--scan", "-", "--json")
    assert json.loads(run(*arguments, text=typed).stdout)["ok"] is True
    arguments = desk.arguments("post", "--scan", "-", "--json")
    assert json.loads(run(*arguments, text=typed).stdout)["status"] == "confirmed"


def test_a_picture_is_drawn_where_asked_for(desk):
    picture = desk.folder / "signed.png"
    shown = run("qr", "show", desk.signed_file(), "--qr-out", str(picture))
    assert shown.exit_code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_an_unsigned_request_on_a_code_is_not_posted(desk):
    request = desk.run(
        "draft", "--account", desk.user.address.lower, "--coin", "BTC", "--leverage", "5", "--cross"
    ).stdout
    file = desk.folder / "request.json"
    file.write_text(request)
    parts = json.loads(run("qr", "show", str(file), "--json").stdout)["parts"]
    shown = run(*desk.arguments("post", "--scan", "-", "--json"), text="\n".join(parts) + "\n")
    assert shown.exit_code == 3
    assert desk.requests() == 0
