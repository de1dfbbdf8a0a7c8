# ruff: noqa: PLR0917 - a test's parameters are its fixtures
"""Names of markets in front of a person: who vouches, what is typed, what is remembered."""

import json

import pytest

from coldlever.signer.ledger import Ledger

BUILDER = 110_001
YES = 'Type "yes" to sign'


@pytest.fixture
def options(keystore, passphrase_file):
    return ["--keystore", keystore, "--passphrase-file", passphrase_file]


def entry(asset, coin, network="mainnet"):
    return {
        "network": network, "asset": asset, "coin": coin, "maxLeverage": 40,
        "marginMode": "normal", "delisted": False, "time": 1,
    }  # fmt: skip


@pytest.fixture
def ask_for(make_request):
    """A request for an asset id, with or without a coin."""

    def make(asset, coin=None, network="mainnet", **changes):
        action = make_request()["action"] | {"asset": asset}
        market = None if coin is None else entry(asset, coin, network)
        return make_request(action=action, market=market, network=network, **changes)

    return make


def remembered(cli):
    return [(one["network"], one["asset"], one["coin"]) for one in
            cli.json("market", "show")["confirmed"]]  # fmt: skip


def recorded(cli):
    return cli.json("ledger", "show")["entries"]


@pytest.mark.parametrize("command", ["inspect", "sign"])
def test_an_eth_request_whose_coin_was_edited_to_btc_is_refused(
    cli, options, request_file, ask_for, command, answers
):
    asked = answers()
    path = request_file(ask_for(4, "BTC", "testnet"))
    more = options if command == "sign" else []
    assert cli.refusal(command, path, *more, status=4) == "market-mismatch"
    assert asked == []
    assert recorded(cli) == []


def test_a_market_table_that_contradicts_coldlevers_own_is_refused(
    cli, sign, request_file, ask_for, tmp_path
):
    table = tmp_path / "market.json"
    table.write_text(json.dumps({
        "kind": "coldlever/market", "version": 1, "network": "testnet", "time": 1,
        "entries": [entry(4, "BTC", "testnet")],
    }))  # fmt: skip
    path = request_file(ask_for(4, network="testnet"))
    result = sign(path, "--market", table)
    assert result.exit_code == 4
    assert f"{path}: $: the market entry calls asset 4" in result.stderr


def test_a_bare_id_gets_its_name_from_the_table(cli, options, request_file, ask_for, answers):
    asked = answers("yes")
    result = cli("sign", request_file(ask_for(3, network="testnet")), *options)
    assert result.exit_code == 0
    assert "BTC = asset 3 (in coldlever's table)" in result.stderr
    assert asked == [YES]


def test_the_coin_that_is_meant_is_typed_once_and_remembered(
    cli, options, request_file, ask_for, answers, machine
):
    asked = answers("xyz:TSLA", "yes", "yes")
    result = cli("sign", request_file(ask_for(BUILDER, "xyz:TSLA")), *options)
    assert result.exit_code == 0
    assert "Type the coin you mean to change" in asked[0]
    assert "TSLA" not in asked[0]
    assert remembered(cli) == [("mainnet", BUILDER, "xyz:TSLA")]
    again = ask_for(BUILDER, "xyz:TSLA", nonce=machine.clock() + 1)
    result = cli("sign", request_file(again, name="again.json"), *options)
    assert result.exit_code == 0
    assert "xyz:TSLA = asset 110001 (confirmed here before)" in result.stderr
    assert asked[1:] == [YES, YES]


@pytest.mark.parametrize("typed", ["xyz:NVDA", "110001", "", "yes", "XYZ:TSLA", "TSLA"])
def test_another_coin_is_a_no_and_nothing_happens(
    cli, options, request_file, ask_for, answers, typed, state
):
    answers(typed)
    path = request_file(ask_for(BUILDER, "xyz:TSLA"))
    assert cli.refusal("sign", path, *options, status=5) == "declined"
    assert not state.exists()


def test_nothing_is_remembered_unless_everything_is_confirmed(
    cli, options, request_file, ask_for, answers, state, keystore, tmp_path
):
    path = request_file(ask_for(BUILDER, "xyz:TSLA"))
    answers("xyz:TSLA", "no")
    assert cli.refusal("sign", path, *options, status=5) == "declined"
    assert not state.exists()
    wrong = tmp_path / "wrong"
    wrong.write_text("not the passphrase\n")
    answers("xyz:TSLA", "yes")
    assert cli.refusal(
        "sign", path, "--keystore", keystore, "--passphrase-file", wrong, status=4
    ) == "wrong-passphrase"  # fmt: skip
    assert remembered(cli) == []


