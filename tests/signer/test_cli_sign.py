# ruff: noqa: PLR0917 - a test's parameters are its fixtures
import json
import resource
import subprocess
from dataclasses import replace

import pytest

from coldlever.shared.cli import delivery
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.signer.key.keystore import Keystore

HOUR = 3_600_000


@pytest.fixture
def now(machine):
    return machine.clock()


@pytest.fixture
def options(keystore, passphrase_file):
    return ["--keystore", keystore, "--passphrase-file", passphrase_file]


def recorded(cli):
    return cli.json("ledger", "show")["entries"]


def test_one_request_gives_an_envelope_on_stdout(sign, cli, request_file, make_request, owner):
    result = sign(request_file(make_request()))
    assert result.exit_code == 0
    envelope = json.loads(result.stdout)
    assert envelope["kind"] == "coldlever/signed"
    assert envelope["signer"] == str(owner)
    assert "To be signed with the key of" in result.stderr
    assert "written to stdout" in result.stderr
    assert len(recorded(cli)) == 1


def test_a_batch_gives_an_array_in_order(sign, request_file, make_request, now, tmp_path):
    path = request_file(*(make_request(nonce=now + step) for step in (5, 1, 3)))
    out = tmp_path / "out.json"
    assert sign(path, "--out", out).exit_code == 0
    assert [one["payload"]["nonce"] for one in json.loads(out.read_text())] == [
        now + 5, now + 1, now + 3,
    ]  # fmt: skip
    assert out.stat().st_mode & 0o777 == 0o600


def test_several_files_give_an_array_and_an_array_of_one_stays_one(
    sign, request_file, make_request, now
):
    one = request_file(make_request(), name="one.json")
    two = request_file(make_request(nonce=now + 1), name="two.json")
    assert len(json.loads(sign(one, two).stdout)) == 2
    batch = request_file(make_request(), batch=True, name="batch.json")
    assert len(json.loads(sign(batch).stdout)) == 1


def test_payload_only_gives_the_body_that_is_posted(sign, request_file, make_request, now):
    path = request_file(make_request())
    body = sign(path, "--payload-only").stdout
    assert json.loads(body).keys() == {
        "action", "nonce", "signature", "vaultAddress", "expiresAfter",
    }  # fmt: skip
    assert body.count("\n") == 1
    batch = request_file(make_request(), make_request(nonce=now + 1))
    assert len(json.loads(sign(batch, "--payload-only").stdout)) == 2


def test_json_reports_and_carries_the_payload_when_there_is_no_file(
    sign_json, cli, request_file, make_request, owner, tmp_path
):
    path = request_file(make_request())
    shown = cli.json("inspect", path, "--signer", owner)
    first = sign_json(path)
    assert first["out"] is None
    assert first["signed"] == [
        {
            "network": "mainnet",
            "signer": str(owner),
            "actionHash": shown["actionHash"],
            "checkWords": shown["checkWords"],
            "nonce": shown["nonce"],
            "alreadySigned": False,
        }
    ]
    assert first["payload"]["actionHash"] == shown["actionHash"]
    out = tmp_path / "out.json"
    second = sign_json(path, "--out", out)
    assert second["out"] == str(out)
    assert "payload" not in second
    assert second["signed"][0]["alreadySigned"] is True
    assert json.loads(out.read_text()) == first["payload"]


def test_the_same_request_may_be_signed_again_and_says_so(sign, request_file, make_request):
    path = request_file(make_request())
    first = sign(path)
    again = sign(path)
    assert again.stdout == first.stdout
    assert "had been signed before" in again.stderr
    assert "had been signed before" not in first.stderr


def test_another_request_with_the_same_nonce_is_never_signed(
    cli, options, request_file, make_request, tmp_path
):
    path = request_file(make_request())
    assert cli("sign", path, *options, "--yes").exit_code == 0
    other = request_file(make_request(vaultAddress="0x" + "11" * 20), name="other.json")
    out = tmp_path / "out.json"
    assert cli.refusal("sign", other, *options, "--yes", "--out", out, status=4) == "nonce-used"
    assert not out.exists()
    assert len(recorded(cli)) == 1


