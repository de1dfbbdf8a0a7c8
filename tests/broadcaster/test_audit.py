"""What the broadcaster does is an event of its audit chain, and the commands that show and check it."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from hashlib import sha256

import pytest

from coldlever.broadcaster.fate import Event
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.ledger.telling import Author
from coldlever.broadcaster.venue.client import Answer, ExchangeApi
from coldlever.shared.audit import head_text, load_audit
from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.message.approving import item_of
from coldlever.shared.policy import load_policy
from coldlever.shared.policy.docket import hearings
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.statement import merge
from tests.shared.approving import policy_text, say

both = pytest.mark.both_engines
OK = b'{"status":"ok","response":{"type":"default"}}'


def shown(desk):
    return desk.run("audit", "show", "--json").document


def events(desk):
    return shown(desk)["events"]


def kinds(desk):
    return [one["kind"] for one in events(desk)]


def head_of(desk):
    return shown(desk)["headText"]


def draft(desk, *options):
    who = desk.user.address.checksummed
    return desk.run(
        "draft", "--coin", "BTC", "--leverage", "3", "--cross", "--account", who, *options
    )


def revoke(desk, payload):
    """Write the noop, sign it, and post it."""
    file = desk.save(payload, name="original.json")
    assert desk.run("revoke", file, "--json").status == 0
    noop = desk.sign({"type": "noop"}, nonce=payload.signable.nonce, expires_after=None)
    return desk.run("post", desk.save(noop, name="noop.json"), "--json")


@both
def test_a_post_is_told_from_its_sending_to_its_verdict(desk):
    payload = desk.sign()
    assert desk.post(desk.save(payload)).status == 0
    told = events(desk)
    assert [(one["kind"], one["code"]) for one in told] == [
        ("sent", None),
        ("answered", "accepted"),
        ("judged", "accepted"),
        ("judged", "confirmed"),
    ]
    for one in told:
        assert one["network"] == "testnet"
        assert one["signer"] == desk.user.address.lower
        assert one["nonce"] == payload.signable.nonce
        assert one["digest"] == to_0x(payload.signable.digest())
        assert one["at"] == desk.time
        assert one["who"]
        assert one["policy"] is None
        assert one["says"].startswith(f"BTC (rehearsal at {desk.url}")
    assert told[-1]["says"].endswith("confirmed: nonce spent-accepted, account shows")


def test_an_answer_is_bound_by_the_digest_of_its_bytes(desk):
    desk.post(desk.signed_file())
    row = desk.row()
    (answered,) = [one for one in events(desk) if one["kind"] == "answered"]
    assert sha256(row.answer).hexdigest() in answered["says"]


def test_an_answer_that_never_came_and_each_attempt_after_it_are_told(desk):
    desk.exchange.inject("drop")
    assert desk.post(desk.signed_file(), "--retry-for", "0").status == 7
    told = [(one["kind"], one["code"]) for one in events(desk)]
    assert told == [("sent", None), ("answered", "connection-lost"), ("judged", "unknown")]
    assert desk.resolve().status == 0
    assert kinds(desk)[3:] == ["sent", "answered", "judged", "judged"]
    assert events(desk)[3]["says"].endswith("attempt 2: sending begins")


def test_what_the_exchange_says_becomes_one_printable_line(desk, monkeypatch):
    body = b'{"status":"err","response":"no \\u001b[31m\\u202e\\n way"}'
    monkeypatch.setattr(ExchangeApi, "post", lambda *_: Answer(200, body, None))
    assert desk.post(desk.signed_file(), "--retry-for", "0").status == 7
    (answered,) = [one for one in events(desk) if one["kind"] == "answered"]
    assert answered["says"].isascii()
    assert answered["says"].isprintable()


@both
def test_a_draft_is_told_with_the_digest_of_what_is_to_be_signed(desk):
    made = json.loads(draft(desk, "--json").stdout)
    (event,) = events(desk)
    assert event["kind"] == "drafted"
    assert event["nonce"] == made["request"]["nonce"]
    assert event["signer"] == desk.user.address.lower
    request = desk.folder / "request.json"
    request.write_text(json.dumps(made["request"]))
    again = desk.sign(
        made["request"]["action"],
        nonce=made["request"]["nonce"],
        expires_after=made["request"]["expiresAfter"],
    )
    assert event["digest"] == to_0x(again.signable.digest())
    assert "updateLeverage asset 3 to 3x cross" in event["says"]


@both
def test_a_payload_that_a_check_refuses_is_told_with_the_code(desk):
    stale = desk.sign(expires_after=desk.time - 1)
    refused = desk.post(desk.save(stale))
    assert refused.status == 4
    (event,) = events(desk)
    assert event["kind"] == "refused"
    assert event["code"] == refused.document["error"]["code"]
    assert event["digest"] == to_0x(stale.signable.digest())


def test_of_a_batch_only_what_was_refused_is_told_so(desk):
    stale, good = desk.sign(expires_after=desk.time - 1), desk.sign()
    assert desk.post(desk.save(good, stale)).status == 4
    (event,) = events(desk)
    assert (event["kind"], event["nonce"]) == ("refused", stale.signable.nonce)


def test_a_person_who_says_no_is_told_and_nothing_is_sent(desk):
    desk.sit_down(lambda _: "no")
    assert desk.run("post", desk.signed_file()).status == 5
    (event,) = events(desk)
    assert (event["kind"], event["code"]) == ("refused", "declined")
    assert desk.requests() == 0


@pytest.mark.parametrize("breaks", ["note", "open"])
def test_a_refusal_that_cannot_be_recorded_is_still_the_refusal(desk, monkeypatch, breaks):
    def fail(*_, **__):
        raise EnvironmentFault("ledger-unusable", "disk full")

    if breaks == "note":
        monkeypatch.setattr(Ledger, "note", fail)
        refused = desk.post(desk.save(desk.sign(expires_after=desk.time - 1)))
        assert (refused.status, refused.document["code"]) == (4, "expired")
        return
    monkeypatch.setattr("coldlever.broadcaster.cli.refusal_note.open_ledger", fail)
    (desk.state / "policy.toml").write_text(policy_text(limits=LIMITS))
    sheet = desk.folder / "sheet.json"
    other = approved(load_policy(policy_text(limits=LIMITS).encode(), "p"), desk.sign(), "alice")
    sheet.write_text(json.dumps(other.to_wire()))
    refused = desk.post(desk.signed_file(), "--approvals", str(sheet))
    assert refused.status in (3, 4)
    assert refused.error != "ledger-unusable"


LIMITS = '[limits]\nnetworks = ["testnet"]\nceiling = 40\n'


def approved(policy, payload, *names):
    (one,) = hearings([item_of(payload)], (), is_batch=False)
    return replace(payload, approvals=merge(say(policy, one.case, name) for name in names))


def test_the_policy_that_a_payload_was_posted_by_is_named(desk):
    text = policy_text(limits=LIMITS)
    (desk.state / "policy.toml").write_text(text)
    policy = load_policy(text.encode(), "policy.toml")
    raised = {"type": "updateLeverage", "asset": 3, "isCross": True, "leverage": 30}
    assert desk.post(desk.save(desk.sign(raised))).status == 4
    assert desk.post(desk.save(approved(policy, desk.sign(raised), "alice", "carol"))).status == 0
    told = events(desk)
    assert [one["kind"] for one in told] == ["refused", "sent", "answered", "judged", "judged"]
    assert told[0]["code"] == "approvals-missing"
    assert {json.dumps(one["policy"]) for one in told} == {json.dumps(policy.ref.to_wire())}


@both
def test_a_revocation_is_told_for_itself_and_for_what_it_kills(desk):
    payload = desk.sign()
    desk.exchange.inject("drop")
    assert desk.post(desk.save(payload), "--retry-for", "0").status == 7
    before = len(events(desk))
    assert revoke(desk, payload).status == 0
    told = events(desk)[before:]
    assert [(one["kind"], one["code"]) for one in told] == [
        ("drafted", None),
        ("revoked", None),
        ("sent", None),
        ("answered", "accepted"),
        ("judged", "accepted"),
        ("judged", "refused"),
    ]
    assert {one["nonce"] for one in told} == {payload.signable.nonce}
    # The last one is the payload's, by an answer to the other.
    assert told[-1]["digest"] == to_0x(payload.signable.digest())
    assert {one["digest"] for one in told[:-1]} != {told[-1]["digest"]}


@both
def test_the_head_is_the_same_on_every_screen(desk):
    file = desk.signed_file()
    posted = desk.run("post", file, "--yes")
    assert posted.status == 0
    head = f"audit head  {head_of(desk)}"
    assert head in posted.stderr
    assert head in desk.run("check", file).stderr
    assert head in desk.run("history").stderr
    assert head in desk.run("audit", "verify").stderr


@both
def test_reading_leaves_the_chain_as_it_is(desk):
    file = desk.signed_file()
    desk.post(file)
    head = head_of(desk)
    out = desk.folder / "chain.json"
    for command in (
        ("check", file),
        ("history",),
        ("ledger", "verify"),
        ("ledger", "export", "--out", str(desk.folder / "ledger.jsonl")),
        ("audit", "show", "--last", "2"),
        ("audit", "verify"),
        ("audit", "export", "--out", str(out)),
    ):
        desk.run(*command)
    assert head_of(desk) == head
    assert head_text(load_audit(out.read_bytes(), "out").head) == head


@both
def test_a_row_has_the_head_that_its_last_event_led_to(desk):
    first, second = desk.sign(), desk.sign({**LEVERAGE, "asset": 4})
    desk.post(desk.save(first))
    head = head_of(desk)
    desk.post(desk.save(second))
    with closing(desk.ledger()) as ledger:
        rows = {row.key.nonce: row.key for row in ledger.rows()}
        mine = ledger.audit.head_of(rows[first.signable.nonce])
        assert head_text(mine.head) == head
        assert head_text(ledger.audit.head_of(rows[second.signable.nonce]).head) == head_of(desk)
        assert ledger.audit.head_of(replace(rows[first.signable.nonce], nonce=1)) is None


LEVERAGE = {"type": "updateLeverage", "asset": 3, "isCross": True, "leverage": 10}


@both
def test_an_import_takes_the_other_chain_over_and_the_next_one_both(desk):
    desk.post(desk.signed_file())
    old = shown(desk)
    path = desk.folder / "ledger.jsonl"
    desk.run("ledger", "export", "--out", str(path))
    replace_state(desk, "second")
    assert desk.run("ledger", "import", str(path)).status == 0
    (event,) = events(desk)
    assert event["kind"] == "adopted"
    head = old["head"]
    named = f"chain {old['chain']} at {head['position']}:{head['hash'].removeprefix('0x')}"
    assert named in event["says"]
    desk.run("ledger", "export", "--out", str(path), "--force")
    replace_state(desk, "third")
    assert desk.run("ledger", "import", str(path)).status == 0
    says = [one["says"] for one in events(desk)]
    assert len(says) == 2
    assert named in says[1]


def replace_state(desk, name):
    """Put the desk before an empty ledger in a file."""
    desk.ledger_url = None
    desk.state = desk.folder / name
    desk.state.mkdir()
    return desk.state


def test_an_import_that_is_refused_is_not_told(desk):
    desk.post(desk.signed_file())
    path = desk.folder / "ledger.jsonl"
    desk.run("ledger", "export", "--out", str(path))
    replace_state(desk, "second")
    desk.post(desk.signed_file({**LEVERAGE, "leverage": 7}))
    before = kinds(desk)
    assert desk.run("ledger", "import", str(path), "--json").error == "ledger-conflict"
    assert kinds(desk) == before


def test_a_shorter_export_is_contained_in_the_longer_and_a_changed_one_is_a_fork(desk):
    desk.post(desk.signed_file())
    early, late = desk.folder / "early.json", desk.folder / "late.json"
    desk.run("audit", "export", "--out", str(early), "--machine", "desk")
    desk.post(desk.signed_file({**LEVERAGE, "asset": 4}))
    desk.run("audit", "export", "--out", str(late), "--machine", "desk")
    assert desk.run("audit", "verify", str(early), str(late)).status == 0
    edited = early.read_text().replace("confirmed:", "refused:")
    early.write_text(edited)
    assert desk.run("audit", "verify", str(early), "--json").error == "audit-damaged"


def test_the_timeline_is_one_page_of_both_machines(desk):
    desk.post(desk.signed_file())
    first = desk.folder / "first.json"
    desk.run("audit", "export", "--out", str(first), "--machine", "first")
    replace_state(desk, "second")
    desk.post(desk.signed_file())
    page, line = desk.folder / "timeline.html", desk.folder / "timeline.json"
    assert desk.run("audit", "export", str(first), "--out", str(page)).status == 0
    assert "<script" not in page.read_text()
    assert desk.run("audit", "export", str(first), "--out", str(line)).status == 0
    assert json.loads(line.read_text())["kind"] == "coldlever/timeline"


@both
def test_a_head_that_somebody_saw_is_looked_for(desk):
    desk.post(desk.signed_file())
    head = head_of(desk)
    desk.post(desk.signed_file({**LEVERAGE, "asset": 4}))
    assert desk.run("audit", "verify", "--head", head).status == 0
    other = head[:-1] + ("0" if head[-1] != "0" else "1")
    assert desk.run("audit", "verify", "--head", other, "--json").error == "audit-forked"
    beyond = f"99:{head.partition(':')[2]}"
    assert desk.run("audit", "verify", "--head", beyond, "--json").error == "audit-behind"


def test_an_old_copy_of_the_ledger_is_found_and_gone_on_with_only_by_word(desk):
    desk.post(desk.signed_file())
    copy = desk.state / "ledger.sqlite3"
    old = copy.read_bytes()
    desk.post(desk.signed_file({**LEVERAGE, "asset": 4}))
    assert desk.run("audit", "verify").status == 0
    for part in desk.state.glob("ledger.sqlite3*"):
        part.unlink()
    copy.write_bytes(old)
    assert desk.run("audit", "verify", "--json").error == "audit-behind"
    # Going on does not make it forget what it saw.
    assert desk.post(desk.signed_file({**LEVERAGE, "asset": 4, "leverage": 9})).status == 0
    assert desk.run("audit", "verify", "--json").error == "audit-forked"
    desk.sit_down(lambda _: "no")
    assert desk.run("ledger", "accept-loss").status == 5
    assert desk.run("audit", "verify", "--json").error == "audit-forked"
    desk.sit_down(lambda _: "lost 0")
    assert desk.run("ledger", "accept-loss").status == 0
    assert kinds(desk)[-1] == "adopted"
    assert desk.run("audit", "verify").status == 0


def test_a_damaged_memory_of_heads_is_said_by_verify_and_stops_no_post(desk):
    desk.post(desk.signed_file())
    (desk.state / "audit-heads.json").write_text("{")
    assert desk.post(desk.signed_file({**LEVERAGE, "asset": 4})).status == 0
    assert desk.run("audit", "verify", "--json").error == "audit-memory"


def test_a_head_of_another_chain_in_the_place_of_this_one_is_a_fork(desk):
    desk.post(desk.signed_file())
    for part in desk.state.glob("ledger.sqlite3*"):
        part.unlink()
    assert desk.run("audit", "verify", "--json").error == "audit-forked"


def test_text_for_people_is_cut_and_never_the_digest_of_an_answer(desk):
    desk.post(desk.signed_file())
    row = replace(desk.row(), sentence="x" * 5000)

    told = Author("host").answered(row, Event.ACCEPTED, OK)
    assert len(told.says) <= 400
    assert sha256(OK).hexdigest() in told.says
