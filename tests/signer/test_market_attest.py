# ruff: noqa: PLR0917 - a test's parameters are its fixtures
"""`market attest`, and what the signer makes of attested markets."""

import json
from dataclasses import replace

import pytest

from tests.shared import ssh_tools
from tests.shared.approving import KEYS, PEOPLE, person_text, policy_text
from tests.signer.team import ADDRESS, PHRASE, SECRET, Team

BUILDER = 110_001
DAY = 86_400_000
NAMESPACE = "market@coldlever"
ATTESTORS = 'attestors = ["carol", "dave"]\nmarket-max-age = "7d"'
NOBODY_ELSE = '[[rule]]\nname = "all"\nneeds = "nobody"\n'
FOUR = "".join(person_text(name, groups) for name, groups in PEOPLE.items())


@pytest.fixture
def team(cli, tmp_path, make_keystore):
    keystore = make_keystore(SECRET, PHRASE, folder=tmp_path / "key")
    folder = tmp_path / "team"
    folder.mkdir()
    made = Team(cli, folder, keystore)
    made.policy.write_text(policy_text(head=ATTESTORS, rules=NOBODY_ELSE))
    return made


@pytest.fixture
def now(cli):
    return cli.machine.clock()


def entry(now, asset=BUILDER, coin="xyz:TSLA", **changes):
    return {
        "network": "mainnet", "asset": asset, "coin": coin, "maxLeverage": 20,
        "marginMode": "normal", "delisted": False, "time": now - 1000, **changes,
    }  # fmt: skip


@pytest.fixture
def table(team, now):
    """Writes a table of three markets of a builder's dex."""

    def write(name="table.json", network="mainnet", **changes):
        coins = {BUILDER - 1: "xyz:NVDA", BUILDER: "xyz:TSLA", BUILDER + 1: "xyz:GOLD"}
        entries = [
            entry(now, asset, coin, network=network, **changes) for asset, coin in coins.items()
        ]
        return team.document(
            name,
            {
                "kind": "coldlever/market", "version": 1, "network": network, "time": now,
                "entries": entries,
            },
        )  # fmt: skip

    return write


@pytest.fixture
def attest(team):
    def run(path, name="carol", *options, out="ours.json", status=0):
        place = team.folder / out
        place.unlink(missing_ok=True)
        document = team.cli.json(
            "market", "attest", path, "--policy", team.policy, "--approver", team.person(name),
            "--passphrase-file", team.phrase, "--yes", "--out", place, *options, status=status,
        )  # fmt: skip
        if status:
            assert not place.exists()
            return document["error"]["code"]
        return place

    return run


@pytest.fixture
def request_of(team, make_request):
    """Writes a request for the builder's market."""

    def write(market=None, *, isolated_margin=False, **changes):
        action = make_request()["action"] | {"asset": BUILDER}
        if isolated_margin:
            action = {
                "type": "updateIsolatedMargin", "asset": BUILDER, "isBuy": True, "ntli": 1_000_000,
            }  # fmt: skip
        wire = make_request(signer=str(ADDRESS), action=action, market=market, **changes)
        return team.document("request.json", wire)

    return write


@pytest.fixture
def proven(team, make_request):
    """Writes a request that carries what an attested table proves for its market alone."""
    from coldlever.shared.action.market import parse_market_table
    from coldlever.shared.message.attested import attested_table
    from coldlever.shared.message.request import Defaults, load_requests
    from coldlever.shared.reading import Where

    def write(path, change=lambda wire: None, **changes):
        listed = parse_market_table(json.loads(path.read_text()), Where("f"))
        action = changes.pop("action", make_request()["action"] | {"asset": BUILDER})
        bare = json.dumps(make_request(signer=str(ADDRESS), action=action, **changes)).encode()
        (one,) = load_requests(bare, "f", Defaults()).requests
        wire = attested_table(listed).attach(one).to_wire()
        change(wire)
        return team.document("proven.json", wire)

    return write


def sign(team, request, *options, status=0, policy=True):
    given = ("--policy", team.policy) if policy else ()
    return team.sign(request, options=(*given, *options), status=status)