def test_a_spent_nonce_is_noticed_before_a_passphrase_is_asked_for(
    cli, options, keystore, request_file, make_request
):
    cli("sign", request_file(make_request()), *options, "--yes")
    other = request_file(make_request(expiresAfter=None), name="other.json")
    # Without --passphrase-file and without a terminal, asking would end with exit status 2.
    assert cli.refusal("sign", other, "--keystore", keystore, "--yes", status=4) == "nonce-used"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"nonce": 5}, "nonce-window"),
        ({"expiresAfter": 5}, "expired"),
        ({"signer": "0x" + "11" * 20}, "signer-mismatch"),
    ],
)
def test_rules_refuse_before_anything_is_recorded(
    cli, options, request_file, make_request, tmp_path, change, code
):
    path = request_file(make_request(), make_request(**change))
    out = tmp_path / "out.json"
    assert cli.refusal("sign", path, *options, "--yes", "--out", out, status=4) in (
        code, "nonce-repeated",
    )  # fmt: skip
    alone = request_file(make_request(**change), name="alone.json")
    assert cli.refusal("sign", alone, *options, "--yes", "--out", out, status=4) == code
    assert not out.exists()
    assert recorded(cli) == []


def test_two_requests_of_one_run_may_not_share_a_nonce(cli, options, request_file, make_request):
    path = request_file(make_request(), make_request(expiresAfter=None))
    assert cli.refusal("sign", path, *options, "--yes", status=4) == "nonce-repeated"
    assert recorded(cli) == []


def test_without_a_clock_the_time_is_not_judged_and_that_is_said_loudly(
    sign, cli, request_file, make_request
):
    path = request_file(make_request(nonce=5, expiresAfter=6))
    result = sign(path, "--no-clock")
    assert result.exit_code == 0
    assert "WARNING: no clock" in result.stderr
    assert recorded(cli)[0]["recordedAt"] is None


def test_an_assumed_time_judges_instead_of_the_clock(sign, cli, request_file, make_request):
    path = request_file(make_request(nonce=1_000_000, expiresAfter=None))
    assert sign(path, "--assume-time", "1000001").exit_code == 0
    assert recorded(cli)[0]["recordedAt"] == 1_000_001


def test_a_request_that_expires_while_a_person_reads_is_not_signed(
    cli, options, request_file, make_request, now
):
    readings = iter([now, now + 2 * HOUR])
    path = request_file(make_request())
    code = cli.refusal("sign", path, *options, "--yes", status=4, clock=lambda: next(readings))
    assert code == "expired"
    assert recorded(cli) == []


def test_every_file_is_loaded_before_anything_is_signed(
    cli, options, request_file, make_request, tmp_path
):
    good = request_file(make_request())
    bad = tmp_path / "bad.json"
    bad.write_text('{"network": "mainnet"}')
    assert cli.refusal("sign", good, bad, *options, "--yes", status=3) == "missing-key"
    assert recorded(cli) == []


def test_a_person_types_yes_where_the_table_names_the_market(
    cli, options, request_file, make_request, answers
):
    asked = answers("yes")
    result = cli("sign", request_file(make_request()), *options)
    assert result.exit_code == 0
    assert "BTC = asset 0 (in coldlever's table)" in result.stderr
    assert asked == ['Type "yes" to sign']


@pytest.mark.parametrize("typed", ["yes", "yes 2", "yes 4", "3 yes", "3"])
def test_a_batch_is_not_signed_without_its_number_of_requests(
    cli, options, request_file, make_request, answers, now, typed, state
):
    path = request_file(*(make_request(nonce=now + step) for step in range(3)))
    answers(typed)
    assert cli.refusal("sign", path, *options, status=5) == "declined"
    assert not (state / "ledger.sqlite3").exists()


@pytest.mark.parametrize("typed", ["no", "", "y", "YES", "0"])
def test_anything_else_is_a_no_and_nothing_happens(
    cli, options, request_file, make_request, answers, typed, tmp_path, state
):
    answers(typed)
    out = tmp_path / "out.json"
    path = request_file(make_request())
    assert cli.refusal("sign", path, *options, "--out", out, status=5) == "declined"
    assert not out.exists()
    assert not state.exists()


