# ruff: noqa: PLR0917 - a test's parameters are its fixtures
"""What the signer does is an event of its audit chain, and the commands that show and check it."""

import itertools
import json
import sqlite3
from dataclasses import replace

import pytest

from coldlever.shared.audit import load_audit
from tests.shared.approving import policy_text
from tests.shared.audit_chains import ONLINE, about, exported
from tests.signer.team import ADDRESS
from tests.signer.test_seal import agree, carry_out, loosen, propose


def events(cli):
    return cli.json("audit", "show")["events"]


def kinds(cli):
    return [one["kind"] for one in events(cli)]


@pytest.fixture
def refuse(cli, keystore, passphrase_file):
    def run(*arguments, phrase=None, status=4):
        return cli.refusal(
            "sign", *arguments, "--keystore", keystore, "--passphrase-file",
            phrase or passphrase_file, "--yes", status=status,
        )  # fmt: skip

    return run


def test_signing_is_an_event_with_all_that_names_the_payload(
    sign_json, cli, request_file, make_request, owner
):
    report = sign_json(request_file(make_request()))
    (event,) = events(cli)
    payload = report["payload"]
    assert event["kind"] == "signed"
    assert event["network"] == "mainnet"
    assert event["signer"] == owner.lower
    assert event["nonce"] == payload["payload"]["nonce"]
    assert event["at"] == cli.machine.clock()
    assert event["who"] == str(owner)
    assert event["policy"] is None
    assert event["code"] is None
    assert event["says"] == "BTC = asset 0 (in coldlever's table): set leverage to cross 10x"
    inspected = cli.json("inspect", request_file(make_request()))
    assert event["digest"] == inspected["digest"]


def test_the_head_is_told_after_signing_and_is_the_one_that_show_shows(
    sign, sign_json, cli, request_file, make_request
):
    told = sign_json(request_file(make_request()))["audit"]
    shown = cli.json("audit", "show")
    assert told == {"chain": shown["chain"], **shown["head"]}
    done = sign(request_file(make_request()))
    head = cli.json("audit", "show")["headText"]
    assert f"audit head  {head}" in done.stderr
    assert cli("audit", "show").stderr.endswith(f"audit head  {head}\n")


def test_signing_again_a_batch_and_a_revocation_are_events(
    sign_json, cli, request_file, make_request
):
    requests = [make_request(nonce=make_request()["nonce"] + step) for step in range(3)]
    sign_json(request_file(*requests))
    sign_json(request_file(requests[1]))
    noop = {**requests[0], "action": {"type": "noop"}, "expiresAfter": None}
    sign_json(request_file(noop))
    assert kinds(cli) == ["signed"] * 4 + ["revocation-signed"]
    told = events(cli)
    assert [one["nonce"] for one in told[:3]] == [one["nonce"] for one in requests]
    assert told[3]["says"] == f"again: {told[1]['says']}"
    assert told[3]["digest"] == told[1]["digest"]
    assert told[4]["nonce"] == told[0]["nonce"]
    assert told[4]["digest"] != told[0]["digest"]


def test_without_a_clock_an_event_has_no_time(sign_json, cli, request_file, make_request):
    sign_json(request_file(make_request()), "--no-clock")
    assert events(cli)[0]["at"] is None
    assert "without a clock" in cli("audit", "show").stderr


def test_a_refusal_is_an_event_with_its_code(
    sign_json, refuse, cli, request_file, make_request, tmp_path
):
    sign_json(request_file(make_request()))
    other = make_request(action=make_request()["action"] | {"leverage": 11})
    assert refuse(request_file(other)) == "nonce-used"
    wrong = tmp_path / "wrong"
    wrong.write_text("no such phrase\n")
    later = make_request(nonce=make_request()["nonce"] + 5)
    assert refuse(request_file(later), phrase=wrong) == "wrong-passphrase"
    told = events(cli)
    assert [one["code"] for one in told] == [None, "nonce-used", "wrong-passphrase"]
    assert "11x" in told[1]["says"]
    assert told[2]["nonce"] == later["nonce"]
    assert "no such phrase" not in json.dumps(told)


def test_a_request_that_names_its_market_wrongly_is_told_of_without_that_name(
    sign_json, refuse, cli, request_file, make_request
):
    sign_json(request_file(make_request()))
    entry = {
        "network": "mainnet", "asset": 0, "coin": "ETH", "maxLeverage": 40, "marginMode": "normal",
        "delisted": False, "time": 1,
    }  # fmt: skip
    later = make_request(nonce=make_request()["nonce"] + 5, market=entry)
    assert refuse(request_file(later)) == "market-mismatch"
    told = events(cli)[-1]
    assert (told["code"], told["nonce"]) == ("market-mismatch", later["nonce"])
    assert told["says"].startswith("updateLeverage asset 0 to 10x cross: ")