def refusal(team, request, *options):
    """The code by which signing is refused; nothing was recorded."""
    before = team.cli.json("ledger", "show")["entries"]
    error = sign(team, request, *options, status=4)["error"]
    assert error["remedy"]
    assert team.cli.json("ledger", "show")["entries"] == before
    return error["code"]


def test_an_attested_name_is_a_fact_under_the_policy_and_says_who_vouches(
    team, table, attest, proven
):
    request = proven(attest(attest(table()), "dave", out="both.json"))
    assert "xyz:NVDA" not in request.read_text()
    shown = team.cli(
        "sign", request, "--keystore", team.keystore, "--passphrase-file", team.phrase, "--yes",
        "--policy", team.policy,
    )  # fmt: skip
    assert shown.exit_code == 0
    assert "xyz:TSLA = asset 110001 (attested by carol, dave)" in shown.stderr
    assert "nobody vouches" not in shown.stderr
    # Nobody has typed it, so it is not remembered as if somebody had.
    assert team.cli.json("market", "show") == {"confirmed": []}


def test_attesting_is_an_event_with_the_digest_of_the_list(team, table, attest):
    path = table()
    attest(path)
    (event,) = team.cli.json("audit", "show")["events"]
    assert (event["kind"], event["network"]) == ("attested", "mainnet")
    assert event["says"] == "3 markets"
    assert event["who"].startswith("carol SHA256:")
    assert event["policy"]["version"] == 7
    statement = team.cli.json(
        "market", "attest", path, "--policy", team.policy, "--key",
        team.folder / "carol.pub", "--statement-only",
    )["statement"]  # fmt: skip
    assert f"list: sha256:{event['digest'][2:]}" in statement


def test_without_a_policy_a_proof_is_no_fact(team, table, attest, proven):
    request = proven(attest(table()))
    assert sign(team, request, policy=False, status=4)["error"]["code"] == "market-unconfirmed"


def test_an_attested_table_vouches_for_a_whole_batch_at_once(team, table, attest, make_request):
    requests = [
        make_request(
            signer=str(ADDRESS), nonce=make_request()["nonce"] - number,
            action=make_request()["action"] | {"asset": BUILDER - number},
        )
        for number in (0, 1)
    ]  # fmt: skip
    batch = team.document("batch.json", requests)
    ours = attest(table())
    shown = team.cli(
        "sign", batch, "--keystore", team.keystore, "--passphrase-file", team.phrase, "--yes",
        "--policy", team.policy, "--market", ours,
    )  # fmt: skip
    assert shown.exit_code == 0
    assert "xyz:TSLA = asset 110001 (attested by carol)" in shown.stderr
    assert "xyz:NVDA = asset 110000 (attested by carol)" in shown.stderr


def test_a_table_that_nobody_attested_vouches_for_nothing(team, table, request_of):
    code = refusal(team, request_of(), "--market", table())
    assert code == "market-unconfirmed"


def test_approve_shows_who_vouches_too(team, table, attest, proven):
    request = proven(attest(table()))
    out = team.folder / "said.json"
    shown = team.cli(
        "approve", request, "--policy", team.policy, "--approver", team.person("alice"),
        "--passphrase-file", team.phrase, "--yes", "--out", out,
    )  # fmt: skip
    assert shown.exit_code == 0
    assert "(attested by carol)" in shown.stderr


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda wire: wire["market"].update(coin="xyz:NVDA"), "attestation-invalid"),
        (lambda wire: wire["market"].update(maxLeverage=50), "attestation-invalid"),
        (lambda wire: wire["marketProof"].update(position=0), "attestation-invalid"),
        (lambda wire: wire["marketProof"].update(path=[]), "attestation-invalid"),
        (
            lambda wire: wire["marketProof"]["attestations"][0].update(
                keyId="0x" + KEYS["alice"].public.key_id.hex()
            ),
            "not-an-attestor",
        ),
        (
            lambda wire: wire["marketProof"]["attestations"][0].update(keyId="0x" + "00" * 8),
            "not-an-attestor",
        ),
    ],
)
def test_a_proof_that_was_tampered_with_is_refused_before_anything_is_recorded(
    team, table, attest, proven, change, code
):
    assert refusal(team, proven(attest(table()), change)) == code