def test_a_name_that_contradicts_a_remembered_one_is_refused(
    cli, options, request_file, ask_for, answers, machine
):
    answers("xyz:TSLA", "yes")
    assert cli("sign", request_file(ask_for(BUILDER, "xyz:TSLA")), *options).exit_code == 0
    other = request_file(ask_for(BUILDER, "xyz:NVDA", nonce=machine.clock() + 1), name="other.json")
    result = cli("sign", other, *options, "--yes", "--expect", f"{BUILDER}=xyz:NVDA")
    assert result.exit_code == 4
    assert "[market-mismatch]" in result.stderr
    assert f"market forget {BUILDER} --network mainnet" in result.stderr
    assert len(recorded(cli)) == 1
    # The remedy works.
    assert cli("market", "forget", BUILDER, "--network", "mainnet").exit_code == 0
    result = cli("sign", other, *options, "--yes", "--expect", f"{BUILDER}=xyz:NVDA")
    assert result.exit_code == 0


def test_the_same_id_of_the_other_network_is_asked_for_anew(
    cli, options, request_file, ask_for, answers, machine
):
    asked = answers("xyz:TSLA", "yes", "xyz:AAPL", "yes")
    assert cli("sign", request_file(ask_for(BUILDER, "xyz:TSLA")), *options).exit_code == 0
    other = ask_for(BUILDER, "xyz:AAPL", "testnet")
    assert cli("sign", request_file(other, name="other.json"), *options).exit_code == 0
    assert "on testnet" in asked[2]
    assert len(remembered(cli)) == 2


def test_an_id_that_nothing_names_is_typed_and_not_remembered(
    cli, options, request_file, ask_for, answers, machine
):
    asked = answers("500", "yes", "500", "yes")
    for step in range(2):
        path = request_file(ask_for(500, nonce=machine.clock() + step), name=f"{step}.json")
        assert cli("sign", path, *options).exit_code == 0
    assert ["Type the asset id" in one for one in asked] == [True, False] * 2
    assert remembered(cli) == []


def test_a_batch_asks_for_each_market_once(cli, options, request_file, ask_for, answers, machine):
    wanted = [(500, None), (BUILDER, "xyz:TSLA"), (501, None), (500, None), (0, "BTC"),
              (BUILDER, "xyz:TSLA"), (110_002, "xyz:NVDA")]  # fmt: skip
    requests = [
        ask_for(asset, coin, nonce=machine.clock() + step)
        for step, (asset, coin) in enumerate(wanted)
    ]
    asked = answers("xyz:TSLA", "xyz:NVDA", "501, 500", "yes 7")
    assert cli("sign", request_file(*requests), *options).exit_code == 0
    assert ["110001" in asked[0], "110002" in asked[1]] == [True, True]
    assert "the 2 asset ids" in asked[2]
    assert [coin for _, _, coin in remembered(cli)] == ["xyz:TSLA", "xyz:NVDA"]


def test_two_names_for_one_id_in_a_batch_are_refused(
    cli, options, request_file, ask_for, answers, machine
):
    asked = answers()
    path = request_file(
        ask_for(BUILDER, "xyz:TSLA"), ask_for(BUILDER, "xyz:NVDA", nonce=machine.clock() + 1)
    )
    assert cli.refusal("sign", path, *options, status=4) == "market-mismatch"
    assert asked == []


@pytest.mark.parametrize("typed", ["500", "500 502", "501", "500 501 501", ""])
def test_other_ids_are_a_no(cli, options, request_file, ask_for, answers, typed, machine, state):
    answers(typed)
    requests = [ask_for(500 + step, nonce=machine.clock() + step) for step in range(2)]
    assert cli.refusal("sign", request_file(*requests), *options, status=5) == "declined"
    assert not state.exists()


def test_more_than_ten_nameless_ids_need_a_market_table(
    cli, options, request_file, ask_for, answers, machine, sign
):
    requests = [ask_for(500 + step, nonce=machine.clock() + step) for step in range(11)]
    asked = answers(" ".join(str(500 + step) for step in range(10)), "yes 10")
    path = request_file(*requests)
    assert cli.refusal("sign", path, *options, status=4) == "market-missing"
    assert asked == []
    assert cli("sign", request_file(*requests[:10], name="ten.json"), *options).exit_code == 0
    # Nobody types with --yes, so nothing is too much to type.
    assert sign(path).exit_code == 0