def test_a_damaged_chain_ends_every_run_with_its_first_bad_row(
    sign_json, refuse, cli, state, request_file, make_request
):
    nonce = make_request()["nonce"]
    sign_json(request_file(*[make_request(nonce=nonce + step) for step in range(5)]))
    connection = sqlite3.connect(state / "ledger.sqlite3")
    connection.execute("UPDATE audit SET link = zeroblob(32) WHERE position = 4")
    connection.commit()
    connection.close()
    for command in ("show", "verify", "export"):
        error = cli.json("audit", command, status=4)["error"]
        assert error["code"] == "audit-damaged"
        assert "row 4 is not the one that was written" in error["message"]
    assert refuse(request_file(make_request(nonce=nonce + 9))) == "audit-damaged"


def test_who_says_no_at_the_prompt_is_told_of(
    cli, sign_json, answers, request_file, make_request, keystore
):
    sign_json(request_file(make_request()))
    answers("no")
    later = make_request(nonce=make_request()["nonce"] + 5)
    assert cli("sign", request_file(later), "--keystore", keystore).exit_code == 5
    assert [one["code"] for one in events(cli)] == [None, "declined"]


def test_a_refusal_makes_no_ledger_where_there_is_none(
    refuse, cli, request_file, make_request, state
):
    assert refuse(request_file(make_request(expiresAfter=5))) == "expired"
    assert not state.exists()
    assert cli.json("audit", "show") == {
        "side": None, "chain": None, "head": None, "headText": None, "events": [],
    }  # fmt: skip
    assert cli("audit", "verify").exit_code == 0


def test_a_refusal_is_what_is_said_also_when_it_cannot_be_recorded(
    sign_json, refuse, request_file, make_request, monkeypatch
):
    from coldlever.signer.ledger import audit

    sign_json(request_file(make_request()))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(audit, "append", full)
    other = make_request(action=make_request()["action"] | {"leverage": 11})
    assert refuse(request_file(other)) == "nonce-used"


@pytest.fixture
def sealed(team):
    team.seal()
    return team


def test_the_seal_approvals_rejections_and_what_was_signed_under_them_are_events(
    sealed, cli, request_file, make_request
):
    request = request_file(make_request(signer=str(ADDRESS)))
    said = [sealed.say(name, request) for name in ("alice", "carol")]
    sealed.say("bob", request, command="reject")
    assert "error" not in sealed.sign(request, *said)
    seal, alice, carol, bob, signed = events(cli)
    assert [one["kind"] for one in (seal, alice, carol, bob, signed)] == [
        "policy-sealed", "approved", "approved", "rejected", "signed",
    ]  # fmt: skip
    assert len({json.dumps(one["policy"]) for one in (seal, alice, carol, bob, signed)}) == 1
    assert seal["policy"]["version"] == 7
    assert len({one["digest"] for one in (alice, carol, bob, signed)}) == 1
    assert {one["signer"] for one in (seal, alice, bob, signed)} == {ADDRESS.lower}
    assert alice["who"].startswith("alice SHA256:")
    assert bob["who"].startswith("bob SHA256:")
    assert signed["says"].endswith("; approved by alice, carol")


def test_a_batch_is_approved_by_an_event_a_request(sealed, cli, request_file, make_request):
    nonce = make_request()["nonce"]
    batch = [make_request(signer=str(ADDRESS), nonce=nonce + step) for step in range(3)]
    sealed.say("alice", request_file(*batch))
    assert kinds(cli) == ["policy-sealed"] + ["approved"] * 3
    assert [one["nonce"] for one in events(cli)[1:]] == [one["nonce"] for one in batch]


def test_what_the_policy_refuses_is_an_event_under_it(sealed, cli, request_file, make_request):
    request = request_file(make_request(signer=str(ADDRESS)))
    assert sealed.sign(request, status=4)["error"]["code"] == "approvals-missing"
    refused = events(cli)[-1]
    assert (refused["kind"], refused["code"]) == ("refused", "approvals-missing")
    assert refused["policy"]["version"] == 7
    sealed.say("mallory", request, status=4)
    assert events(cli)[-1]["code"] is not None
    assert kinds(cli) == ["policy-sealed", "refused", "refused"]