def test_a_name_that_was_confirmed_otherwise_is_refused_whoever_attests(
    team, table, attest, proven, request_of, now, answers
):
    answers("xyz:OLD", "yes")
    first = request_of(entry(now, coin="xyz:OLD"))
    options = ("--keystore", team.keystore, "--passphrase-file", team.phrase)
    assert team.cli("sign", first, *options).exit_code == 0
    assert refusal(team, proven(attest(table()))) == "market-mismatch"


def test_stale_limits_are_refused_and_moving_margin_is_not(team, table, attest, proven, now):
    ours = attest(table())
    team.cli.machine = replace(team.cli.machine, clock=lambda: now + 8 * DAY)
    late = {"nonce": now + 8 * DAY, "expiresAfter": now + 8 * DAY + 3_000_000}
    assert refusal(team, proven(ours, **late)) == "market-stale"
    margin = {
        "type": "updateIsolatedMargin", "asset": BUILDER, "isBuy": True, "ntli": 1_000_000,
    }  # fmt: skip
    assert sign(team, proven(ours, action=margin, **late))["policy"]


def test_two_attestors_may_be_needed(team, table, attest, proven):
    head = ATTESTORS + "\nattestors-needed = 2"
    team.policy.write_text(policy_text(head=head, rules=NOBODY_ELSE))
    one = attest(table())
    assert refusal(team, proven(one)) == "attestations-missing"
    assert sign(team, proven(attest(one, "dave", out="both.json")))["policy"]


def test_who_is_no_attestor_attests_nothing(table, attest):
    assert attest(table(), "alice", status=4) == "not-an-attestor"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"time": 1}, "market-stale"),
        ({"coin": "two words"}, "market-mismatch"),
        ({"coin": "xyz:T\u0405LA"}, "market-not-plain"),
    ],
)
def test_what_no_attestor_should_vouch_for_is_refused(table, attest, changes, code):
    assert attest(_one_market(table(), **changes), status=4) == code


def _one_market(path, **changes):
    wire = json.loads(path.read_text())
    wire["entries"] = [wire["entries"][1] | changes]
    path.write_text(json.dumps(wire))
    return path


def test_a_table_of_another_network_than_asked_for_is_refused(table, attest):
    other = table(network="testnet")
    assert attest(other, "carol", "--network", "mainnet", status=4) == "network-mismatch"


def test_a_table_whose_lines_were_edited_gets_no_second_attestation(table, attest):
    ours = attest(table())
    wire = json.loads(ours.read_text())
    wire["entries"][0]["maxLeverage"] = 50
    ours.write_text(json.dumps(wire))
    assert attest(ours, "dave", out="both.json", status=4) == "attestation-invalid"


def test_single_markets_are_attested_and_unknown_ones_are_not(team, table, attest):
    few = attest(table(), "carol", "--asset", str(BUILDER))
    assert [one["coin"] for one in json.loads(few.read_text())["entries"]] == ["xyz:TSLA"]
    assert attest(table(), "carol", "--asset", "7", out="no.json", status=4) == ("market-missing")
    assert attest(few, "dave", "--asset", str(BUILDER), out="b.json", status=2) == (
        "already-attested"
    )


def test_the_lines_are_shown_and_a_person_types_how_many(team, table, answers):
    asked = answers("yes")
    out = team.folder / "ours.json"
    shown = team.cli(
        "market", "attest", table(), "--policy", team.policy, "--approver", team.person("carol"),
        "--passphrase-file", team.phrase, "--out", out,
    )  # fmt: skip
    assert shown.exit_code == 5
    assert asked == ['Type "yes 3" to attest']
    assert "asset 110001: xyz:TSLA, up to 20x, normal, listed" in shown.stderr
    assert "attestor: SHA256:" in shown.stderr
    assert not out.exists()


def test_show_says_who_vouches_for_an_attested_table(team, table, attest):
    ours = attest(table())
    shown = team.cli.json("market", "show", "--attested", ours, "--policy", team.policy)
    assert shown["attested"][1] == {
        "network": "mainnet", "asset": BUILDER, "coin": "xyz:TSLA", "attestors": ["carol"],
    }  # fmt: skip
    text = team.cli("market", "show", "--attested", ours, "--policy", team.policy).stderr
    assert "mainnet: xyz:TSLA = asset 110001 (attested by carol)" in text
    assert team.cli.refusal("market", "show", "--attested", ours, status=2) == "policy-missing"


