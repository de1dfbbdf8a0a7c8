"""Every question of one `sign` that asks them all, each answered with no: nothing is remembered."""

import json
from dataclasses import replace

import pytest

from coldlever.signer.ledger import Ledger

FAR = 12 * 365 * 86_400_000
RIGHT = (
    ("a nonce may be signed twice", "a nonce may be signed twice"),
    ("far-nonce", "far-nonce"),
    ("coin you mean", "xyz:TSLA"),
    ('"yes 2"', "yes 2"),
)


@pytest.fixture
def asked(cli):
    """Has all questions answered right but one; returns the questions."""

    def wire(wrong_at):
        questions = []

        def ask(prompt):
            questions.append(prompt)
            if len(questions) - 1 == wrong_at:
                return "no"
            return next(answer for part, answer in RIGHT if part in prompt)

        cli.machine = replace(cli.machine, ask=ask)
        return questions

    return wire


@pytest.fixture(params=["address", "no address"])
def awkward(  # noqa: PLR0917 - fixtures
    request, cli, sign, keystore, request_file, make_request, state, passphrase_file
):
    """A run on a ledger that went back, of two requests: a builder's market, and a far nonce."""
    now = cli.machine.clock()
    assert sign(request_file(make_request(nonce=now - 5, expiresAfter=None))).exit_code == 0
    (state / "ledger.sqlite3").unlink()
    with Ledger.open(state / "ledger.sqlite3"):
        pass
    if request.param == "no address":
        document = json.loads(keystore.read_text())
        del document["address"]
        keystore.write_text(json.dumps(document))
    action = {"type": "updateLeverage", "asset": 110_001, "isCross": True, "leverage": 10}
    market = {
        "network": "mainnet", "asset": 110_001, "coin": "xyz:TSLA", "maxLeverage": 20,
        "marginMode": "normal", "delisted": False, "time": 1,
    }  # fmt: skip
    file = request_file(
        make_request(action=action, market=market, expiresAfter=None),
        make_request(nonce=now + FAR, expiresAfter=None),
        name="both.json",
    )
    return (
        "sign", file, "--keystore", keystore, "--passphrase-file", passphrase_file, "--no-clock",
        "--new-ledger", "--challenge", "--out", state / "signed.json",
    )  # fmt: skip


def remembered(keystore, state):
    with Ledger.open(state / "ledger.sqlite3") as ledger:
        coins, rows = ledger.confirmed_coins(), ledger.chain()
    heads = {path.name: path.read_bytes() for path in keystore.parent.glob("*.ledger-head")}
    return coins, rows, heads, (state / "signed.json").exists()


def test_a_no_at_any_question_leaves_nothing(cli, asked, awkward, keystore, state):
    before = remembered(keystore, state)
    assert before[:2] == ((), ())
    step = 0
    while True:
        questions = asked(step)
        result = cli(*awkward, "--json")
        if len(questions) == step:
            break
        assert result.exit_code == 5, (questions, result.output)
        assert json.loads(result.stdout)["error"]["code"] == "declined"
        assert remembered(keystore, state) == before, questions
        step += 1
    assert step >= len(RIGHT)
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["signed"]) == 2
    coins, rows, heads, written = remembered(keystore, state)
    assert (len(coins), len(rows), written) == (1, 3, True)
    assert heads != before[2]
