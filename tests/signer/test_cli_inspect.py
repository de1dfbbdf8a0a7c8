# ruff: noqa: PLR0917 - a test's parameters are its fixtures
import json

import pytest

NAMED = ["network", "actionHash", "digest", "action", "nonce", "expiresAfter", "vaultAddress"]
HOUR = 3_600_000
SIGNER = "0x1111111111111111111111111111111111111111"


def codes(inspected):
    return [warning["code"] for warning in inspected["warnings"]]


def market(network="mainnet", coin="BTC", asset=0):
    entry = {
        "network": network, "asset": asset, "coin": coin, "maxLeverage": 40,
        "marginMode": "normal", "delisted": False, "time": 1,
    }  # fmt: skip
    return {"kind": "coldlever/market", "version": 1, "network": network, "time": 1,
            "entries": [entry]}  # fmt: skip


def test_a_single_request_gives_an_object(cli, request_file, make_request):
    one = cli.json("inspect", request_file(make_request()))
    assert set(NAMED) < one.keys()
    assert one["checkWords"] is None
    assert "no signer" in one["checkWordsReason"]
    assert "signer" not in one
    assert one["coin"] == "BTC"
    assert {"code", "text"} == set(one["warnings"][0])


def test_a_named_signer_and_coin_are_given(cli, request_file, make_request, owner):
    entry = market()["entries"][0]
    one = cli.json("inspect", request_file(make_request(signer=owner.lower, market=entry)))
    assert one["signer"] == str(owner)
    assert one["coin"] == "BTC"
    assert not {"market-unverified", "market-unknown"} & set(codes(one))


def test_a_batch_or_several_files_give_one_array(cli, request_file, make_request):
    one = request_file(make_request(), name="one.json")
    batch = request_file(make_request(), batch=True, name="batch.json")
    assert len(cli.json("inspect", batch)) == 1
    assert len(cli.json("inspect", one, batch, one)) == 3


def test_the_review_is_for_people_and_goes_to_stderr(cli, request_file, make_request):
    result = cli("inspect", request_file(make_request(note="hello")))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "This action:" in result.stderr
    assert "set leverage to cross 10x" in result.stderr
    assert '"hello" (not signed)' in result.stderr


def test_a_batch_is_shown_as_a_table_with_words_for_the_whole(cli, request_file, make_request, now):
    path = request_file(make_request(), make_request(nonce=now + 1))
    text = cli("inspect", path, "--signer", SIGNER).stderr
    assert "2 actions:" in text
    assert "Of the whole batch of 2:\n  Check words  " in text
    first, second = cli.json("inspect", path, "--signer", SIGNER)
    assert first["batchCheckWords"] == second["batchCheckWords"]
    assert len({first["checkWords"], second["checkWords"], first["batchCheckWords"]}) == 3


def test_the_signer_is_named_by_the_request_an_option_or_a_keystore(
    cli, request_file, make_request, owner, keystore
):
    named = request_file(make_request(signer=owner.lower), name="named.json")
    words = cli.json("inspect", named)["checkWords"]
    assert len(words.split()) == 16
    anybody = request_file(make_request())
    assert cli.json("inspect", anybody, "--signer", owner)["checkWords"] == words
    assert cli.json("inspect", anybody, "--keystore", keystore)["checkWords"] == words
    other = cli.json("inspect", anybody, "--signer", SIGNER)
    assert other["signer"] == SIGNER
    assert other["checkWords"] != words
    for option in (["--signer", SIGNER], ["--keystore", keystore, "--signer", SIGNER]):
        assert cli.refusal("inspect", named, *option, status=4) == "signer-mismatch"
    assert cli.refusal("inspect", named, "--signer", "0x12", status=2) == "bad-address"


def test_a_challenge_is_drawn_on_one_side_and_answered_on_the_other(
    cli, request_file, make_request, owner
):
    path = request_file(make_request(signer=owner.lower))
    drawn = cli.json("inspect", "--challenge", path, entropy=lambda size: bytes(range(size)))
    assert drawn["challenge"]["words"] == "able acid also apex"
    told = cli.json("inspect", path, "--challenge", "ABLE ACID ALSO APEX")
    assert told["challenge"] == drawn["challenge"]
    assert len(told["challenge"]["answer"].split()) == 5
    shown = cli("inspect", path, "--challenge", "able acid also apex").stderr
    assert "Challenge    able acid also apex" in shown
    assert f"Answer       {drawn['challenge']['answer']}" in shown


def test_a_challenge_is_drawn_only_after_the_document_was_read(cli, tmp_path):
    def draw(_size):
        pytest.fail("drawn before there was a document")

    assert cli.refusal(
        "inspect", tmp_path / "none.json", "--challenge", status=3, entropy=draw
    ) == ("file-unreadable")


@pytest.fixture
def now(machine):
    return machine.clock()


def test_time_rules_are_warnings_here(cli, request_file, make_request, now):
    stale = request_file(make_request(nonce=1, expiresAfter=now + 10))
    assert {"nonce-window", "expired"} <= set(codes(cli.json("inspect", stale)))
    fresh = request_file(make_request(), name="fresh.json")
    assert not {"nonce-window", "expired"} & set(codes(cli.json("inspect", fresh)))
    later = cli.json("inspect", fresh, "--assume-time", now + 2 * HOUR)
    assert "expired" in codes(later)
    assert "time-unchecked" in codes(cli.json("inspect", fresh, "--no-clock"))