def test_stock_ssh_keygen_signs_the_statement_and_its_signature_is_brought_in(team, table):
    ssh_tools.require_ssh_keygen()
    path = ssh_tools.make_key(team.folder, "frank")
    people = FOUR + person_text("frank", (), ssh_tools.public_line(path))
    team.policy.write_text(
        policy_text(head='attestors = ["frank"]', rules=NOBODY_ELSE, people=people, change="2 of 5")
    )
    statement = team.folder / "statement"
    made = ("market", "attest", table(), "--policy", team.policy)
    told = team.cli.json(*made, "--key", f"{path}.pub", "--statement-only", "--out", statement)
    assert told["namespace"] == NAMESPACE
    out = team.folder / "ours.json"
    for namespace, code in (("approve@coldlever", "attestation-invalid"), (NAMESPACE, None)):
        ssh_tools.keygen_sign(path, namespace, statement)
        given = (*made, "--signature", f"{statement}.sig", "--out", out)
        if code is not None:
            assert team.cli.refusal(*given, status=4) == code
            assert not out.exists()
            continue
        assert team.cli.json(*given)["attestedBy"] == ["frank"]
        (event,) = team.cli.json("audit", "show")["events"]
        assert event["who"].startswith("frank SHA256:")
    # A signature over a statement that an editor has touched.
    statement.write_bytes(statement.read_bytes() + b"\n")
    ssh_tools.keygen_sign(path, NAMESPACE, statement)
    again = (*made, "--signature", f"{statement}.sig", "--out", team.folder / "no.json")
    assert team.cli.refusal(*again, status=4) == "attestation-invalid"


def test_policy_show_names_the_attestors(team):
    shown = team.cli.json("policy", "show", team.policy)
    assert (shown["attestors"], shown["attestorsNeeded"]) == (["carol", "dave"], 1)
    assert shown["marketMaxAge"] == 7 * DAY
    text = team.cli("policy", "show", team.policy).stderr
    assert "carol, dave (1 needed; limits age after 7 d" in text


def test_explain_says_who_vouches_for_the_market_of_a_request(team, table, attest, proven):
    request = proven(attest(table()))
    shown = team.cli.json("policy", "explain", request, "--policy", team.policy)
    assert shown["markets"] == [{"network": "mainnet", "asset": BUILDER, "attestedBy": ["carol"]}]
    text = team.cli("policy", "explain", request, "--policy", team.policy).stderr
    assert "Asset 110001 on mainnet: attested by carol" in text


def test_limits_that_age_while_the_person_reads_are_refused_before_anything_is_recorded(
    team, table, attest, proven, now
):
    ours = attest(table())
    times = iter([now + 7 * DAY - 2000])
    late = {"nonce": now + 7 * DAY, "expiresAfter": now + 8 * DAY}
    clock = team.cli.machine.clock
    team.cli.machine = replace(team.cli.machine, clock=lambda: next(times, now + 7 * DAY + 60_000))
    assert sign(team, proven(ours, **late), status=4)["error"]["code"] == "market-stale"
    team.cli.machine = replace(team.cli.machine, clock=clock)
    assert team.cli.json("ledger", "show")["entries"] == []


def test_a_table_that_cannot_be_delivered_is_not_signed(team, table):
    secrets = []
    out = team.folder / "no" / "such" / "folder.json"
    document = team.cli.json(
        "market", "attest", table(), "--policy", team.policy, "--approver", team.person("carol"),
        "--yes", "--out", out, status=8, ask_secret=lambda prompt, **_: secrets.append(prompt),
    )  # fmt: skip
    assert document["error"]["code"] == "output-folder"
    assert secrets == []


def test_an_attested_table_is_not_replaced_without_force(team, table, attest):
    ours = attest(table())
    before = ours.read_bytes()
    error = team.cli.json(
        "market", "attest", table(), "--policy", team.policy, "--approver", team.person("dave"),
        "--passphrase-file", team.phrase, "--yes", "--out", ours, status=2,
    )["error"]  # fmt: skip
    assert error["code"] == "output-exists"
    assert ours.read_bytes() == before
