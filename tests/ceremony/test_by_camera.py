"""Requests and payloads handed over by QR code alone, with real processes on both sides."""

from __future__ import annotations

import json

import pytest
from film import film

from coldlever.broadcaster.rehearsal import Outcome

pytestmark = pytest.mark.slow


def _batch(ceremony, count):
    ceremony.draft("one.json", "--coin", "BTC", "--leverage", "2", "--cross", "--force")
    one = json.loads((ceremony.folder / "one.json").read_text())
    batch = [
        {**one, "nonce": one["nonce"] + n, "action": {**one["action"], "leverage": 2 + n}}
        for n in range(count)
    ]
    (ceremony.folder / "batch.json").write_text(json.dumps(batch))
    return batch


def test_a_single_change_crosses_the_gap_as_two_pictures(ceremony):
    ceremony.run(
        "broadcaster",
        *("draft", "--coin", "ETH", "--leverage", "4", "--isolated", "--qr-out", "request.png"),
        *("--account", ceremony.account.lower, "--api-url", ceremony.url),
    )
    ceremony.run("signer", "qr", "read", "request.png", "--out", "request.json")
    ceremony.sign("request.json", "signed.json", "--qr-out", "signed.svg")
    ceremony.run("signer", "qr", "show", "signed.json", "--qr-out", "signed.png")
    checked = ceremony.run(
        "broadcaster", "check", "--scan", "signed.png", "--api-url", ceremony.url, "--json"
    )
    assert checked["complete"]
    posted = ceremony.post("--scan", "signed.png")
    assert posted["status"] == "confirmed"
    assert not (ceremony.folder / "request.txt").exists()


@pytest.mark.parametrize("density", ["low", "high"])
def test_a_filmed_batch_is_signed_and_posted_with_a_third_of_the_frames_missed(ceremony, density):
    batch = _batch(ceremony, 8)
    folder = ceremony.folder
    ceremony.run(
        "broadcaster",
        *("qr", "show", "batch.json", "--qr-out", "batch.apng", "--density", density),
    )
    film(folder / "batch.apng", folder / "batch.mp4", drop=0.3)
    ceremony.run(
        "signer",
        *("sign", "--scan", "batch.mp4", "--keystore", str(ceremony.keystore), "--yes"),
        *("--passphrase-file", str(ceremony.keystore.parent / "passphrase")),
        *("--qr-out", "signed.gif", "--density", density),
    )
    assert not list(folder.glob("signed*.json"))
    film(folder / "signed.gif", folder / "signed.avi", drop=0.3, seed=2)
    results = ceremony.post("--scan", "signed.avi", "--keep-going")
    assert [result["receipt"]["payload"]["nonce"] for result in results] == [
        request["nonce"] for request in batch
    ]
    assert ceremony.exchange.journal.count(Outcome.ACCEPTED) == 8


def test_the_lines_of_a_keyboard_scanner_are_a_source_too(ceremony):
    ceremony.draft("request.json", "--coin", "SOL", "--leverage", "2", "--cross")
    parts = ceremony.run("broadcaster", "qr", "show", "request.json", "--json")["parts"]
    scanned = ceremony.feed("\n".join(parts) + "\n", "broadcaster", "scan", "-", "--json")
    assert scanned == json.loads((ceremony.folder / "request.json").read_text())


def test_a_code_of_the_wrong_kind_is_named_and_nothing_is_written(ceremony):
    ceremony.run(
        "broadcaster",
        *("draft", "--coin", "ETH", "--leverage", "4", "--cross", "--qr-out", "request.png"),
        *("--account", ceremony.account.lower, "--api-url", ceremony.url),
    )
    refused = ceremony.post("--scan", "request.png", expect=3)
    assert refused["error"]["code"] == "ur-wrong-type"
    assert "request" in refused["error"]["message"]
    assert not ceremony.exchange.journal.entries()