def test_a_statement_for_ssh_keygen_is_no_approval_yet(
    sealed, cli, request_file, make_request, tmp_path
):
    sealed.person("alice")
    request = request_file(make_request(signer=str(ADDRESS)))
    cli.json(
        "approve", request, "--policy", sealed.policy, "--key", sealed.folder / "alice.pub",
        "--statement-only", "--out", tmp_path / "statement",
    )  # fmt: skip
    assert kinds(cli) == ["policy-sealed"]


def test_a_change_of_policy_is_approved_and_carried_out_in_events(sealed, cli):
    following = sealed.write("next.toml", loosen(policy_text(version=8, change="2 of 4")))
    change = propose(sealed, following)
    agreed = [agree(sealed, change, name) for name in ("alice", "bob")]
    told = carry_out(sealed, *agreed)
    seal, alice, bob, adopted = events(cli)
    assert [seal["kind"], alice["kind"], bob["kind"], adopted["kind"]] == [
        "policy-sealed", "policy-approved", "policy-approved", "policy-sealed",
    ]  # fmt: skip
    assert alice["who"].startswith("alice SHA256:")
    assert alice["says"].startswith("from 7 sha256:")
    assert "to 8 sha256:" in alice["says"]
    assert adopted["policy"]["version"] == 8
    assert adopted["says"] == "sealed to policy 8; agreed to by alice, bob"
    assert told["audit"]["position"] == 4


def test_an_import_names_the_chain_of_the_ledger_that_it_takes_over(
    sign_json, cli, machine, request_file, make_request, tmp_path
):
    sign_json(request_file(make_request()))
    first = cli.json("audit", "show")
    cli.json("ledger", "export", "--out", tmp_path / "ledger.json")
    elsewhere = ["--state-dir", tmp_path / "elsewhere"]
    cli.json("ledger", "import", tmp_path / "ledger.json", *elsewhere)
    cli.json("ledger", "import", tmp_path / "ledger.json", *elsewhere)
    second = cli.json("audit", "show", *elsewhere)
    (event,) = second["events"]
    assert event["kind"] == "adopted"
    head = first["head"]
    assert f"chain {first['chain']} at 1:{head['hash'][2:]}" in event["says"]
    assert second["chain"] != first["chain"]
    # A third ledger takes both over: heads beside keystores may be of either.
    cli.json("ledger", "export", "--out", tmp_path / "again.json", *elsewhere)
    third = ["--state-dir", tmp_path / "third"]
    cli.json("ledger", "import", tmp_path / "again.json", *third)
    says = " ".join(one["says"] for one in cli.json("audit", "show", *third)["events"])
    assert first["chain"] in says
    assert second["chain"] in says


def test_an_export_is_verified_anywhere_and_joined_with_others(
    sign_json, cli, machine, request_file, make_request, tmp_path
):
    sign_json(request_file(make_request()))
    out = tmp_path / "vault.json"
    cli.json("audit", "export", "--out", out, "--machine", "vault")
    export = load_audit(out.read_bytes(), "f")
    assert export.machine == "vault"
    nobody = ["--state-dir", tmp_path / "nobody"]
    whole = cli.json("audit", "verify", out, *nobody)
    assert whole["own"]["chain"] is None
    assert whole["files"][0]["head"]["position"] == 1
    timeline = cli.json("audit", "export", out, *nobody)
    assert timeline["kind"] == "coldlever/timeline"
    assert len(timeline["events"]) == 1
    # The own chain has gone on since.
    sign_json(request_file(make_request(nonce=make_request()["nonce"] + 1)))
    assert len(cli.json("audit", "export", out)["events"]) == 2
    page = tmp_path / "page.html"
    assert cli("audit", "export", out, "--out", page).exit_code == 0
    assert page.read_bytes().startswith(b"<!doctype html>")
    assert page.stat().st_mode & 0o777 == 0o600


def test_a_head_that_somebody_has_seen_must_be_passed(
    sign_json, cli, request_file, make_request, tmp_path
):
    seen = []
    for step in range(3):
        sign_json(request_file(make_request(nonce=make_request()["nonce"] + step)))
        seen.append(cli.json("audit", "show")["headText"])
    out = tmp_path / "vault.json"
    cli.json("audit", "export", "--out", out)
    for head in seen:
        assert cli("audit", "verify", "--head", head).exit_code == 0
        assert cli("audit", "verify", out, "--head", head).exit_code == 0
    longer = "4" + seen[2][1:]
    other = seen[1][:-1] + ("0" if seen[1][-1] != "0" else "1")
    for files in ([], [out]):
        assert cli.refusal("audit", "verify", *files, "--head", longer, status=4) == "audit-behind"
        assert cli.refusal("audit", "verify", *files, "--head", other, status=4) == "audit-forked"