def test_a_script_must_say_which_coin_it_expects(cli, options, request_file, ask_for):
    path = request_file(ask_for(BUILDER, "xyz:TSLA"))
    run = ("sign", path, *options, "--yes")
    assert cli.refusal(*run, status=4) == "market-unconfirmed"
    for wrong in (f"{BUILDER}=xyz:NVDA", "500=xyz:TSLA"):
        assert cli.refusal(*run, "--expect", wrong, status=4) == "market-mismatch"
    assert recorded(cli) == []
    assert cli(*run, "--expect", f"{BUILDER}=xyz:TSLA").exit_code == 0
    # What a script says is no person's confirmation: it says so each time.
    assert remembered(cli) == []


def test_a_script_may_sign_ids_that_the_table_or_nothing_names(
    sign, request_file, ask_for, machine
):
    path = request_file(ask_for(0, "BTC"), ask_for(500, nonce=machine.clock() + 1))
    assert sign(path).exit_code == 0


@pytest.mark.parametrize(("asset", "said"), [(4, "BTC"), (500, "NEW")])
def test_an_expectation_that_nothing_bears_out_is_refused(
    cli, options, request_file, ask_for, asset, said
):
    path = request_file(ask_for(asset, network="testnet"))
    run = ("sign", path, *options, "--yes", "--expect", f"{asset}={said}")
    assert cli.refusal(*run, status=4) == "market-mismatch"


def test_an_expectation_stands_for_what_a_person_would_type(
    cli, options, request_file, ask_for, answers
):
    asked = answers("yes")
    path = request_file(ask_for(BUILDER, "xyz:TSLA"))
    run = ("sign", path, *options, "--expect", f"{BUILDER}=xyz:TSLA")
    assert cli(*run).exit_code == 0
    assert asked == [YES]
    assert remembered(cli) == []


@pytest.mark.parametrize(
    "texts", [["BTC"], ["=BTC"], ["3="], ["x=BTC"], ["03=BTC"], ["-3=BTC"], ["3=BTC", "3=ETH"]]
)
def test_an_expectation_that_cannot_be_read_is_wrong_usage(
    cli, options, request_file, ask_for, texts
):
    path = request_file(ask_for(3, network="testnet"))
    given = [part for text in texts for part in ("--expect", text)]
    assert cli.refusal("sign", path, *options, "--yes", *given, status=2) == "bad-expect"


@pytest.mark.parametrize("asset", [10_000, 99_999, 100_000_000, 2**32 - 1])
def test_ids_of_another_class_are_shown_and_never_signed(
    cli, options, request_file, ask_for, asset
):
    path = request_file(ask_for(asset))
    assert "asset-class" in [one["code"] for one in cli.json("inspect", path)["warnings"]]
    assert cli.refusal("sign", path, *options, "--yes", status=4) == "asset-class"
    assert recorded(cli) == []


@pytest.mark.parametrize(("asset", "coin"), [(BUILDER, "TSLA"), (500, "xyz:TSLA")])
def test_a_dex_in_front_that_does_not_fit_the_id_is_never_signed(
    cli, options, request_file, ask_for, asset, coin
):
    run = ("sign", request_file(ask_for(asset, coin)), *options, "--yes")
    assert cli.refusal(*run, "--expect", f"{asset}={coin}", status=4) == "market-mismatch"


def test_names_are_listed_and_forgotten(cli, options, request_file, ask_for, answers, state):
    assert cli.json("market", "show") == {"confirmed": []}
    assert not state.exists()
    answers("xyz:TSLA", "yes")
    assert cli("sign", request_file(ask_for(BUILDER, "xyz:TSLA")), *options).exit_code == 0
    assert "mainnet asset 110001: xyz:TSLA" in cli("market", "show").stderr
    assert "1 confirmed name" in cli("market", "show").stderr
    assert cli.json("market", "show", "--network", "testnet") == {"confirmed": []}
    forget = ("market", "forget", BUILDER)
    assert cli.refusal(*forget, status=2) == "network-missing"
    assert cli.refusal(*forget, "--network", "testnet", status=4) == "market-unconfirmed"
    coin = {"network": "mainnet", "asset": BUILDER, "coin": "xyz:TSLA", "voucher": "person"}
    assert cli.json(*forget, "--network", "mainnet") == {"forgotten": coin}
    assert cli.json("market", "show") == {"confirmed": []}
    with Ledger.open_existing(state / "ledger.sqlite3") as ledger:
        assert len(ledger.entries()) == 1