def test_without_a_terminal_somebody_must_say_yes(cli, options, request_file, make_request):
    assert cli.refusal("sign", request_file(make_request()), *options, status=2) == "no-terminal"
    assert recorded(cli) == []


def test_a_wrong_passphrase_signs_and_records_nothing(
    cli, keystore, request_file, make_request, tmp_path
):
    wrong = tmp_path / "wrong"
    wrong.write_text("not the passphrase\n")
    path = request_file(make_request())
    out = tmp_path / "out.json"
    assert cli.refusal(
        "sign", path, "--keystore", keystore, "--passphrase-file", wrong, "--yes", "--out", out,
        status=4,
    ) == "wrong-passphrase"  # fmt: skip
    assert not out.exists()
    assert recorded(cli) == []


def test_a_person_has_three_attempts(cli, keystore, request_file, make_request):
    typed = iter(["wrong", "wrong again", "a lantern over 7 quiet harbours", "never", "no", "not"])
    cli.machine = replace(cli.machine, ask_secret=lambda _prompt: next(typed))
    path = request_file(make_request())
    result = cli("sign", path, "--keystore", keystore, "--yes")
    assert result.exit_code == 0
    assert result.stderr.count("Try again") == 2
    assert (
        cli.refusal("sign", path, "--keystore", keystore, "--yes", status=4) == "wrong-passphrase"
    )


def test_a_tampered_keystore_gets_one_attempt(
    cli, keystore, request_file, make_request, monkeypatch
):
    def swapped(_self, _passphrase):
        raise RuleRefused("keystore-address-mismatch", "not the key it claims")

    monkeypatch.setattr(Keystore, "open", swapped)
    cli.machine = replace(cli.machine, ask_secret=lambda _prompt: "whatever")
    path = request_file(make_request())
    assert cli.refusal("sign", path, "--keystore", keystore, "--yes", status=4) == (
        "keystore-address-mismatch"
    )


def test_the_keystore_is_found_by_name_by_signer_or_alone(
    cli, passphrase_file, keystore, make_keystore, request_file, make_request, owner, state
):
    path = request_file(make_request())
    rest = ["--passphrase-file", passphrase_file, "--yes"]
    assert cli.refusal("sign", path, *rest, status=2) == "keystore-missing"
    assert cli.refusal("sign", path, *rest, "--keystore", "cold", status=3) == "no-such-key"
    (state / "keys").mkdir(parents=True)
    (state / "keys" / "cold.json").write_bytes(keystore.read_bytes())
    assert cli("sign", path, *rest).exit_code == 0
    assert cli("sign", path, *rest, "--keystore", "cold").exit_code == 0
    make_keystore(b"\x07" * 32, name="warm.json", folder=state / "keys")
    assert cli.refusal("sign", path, *rest, status=2) == "keystore-ambiguous"
    named = request_file(make_request(signer=owner.lower), name="named.json")
    assert cli("sign", named, *rest).exit_code == 0


def test_a_keystore_without_an_address_is_checked_after_opening(
    cli, keystore, passphrase_file, request_file, make_request, tmp_path, owner
):
    nameless = tmp_path / "nameless.json"
    nameless.write_text(keystore.read_text().replace('"address"', '"label"'))
    rest = ["--keystore", nameless, "--passphrase-file", passphrase_file, "--yes"]
    wrong = request_file(make_request(signer="0x" + "11" * 20))
    assert cli.refusal("sign", wrong, *rest, status=4) == "signer-mismatch"
    assert recorded(cli) == []
    result = cli("sign", request_file(make_request(signer=owner.lower)), *rest)
    assert result.exit_code == 0
    assert "with the key of this keystore" in result.stderr
    assert "The keystore names no address" in result.stderr