def test_a_file_of_the_own_chain_that_reaches_further_shows_that_rows_are_gone(
    sign_json, cli, state, request_file, make_request, tmp_path, keystore
):
    sign_json(request_file(make_request()))
    ledger = state / "ledger.sqlite3"
    before = ledger.read_bytes()
    sign_json(request_file(make_request(nonce=make_request()["nonce"] + 1)))
    out = tmp_path / "vault.json"
    cli.json("audit", "export", "--out", out)
    ledger.write_bytes(before)
    assert cli.refusal("audit", "verify", out, status=4) == "audit-behind"
    # The head that lies beside the keystore does not hang on anybody's export.
    (state / "keys").mkdir()
    for head in keystore.parent.glob("*.ledger-head"):
        (state / "keys" / head.name).write_bytes(head.read_bytes())
    assert cli.refusal("audit", "verify", status=4) == "audit-behind"
    ledger.unlink()
    assert cli.refusal("audit", "verify", status=4) == "audit-behind"


def test_show_can_be_cut_to_the_last_events(sign_json, cli, request_file, make_request):
    nonce = make_request()["nonce"]
    sign_json(request_file(*[make_request(nonce=nonce + step) for step in range(4)]))
    shown = cli.json("audit", "show", "--last", "2")
    assert [one["position"] for one in shown["events"]] == [3, 4]
    assert shown["head"]["position"] == 4


@pytest.mark.parametrize("name", ["", "x" * 65, "caf\u00e9", "a\nb"])
def test_a_machine_is_called_by_a_plain_name(cli, sign_json, request_file, make_request, name):
    sign_json(request_file(make_request()))
    assert cli.refusal("audit", "export", "--machine", name, status=2) == "bad-machine-name"


def test_reading_changes_no_byte_of_a_ledger_and_makes_none(
    sign_json, cli, state, request_file, make_request, tmp_path
):
    sign_json(request_file(make_request()))
    ledger = state / "ledger.sqlite3"
    before = (ledger.read_bytes(), ledger.stat().st_mtime_ns, sorted(state.iterdir()))
    for line in (["show"], ["verify"], ["export"], ["export", "--out", tmp_path / "t.html"]):
        assert cli("audit", *line).exit_code == 0
    assert (ledger.read_bytes(), ledger.stat().st_mtime_ns, sorted(state.iterdir())) == before
    nowhere = tmp_path / "nowhere"
    assert cli("audit", "show", "--state-dir", nowhere).exit_code == 0
    assert not nowhere.exists()


def test_an_approval_that_cannot_be_recorded_is_not_given_out(
    sealed, cli, request_file, make_request, monkeypatch
):
    from coldlever.shared.errors import EnvironmentFault
    from coldlever.signer.ledger import Ledger

    def full(*_):
        raise EnvironmentFault("ledger-full", "the disk is full")

    request = request_file(make_request(signer=str(ADDRESS)))
    monkeypatch.setattr(Ledger, "note", full)
    out = sealed.say("alice", request, status=8)
    assert not out.exists()
    monkeypatch.undo()
    assert kinds(cli) == ["policy-sealed"]


def test_a_folder_that_cannot_be_written_is_refused_before_the_passphrase(
    sealed, cli, request_file, make_request, tmp_path, answers
):
    request = request_file(make_request(signer=str(ADDRESS)))
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    asked = []
    cli.machine = replace(cli.machine, ask_secret=lambda *words, **_: asked.append(words))
    code = cli.refusal(
        "approve", request, "--policy", sealed.policy, "--approver", sealed.person("alice"), "--yes",
        "--state-dir", blocked, status=8,
    )  # fmt: skip
    assert code == "state-folder"
    assert asked == []


def test_of_three_copies_each_must_fit_the_longest(cli, tmp_path):
    story = [about(number) for number in range(1, 6)]
    copies = {
        "longest": story,
        "shortest": story[:3],
        "forked": [*story[:3], about(4, says="rewritten")],
    }
    for name, told in copies.items():
        (tmp_path / name).write_bytes(exported(told))
    files = [tmp_path / name for name in copies]
    for order in itertools.permutations(files):
        assert cli.refusal("audit", "verify", *order, status=4) == "audit-forked"
        assert cli.refusal("audit", "export", *order, status=4) == "audit-forked"
    assert cli.json("audit", "verify", *files[:2])["ok"]
    code = cli.refusal("audit", "verify", *files[:2], "--head", "6:0011223344556677", status=4)
    assert code == "audit-behind"
    (tmp_path / "other").write_bytes(exported(story, ONLINE))
    several = (files[0], tmp_path / "other", "--head", "1:0011223344556677")
    assert cli.refusal("audit", "verify", *several, status=2) == "one-chain"