def test_an_assumed_time_may_be_written_for_people(cli, request_file, make_request):
    path = request_file(make_request())
    one = cli.json("inspect", path, "--assume-time", "2020-01-01T00:00:00Z")
    assert "nonce-window" in codes(one)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--no-clock", "--assume-time", "1"], "clock-options"),
        (["--assume-time", "yesterday"], "bad-time"),
        (["--valid-for", "1 hour"], "bad-duration"),
        (["--market", "-"], "stdin-twice"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(cli, options, code):
    assert cli.refusal("inspect", "-", *options, status=2) == code


def test_a_bare_action_takes_nonce_and_expiry_from_the_clock(cli, request_file, make_request, now):
    path = request_file(make_request()["action"])
    one = cli.json("inspect", path, "--network", "testnet", "--valid-for", "30m")
    assert (one["network"], one["nonce"], one["expiresAfter"]) == ("testnet", now, now + HOUR // 2)
    assert cli.refusal("inspect", path, status=3) == "network-missing"
    assert cli.refusal("inspect", path, "--network", "testnet", "--no-clock", status=3) == (
        "clock-missing"
    )


def test_bare_actions_of_several_files_never_share_a_nonce(cli, request_file, make_request, now):
    action = make_request()["action"]
    one = request_file(action, name="one.json")
    two = request_file(action, action, name="two.json")
    found = cli.json("inspect", one, two, one, "--network", "mainnet")
    assert [item["nonce"] for item in found] == [now, now + 1, now + 2, now + 3]


def test_stdin_is_read(cli, make_request):
    assert cli.json("inspect", "-", stdin=json.dumps(make_request()))["nonce"]


def test_a_market_table_gives_names(cli, request_file, make_request, tmp_path):
    path = request_file(make_request())
    table = tmp_path / "market.json"
    table.write_text(json.dumps(market()))
    assert cli.json("inspect", path, "--market", table)["coin"] == "BTC"
    table.write_text(json.dumps(market("testnet")))
    assert cli.refusal("inspect", path, "--market", table, status=4) == "market-mismatch"
    table.write_text("{}")
    assert cli.refusal("inspect", path, "--market", table, status=3) == "missing-key"


def test_a_request_that_contradicts_the_market_table_is_refused(
    cli, request_file, make_request, tmp_path
):
    table = tmp_path / "market.json"
    table.write_text(json.dumps(market(coin="ETH")))
    path = request_file(make_request(market=market()["entries"][0]))
    result = cli("inspect", path, "--market", table)
    assert result.exit_code == 4
    assert f"{path}: $: the request calls asset 0" in result.stderr


def test_signed_payloads_are_inspected_too(
    cli, sign_json, request_file, make_request, owner, tmp_path
):
    path = request_file(make_request(), batch=True)
    asked = cli.json("inspect", path)[0]
    payloads = sign_json(path)["payloads"]
    signed = request_file(*payloads, batch=True, name="signed.json")
    (shown,) = cli.json("inspect", signed)
    assert shown["signer"] == str(owner)
    assert {name: shown[name] for name in NAMED} == {name: asked[name] for name in NAMED}
    bare = request_file(payloads[0]["payload"], name="bare.json")
    assert cli.json("inspect", bare, "--network", "mainnet")["signer"] == str(owner)
    assert cli.refusal("inspect", bare, status=3) == "network-missing"
    table = tmp_path / "market.json"
    table.write_text(json.dumps(market()))
    assert cli.json("inspect", signed, "--market", table)[0]["coin"] == "BTC"


def test_a_bad_signature_is_a_warning_and_names_no_signer(
    cli, sign_json, request_file, make_request
):
    payload = sign_json(request_file(make_request()))["payload"]
    payload["payload"]["nonce"] += 1
    path = request_file(payload, name="signed.json")
    one = cli.json("inspect", path)
    assert "signer" not in one
    assert "action-hash-mismatch" in codes(one)
    assert "NOT VALID" in cli("inspect", path).stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "json-malformed"),
        ("[]", "empty-batch"),
        ("7", "not-a-request"),
        ('{"kind": "coldlever/market"}', "not-a-request"),
        ('{"signature": 1, "action": {}, "nonce": 1}', "network-missing"),
    ],
)
def test_other_files_are_refused(cli, tmp_path, text, code):
    path = tmp_path / "f.json"
    path.write_text(text)
    assert cli.refusal("inspect", path, status=3) == code


def test_a_missing_file_is_refused_input(cli, tmp_path):
    assert cli.refusal("inspect", tmp_path / "absent.json", status=3) == "file-unreadable"


def test_files_of_the_json_test_suite_never_pass_for_requests(cli, reference):
    paths = sorted((reference / "json").glob("*.json"))
    assert len(paths) > 250
    for path in paths:
        result = cli("inspect", path, "--network", "mainnet", "--json")
        assert result.exit_code == 3, path.name
        assert json.loads(result.stdout)["error"]["code"], path.name
