"""The command `check`: batches, people's output, offline, and a file changed anywhere."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from coldlever.broadcaster.check.checker import Checker
from coldlever.broadcaster.cli import cli
from coldlever.broadcaster.ledger import questions
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.venue.client import ExchangeApi
from coldlever.shared.action.network import Network
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message.check_words import (
    Subject,
    answer_words,
    check_words,
    parse_challenge,
)
from coldlever.shared.message.signed import load_signed

NEEDS_NETWORK = ["signer-known", "signer-allowed", "market", "leverage", "margin-mode"]
NEEDS_NETWORK += ["position", "change"]


def test_offline_runs_what_needs_no_network_and_says_what_was_not_run(desk, monkeypatch):
    def refuse(*_arguments):
        pytest.fail("offline means offline")

    monkeypatch.setattr(ExchangeApi, "_send", refuse)
    shown = desk.check(desk.signed_file(), "--offline")
    assert shown.status == 0
    assert shown.document["ok"] is True
    assert shown.document["complete"] is False
    gaps = [one["code"] for one in shown.document["checks"] if one["ok"] is None]
    assert gaps == NEEDS_NETWORK
    people = desk.run("check", desk.signed_file(), "--offline").stderr
    assert "not run: needs the network" in people
    assert "those marked -- need the network" in people


def test_offline_judges_by_this_machines_clock_and_says_so(desk):
    payload = desk.sign(expires_after=desk.time + 1_000)
    shown = desk.check(desk.save(payload), "--offline")
    assert shown.status == 4
    found = {one["code"]: one for one in shown.document["checks"]}
    assert found["expiry"]["error"] == "expired"
    assert "by this machine's clock" in found["nonce-window"]["detail"]


def test_a_batch_gives_an_array_in_order(desk, action):
    batch = desk.save(*[desk.sign(action.leverage(value)) for value in (3, 50, 4)])
    shown = desk.check(batch)
    assert shown.status == 4
    assert [one["ok"] for one in shown.document] == [True, False, True]
    people = desk.run("check", batch).stderr
    assert "1 of 3 would not be posted" in people
    assert "[2/3]" in people


def test_several_files_give_an_array(desk):
    files = [desk.signed_file(name="a.json"), desk.signed_file(name="b.json")]
    assert len(desk.check(*files).document) == 2


def test_people_read_a_list_with_the_review(desk):
    shown = desk.run("check", desk.signed_file())
    assert (shown.status, shown.stdout) == (0, "")
    assert "all checks passed" in shown.stderr
    assert "Check words" in shown.stderr
    assert "\x1b" not in shown.stderr


def test_check_words_and_answer_are_those_of_the_signed_bytes_and_their_signer(desk):
    payload = desk.sign()
    file, told = desk.save(payload), ["--challenge", "able acid also apex"]
    subject = Subject(payload.signable.digest(), payload.signer)
    one = desk.check(file, *told).document
    assert one["checkWords"] == " ".join(check_words([subject]))
    answer = " ".join(answer_words([subject], parse_challenge("able acid also apex")))
    assert one["challenge"] == {"words": "able acid also apex", "answer": answer}
    assert f"Answer       {answer}" in desk.run("check", file, *told).stderr
    first, _ = desk.check(file, file, *told).document
    whole = [subject, subject]
    assert first["batchCheckWords"] == " ".join(check_words(whole))
    assert first["challenge"]["answer"] != answer


def test_a_drawn_challenge_leaves_the_file_a_file(desk):
    one = desk.check("--challenge", desk.signed_file()).document
    assert one["ok"] is True
    assert len(one["challenge"]["words"].split()) == 4


def test_an_account_that_the_exchange_contradicts_is_refused(desk):
    payload = desk.sign()
    right = desk.save(replace(payload, account=desk.user.address), name="right.json")
    assert desk.check(right).document["ok"] is True
    wrong = desk.save(replace(payload, account=desk.stranger.address), name="wrong.json")
    one = desk.check(wrong).document
    (failed,) = [check for check in one["checks"] if check["ok"] is False]
    assert (failed["code"], failed["error"]) == ("signer-allowed", "account-mismatch")
    assert desk.post(wrong).status == 4
    assert desk.requests() == 0


def test_a_bad_signature_has_no_words_and_says_why(desk):
    wire = desk.sign().to_wire()
    wire["payload"]["nonce"] += 1
    path = desk.folder / "bad.json"
    path.write_text(json.dumps(wire))
    one = desk.check(str(path)).document
    assert one["checkWords"] is None
    assert "no signer" in one["checkWordsReason"]


def test_a_failing_check_shows_its_remedy(desk, action):
    shown = desk.run("check", desk.signed_file(action.leverage(50)))
    assert shown.status == 4
    assert "FAIL  leverage" in shown.stderr
    assert "remedy: draft the request again" in shown.stderr


def test_standard_input_is_read_for_a_dash(desk):
    wire = json.dumps(desk.sign().to_wire())
    arguments = desk.arguments("check", "-", "--json")
    result = CliRunner().invoke(cli, arguments, input=wire)
    assert (result.exit_code, json.loads(result.stdout)["ok"]) == (0, True)


def test_a_file_changed_in_any_byte_is_refused_or_means_the_same(desk):
    payload = desk.sign(vault=desk.stranger.address)
    file = json.dumps(payload.to_wire()).encode()
    meaning = (payload.signable, desk.user.address)
    ledger = desk.ledger()
    checker = Checker(ledger, "offline", desk.time, None)
    passed = set()
    for place in range(len(file)):
        for bit in (0x01, 0x02, 0x08, 0x20, 0x2A, 0x80):
            changed = bytearray(file)
            changed[place] ^= bit
            try:
                (read,) = load_signed(bytes(changed), "changed").payloads
            except ColdleverError:
                continue
            report = checker.run(read).report
            if report.ok:
                assert (read.signable, report.facts.signer) == meaning, bytes(changed)
                passed.add(place)
    ledger.close()
    # Letters of an address may change their case only all at once; white space is free.
    assert {file[place : place + 1] for place in passed} <= {b" "}


@pytest.mark.parametrize("mark", [b'"leverage": 1', b'"nonce": 1', b'"r": "0x', b'"vault', b'"sig'])
def test_a_changed_file_is_refused_by_the_command_with_a_code(desk, mark):
    path = desk.save(desk.sign())
    data = bytearray(Path(path).read_bytes())
    data[data.index(mark) + len(mark) - 1] ^= 0x01
    Path(path).write_bytes(data)
    for options in (["--offline"], []):
        shown = desk.check(path, *options)
        assert shown.status in (3, 4)
        if shown.status == 3:
            assert shown.error
        else:
            assert shown.document["ok"] is False
    assert desk.post(path).status in (3, 4)
    assert desk.requests() == 0


def test_an_unsigned_request_is_told_apart_from_a_signed_payload(desk):
    request = {"network": "testnet", "action": {}, "nonce": 1}
    shown = desk.check(desk.save(request))
    assert (shown.status, shown.error) == (3, "not-signed")


def test_both_networks_in_one_batch_are_checked_each_at_its_own_place(desk):
    batch = desk.save(desk.sign(), desk.sign(network=Network.MAINNET))
    shown = desk.check(batch, "--offline")
    assert [one["network"] for one in shown.document] == ["testnet", "mainnet"]
    assert [one["ok"] for one in desk.check(batch).document] == [True, False]


def test_many_payloads_are_looked_up_in_the_ledger_at_once_and_each_is_found(desk, monkeypatch):
    payloads = [desk.sign() for _ in range(12)]
    assert desk.post(desk.save(payloads[7])).status == 0
    monkeypatch.setattr(questions, "_AT_ONCE", 5)
    monkeypatch.setattr(Ledger, "find", lambda *_: pytest.fail("asked for a single one"))
    shown = desk.check(desk.save(*payloads))
    used = [
        any(one.get("error") == "nonce-used" for one in item["checks"]) for item in shown.document
    ]
    assert used == [number == 7 for number in range(12)]
    assert shown.status == 4


@pytest.mark.unmeasured
def test_offline_no_network_library_is_loaded(desk):
    code = (
        "import sys\nfrom coldlever.broadcaster.cli import cli\n"
        "try:\n    cli.main(sys.argv[1:])\nfinally:\n"
        "    print(sorted({'requests', 'urllib3'} & set(sys.modules)), file=sys.stderr)"
    )
    arguments = desk.arguments("check", desk.signed_file(), "--offline", "--json")
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.stderr == "[]\n"
    assert json.loads(done.stdout)["actionHash"]


def test_while_many_are_checked_no_cycles_are_looked_for_and_afterwards_they_are(desk):
    assert gc.isenabled()
    desk.check(desk.signed_file())
    assert gc.isenabled()
