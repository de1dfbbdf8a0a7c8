"""The short form of `make campaign-crash`: commands die, and no verdict is wrong; wrong ones are noticed."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from campaign_crash import Plan, campaign, table
from crash import judge
from crash.children import Ended
from crash.judge import Claim, Host, Payload, Truth

from coldlever.broadcaster.rehearsal import Outcome
from coldlever.broadcaster.rehearsal.act import Entry
from coldlever.shared.action import Address

SIGNER = Address(b"\x01" * 20)
HASH, OTHER = b"\x07" * 32, b"\x08" * 32
PAYLOADS = {
    f"0x{one.hex()}": Payload(None, f"0x{one.hex()}", SIGNER.lower, 5) for one in (HASH, OTHER)
}
ACCEPTED = Entry(
    1, Outcome.ACCEPTED, signer=SIGNER, nonce=5, action_hash=HASH, admitted=True, account=SIGNER
)
REFUSED = replace(ACCEPTED, outcome=Outcome.REFUSED, admitted=False)


def truth(*entries: Entry) -> Truth:
    journal = SimpleNamespace(entries=lambda: list(entries))
    return Truth(SimpleNamespace(journal=journal, sent={"left": list(entries), "right": []}))


def host(tmp_path, name="left", **options) -> Host:
    return Host(name, tmp_path, "http://127.0.0.1:1", **options)


def kinds_of(wrong) -> list[str]:
    return [one.kind for one in wrong]


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.skipif(sys.platform != "linux", reason="it forks, and waits as Linux does")
def test_commands_killed_anywhere_tell_nothing_wrong():
    tally = campaign(Plan(kills=12, seed=3, workers=1))
    assert tally.wrong == []
    assert tally.kills.total() >= 12
    assert "0 WRONG" in table(tally)


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.skipif(sys.platform != "linux", reason="it forks, and waits as Linux does")
@pytest.mark.parametrize(
    ("sabotage", "kind"),
    [
        ("duplicate-is-accepted", judge.LANDED),
        ("gateway-is-refusal", judge.NOT_LANDED),
        ("end-is-never", judge.ENDLESS),
        ("recorded-after", judge.LOST),
    ],
)
def test_the_campaign_notices_a_wrong_rule(sabotage, kind):
    tally = campaign(Plan(kills=150, seed=5, workers=1, sabotage=sabotage, until=kind))
    assert kind in kinds_of(tally.wrong)


@pytest.mark.parametrize(
    ("entries", "verdict", "state", "kinds"),
    [
        ([ACCEPTED], "confirmed", "spent-accepted", []),
        ([REFUSED], "confirmed", "spent-accepted", [judge.LANDED]),
        ([], "accepted", "spent-accepted", [judge.LANDED]),
        ([ACCEPTED], "refused", "spent-refused", [judge.NOT_LANDED]),
        ([ACCEPTED], "refused", "dead", [judge.NOT_LANDED]),
        ([ACCEPTED], "refused", "not-admitted", [judge.NOT_LANDED]),
        ([ACCEPTED], "withdrawn", "lapsed", [judge.NOT_LANDED]),
        ([REFUSED], "refused", "not-admitted", []),
        ([ACCEPTED], "in-effect", "spent", []),
        ([REFUSED], "in-effect", "spent", [judge.SPENT]),
        ([replace(ACCEPTED, action_hash=OTHER)], "in-effect", "spent", []),
        ([ACCEPTED], "unknown", "open", []),
    ],
)
def test_what_is_said_is_held_against_the_journal(tmp_path, entries, verdict, state, kinds):
    claim = Claim("left", f"0x{HASH.hex()}", verdict, state)
    wrong = judge.judge_claims([claim], truth(*entries), host(tmp_path), PAYLOADS)
    assert kinds_of(wrong) == kinds


def test_a_refusal_of_our_own_sending_says_nothing_about_others(tmp_path):
    claim = Claim("right", f"0x{HASH.hex()}", "withdrawn", "lapsed")
    elsewhere = host(tmp_path, "right")
    assert not list(judge.judge_claims([claim], truth(ACCEPTED), elsewhere, PAYLOADS))
    put_back = host(tmp_path, blind={claim.action_hash})
    assert not list(judge.judge_claims([claim], truth(ACCEPTED), put_back, PAYLOADS))


def test_what_came_in_without_a_row_is_noticed(tmp_path):
    wrong = judge.judge_host(host(tmp_path), truth(REFUSED), PAYLOADS)
    assert kinds_of(wrong) == [judge.LOST]


def test_two_payloads_of_one_nonce_are_noticed(tmp_path):
    wrong = judge.judge_host(
        host(tmp_path), truth(REFUSED, replace(REFUSED, action_hash=OTHER)), PAYLOADS
    )
    assert judge.TWO in kinds_of(wrong)


def test_what_landed_twice_is_noticed():
    assert kinds_of(judge.judge_stage(truth(ACCEPTED, ACCEPTED))) == [judge.TWICE]
    assert not list(judge.judge_stage(truth(ACCEPTED)))


@pytest.mark.invented_ledger
def test_a_ledger_that_does_not_open_is_noticed(tmp_path):
    (tmp_path / "ledger.sqlite3").write_bytes(b"no database" * 100)
    wrong = judge.judge_host(host(tmp_path), truth(), PAYLOADS)
    assert kinds_of(wrong) == [judge.BROKEN]


def result(status: str, **more: object) -> dict[str, object]:
    return {"status": status, "nonceState": None, "receipt": None, **more}


@pytest.mark.parametrize(
    ("status", "stdout", "kinds"),
    [
        (0, json.dumps(result("confirmed")), []),
        (0, json.dumps([result("confirmed"), result("in-effect")]), [judge.STATUS]),
        (7, json.dumps([result("confirmed"), result("unknown")]), []),
        (6, json.dumps([result("refused"), result("unknown")]), [judge.STATUS]),
        (8, json.dumps({"error": {"exitStatus": 8}}), []),
        (4, json.dumps({"error": {"exitStatus": 8}}), [judge.STATUS]),
        (0, "", [judge.BROKEN]),
        (1, json.dumps(result("confirmed")), [judge.BROKEN, judge.STATUS]),
        (-9, "", []),
        (-14, json.dumps([]), [judge.BROKEN]),
    ],
)
def test_an_exit_status_is_held_against_the_document(tmp_path, status, stdout, kinds):
    ended = Ended(status, stdout, "", 0.1)
    found = judge.judge_ended(ended, None, host(tmp_path), truth(), PAYLOADS, is_alone=True)
    assert sorted(kinds_of(found)) == sorted(kinds)


def test_what_was_told_without_a_row_is_noticed(tmp_path):
    told = result("unknown", receipt={"actionHash": f"0x{HASH.hex()}"}, nonceState="open")
    ended = Ended(7, json.dumps(told), "", 0.1)
    found = judge.judge_ended(ended, None, host(tmp_path), truth(), PAYLOADS, is_alone=True)
    assert kinds_of(found) == [judge.LOST]