def test_the_address_of_a_nameless_keystore_is_asked_for_before_anything_is_recorded(
    cli, keystore, passphrase_file, request_file, make_request, tmp_path, owner, answers
):
    nameless = tmp_path / "nameless.json"
    nameless.write_text(keystore.read_text().replace('"address"', '"label"'))
    rest = ["--keystore", nameless, "--passphrase-file", passphrase_file]
    path = request_file(make_request())
    words = cli.json("inspect", path, "--signer", owner)["checkWords"].split()
    asked = answers("yes", "no")
    declined = cli("sign", path, *rest)
    assert declined.exit_code == 5
    assert asked[-1] == 'Type "yes" to sign'
    before, after = declined.stderr.split(f"The keystore holds the key of {owner}.")
    assert "none: no signer is named" in before
    assert " ".join(words[:4]) in after
    assert recorded(cli) == []
    answers("yes", "yes")
    assert cli("sign", path, *rest).exit_code == 0


def test_the_account_of_a_request_goes_with_the_payload(sign_json, cli, request_file, make_request):
    account = "0x" + "22" * 20
    payload = sign_json(request_file(make_request(account=account)))["payload"]
    assert payload["account"] == account
    assert "account" not in payload["payload"]
    signed = request_file(payload, name="signed.json")
    assert f"{account} (as drafted, not signed)" in cli("inspect", signed).stderr
    assert f"{account} (as drafted, not signed)" in cli("verify", signed).stderr


def test_sign_shows_and_reports_the_words_and_the_answer_that_inspect_does(
    sign_json, sign, cli, request_file, make_request, owner
):
    path = request_file(make_request())
    told = ["--challenge", "able acid also apex"]
    shown = cli.json("inspect", path, "--signer", owner, *told)
    (one,) = sign_json(path, *told)["signed"]
    assert one["checkWords"] == shown["checkWords"]
    assert one["challenge"] == shown["challenge"]
    assert shown["challenge"]["answer"] in sign(path, *told).stderr


def test_an_existing_output_is_refused_first_and_replaced_with_force(
    cli, options, request_file, make_request, tmp_path
):
    out = tmp_path / "out.json"
    out.write_text("precious")
    path = request_file(make_request())
    assert cli.refusal("sign", path, *options, "--yes", "--out", out, status=2) == "output-exists"
    assert out.read_text() == "precious"
    assert recorded(cli) == []
    assert cli("sign", path, *options, "--yes", "--out", out, "--force").exit_code == 0
    assert json.loads(out.read_text())["kind"] == "coldlever/signed"


def test_an_output_that_cannot_be_made_is_refused_first(cli, options, request_file, make_request):
    path = request_file(make_request())
    assert cli.refusal("sign", path, *options, "--yes", "--out", "/nowhere/o", status=8) == (
        "output-folder"
    )
    assert recorded(cli) == []


def test_a_request_and_a_passphrase_cannot_both_come_from_stdin(cli, keystore):
    arguments = ["sign", "-", "--keystore", keystore, "--passphrase-file", "-"]
    assert cli.refusal(*arguments, status=2) == "stdin-twice"


def test_a_batch_too_large_to_be_read_again_is_refused_before_it_is_signed(
    cli, options, request_file, make_request, now
):
    action = make_request()["action"]
    path = request_file(*([action] * 2_500))
    assert cli.refusal("sign", path, *options, "--yes", "--network", "mainnet", status=3) == (
        "batch-too-large"
    )
    assert recorded(cli) == []


def test_a_thousand_requests_are_signed_and_can_be_verified(
    sign, cli, request_file, make_request, now, tmp_path
):
    path = request_file(*(make_request(nonce=now + step) for step in range(1_000)))
    out = tmp_path / "out.json"
    assert sign(path, "--out", out).exit_code == 0
    assert len(json.loads(out.read_text())) == 1_000
    assert cli("verify", out).exit_code == 0


def test_a_locked_or_damaged_ledger_signs_nothing(
    cli, options, request_file, make_request, tmp_path, state
):
    state.mkdir(parents=True)
    (state / "ledger.sqlite3").write_bytes(b"x" * 5_000)
    out = tmp_path / "out.json"
    path = request_file(make_request())
    assert cli.refusal("sign", path, *options, "--yes", "--out", out, status=4) == "ledger-damaged"
    assert not out.exists()


def test_an_interruption_after_recording_is_harmless(
    cli, options, request_file, make_request, monkeypatch, tmp_path
):
    path = request_file(make_request())
    out = tmp_path / "out.json"
    with monkeypatch.context() as patched:
        patched.setattr(delivery, "write_document", _full_disk)
        assert (
            cli.refusal("sign", path, *options, "--yes", "--out", out, status=8) == "write-failed"
        )
    assert not out.exists()
    assert len(recorded(cli)) == 1
    document = cli.json("sign", path, *options, "--yes", "--out", out)
    assert document["signed"][0]["alreadySigned"] is True


def _full_disk(*_, **__):
    raise EnvironmentFault("write-failed", "no space left on device")


@pytest.fixture
def run_limited(run_process):
    """Runs the signer in a process that may not make files larger than ``limit`` bytes."""

    def run(limit, *arguments):
        return run_process(
            *arguments,
            "--json",
            # Bytecode would be cut short by the limit as well, and break whoever runs next.
            switches=("-B",),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )

    return run


def test_no_room_for_the_ledger_means_no_signature(
    run_limited, options, request_file, make_request, now, tmp_path
):
    path = request_file(make_request())
    arguments = ["sign", path, *options, "--yes", "--assume-time", now, "--out", "out.json"]
    done = run_limited(4_096, *arguments, "--state-dir", "state")
    assert done.returncode == 8, done.stdout
    assert json.loads(done.stdout)["error"]["code"] in ("ledger-full", "ledger-unusable")
    assert not (tmp_path / "out.json").exists()
    again = run_limited(1 << 20, *arguments, "--state-dir", "state")
    assert json.loads(again.stdout)["signed"][0]["alreadySigned"] is False


def test_no_room_for_the_output_records_nothing_and_leaves_no_part_of_it(
    run_limited, options, request_file, make_request, now, tmp_path
):
    path = request_file(*(make_request(nonce=now + step) for step in range(150)))
    arguments = ["sign", path, *options, "--yes", "--assume-time", now, "--out", "out/o.json"]
    (tmp_path / "out").mkdir()
    done = run_limited(80_000, *arguments, "--state-dir", "state")
    assert done.returncode == 8, done.stdout
    assert json.loads(done.stdout)["error"]["code"] == "write-failed"
    assert list((tmp_path / "out").iterdir()) == []
    again = run_limited(1 << 20, *arguments, "--state-dir", "state")
    assert not any(one["alreadySigned"] for one in json.loads(again.stdout)["signed"])


def test_two_processes_never_sign_two_requests_with_one_nonce(
    environment, options, request_file, make_request, now, tmp_path, signer_words
):
    racers = []
    for leverage in (10, 11, 12):
        action = make_request()["action"] | {"leverage": leverage}
        path = request_file(make_request(action=action), name=f"{leverage}.json")
        racers.append(
            subprocess.Popen(
                [*signer_words(), "sign", path, *map(str, options), "--yes",
                 "--assume-time", str(now), "--state-dir", "state", "--json"],
                env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )
        )  # fmt: skip
    documents = [json.loads(racer.communicate(timeout=60)[0]) for racer in racers]
    assert sorted(racer.returncode for racer in racers) == [0, 4, 4]
    refused = [one["error"]["code"] for one in documents if "error" in one]
    assert refused == ["nonce-used", "nonce-used"]


def test_what_was_reviewed_is_what_gets_signed_even_if_the_file_changes(
    cli, options, request_file, make_request
):
    path = request_file(make_request())
    shown = cli.json("inspect", path)["actionHash"]

    def replace_file(_prompt):
        request_file(make_request(action=make_request()["action"] | {"leverage": 50}))
        return replies.pop(0)

    replies = ["yes"]
    document = cli.json("sign", path, *options, ask=replace_file)
    assert document["signed"][0]["actionHash"] == shown
    assert document["payload"]["payload"]["action"]["leverage"] == 10
