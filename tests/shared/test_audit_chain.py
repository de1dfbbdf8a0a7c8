"""The chain of events: its bytes, and that nothing in an export can be changed unnoticed."""

from __future__ import annotations

import hashlib
import json
import re

import jsonschema
import pytest

from coldlever.shared.audit import Chain, Event, Head, Kind, Side, head_text, load_audit
from coldlever.shared.audit.chain import follow
from coldlever.shared.audit.document import dump_audit
from coldlever.shared.audit.event import KEYS, event_bytes
from coldlever.shared.audit.seen import parse_head_text
from coldlever.shared.audit.stored import linked_of
from coldlever.shared.audit.verifying import passed, require_head, require_same
from coldlever.shared.errors import ColdleverError
from tests.rules.syntax import ROOT
from tests.shared.audit_chains import CHAIN, ONLINE, about, chained, edited, exported

FIFTY = exported([about(number) for number in range(1, 51)])
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "audit.schema.json").read_text("utf-8"))


def test_an_event_has_one_spelling_that_json_stringify_makes_too():
    event = about(3, Kind.REFUSED, says='a "quoted" \\ word', code="nonce-used", at=None)
    assert event_bytes(5, event) == (
        b'{"position":5,"at":null,"kind":"refused","network":"mainnet",'
        b'"signer":"0x1719884eb866cb12b2287399b15f7db5e7d775ea","nonce":1795340000003,"digest":"0x'
        + b"03" * 32
        + b'","who":"anna SHA256:abc","policy":{"version":7,"digest":"0x'
        + b"07" * 32
        + b'"},"code":"nonce-used","says":"a \\"quoted\\" \\\\ word"}'
    )


def test_links_are_computed_as_the_formats_page_says():
    rows = chained([about(1), about(2)])
    tag = b"coldlever/audit/1\0" + CHAIN.id
    link = hashlib.sha256(tag + b"signer").digest()
    for row in rows:
        link = hashlib.sha256(tag + link + event_bytes(row.position, row.event)).digest()
        assert row.link == link


@pytest.mark.parametrize(
    "text", ["esc \x1b[31m", "line\nline", "\u202eover", "\u0430dmin", "\x7f", "\udc80", "x" * 5000]
)
def test_no_text_leaves_a_line_of_printable_ascii(text):
    event = Event(Kind.SENT, text, who=text)
    assert re.fullmatch("[ -~]{1,400}", event.says)
    assert re.fullmatch("[ -~]{1,200}", event.who)
    wire = exported([event])
    assert load_audit(wire, "f").events[0].event == event


def test_printable_text_is_kept_letter_by_letter():
    assert Event(Kind.SENT, "a\\u{0041} b").says == "a\\u{0041} b"


def test_an_export_is_read_as_it_was_written_and_fits_its_schema():
    events = [about(1, kind) for kind in Kind] + [Event(Kind.ADOPTED, "nothing else is known")]
    export = load_audit(exported(events), "f")
    assert [one.event for one in export.events] == events
    assert (export.machine, export.chain) == ("vault-1", CHAIN)
    assert export.head == chained(events)[-1].head
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(exported(events)))


def test_an_export_of_a_chain_without_events_is_one():
    export = load_audit(exported([]), "f")
    assert export.head == CHAIN.start
    assert export.events == ()


def test_a_long_export_is_read_line_by_line():
    data = exported([about(number) for number in range(1, 3001)])
    assert len(data) > 1 << 20
    assert load_audit(data, "f").head.position == 3000
    broken = data.replace(b"number 2500", b"number 2501")
    with pytest.raises(ColdleverError, match="row 2500 is not the one") as caught:
        load_audit(broken, "f")
    assert caught.value.code == "audit-damaged"


def swap(rows, one, other):
    rows[one], rows[other] = rows[other], rows[one]


def move(rows, start, end):
    rows.insert(end, rows.pop(start))


EDITS = {
    "edited": (lambda rows, n: rows[n].update(says="another"), "row {} is not the one"),
    "deleted": (lambda rows, n: rows.pop(n), "row {} is missing"),
    "doubled": (lambda rows, n: rows.insert(n, rows[n]), None),
    "foreign": (
        lambda rows, n: rows.insert(n, {**rows[n], "says": "new"}),
        "row {} is not the one",
    ),
    "renumbered": (lambda rows, n: rows[n].update(position=n + 2), "row {} is missing"),
    "link": (lambda rows, n: rows[n].update(link="0x" + "00" * 32), "row {} is not the one"),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_is_done_to_any_row_of_fifty_is_found_and_the_row_is_named(name):
    edit, says = EDITS[name]
    for number in range(50):
        data = edited(FIFTY, lambda wire, n=number: edit(wire["events"], n))
        with pytest.raises(ColdleverError) as caught:
            load_audit(data, "f")
        assert caught.value.code == "audit-damaged"
        if says is not None:
            assert says.format(number + 1) in caught.value.message


@pytest.mark.parametrize(("one", "other"), [(0, 1), (0, 49), (20, 30), (48, 49)])
def test_rows_that_changed_places_are_found(one, other):
    for change in (swap, move):
        data = edited(FIFTY, lambda wire, change=change: change(wire["events"], one, other))
        with pytest.raises(ColdleverError, match=f"row {one + 1} is missing"):
            load_audit(data, "f")


def test_a_cut_tail_is_found_by_the_head_that_is_left():
    for number in range(50):
        data = edited(FIFTY, lambda wire, n=number: wire.update(events=wire["events"][:n]))
        with pytest.raises(
            ColdleverError, match=f"row {number + 1} is missing: it has {number} of 50"
        ):
            load_audit(data, "f")


@pytest.mark.parametrize("key", KEYS)
def test_every_member_of_an_event_is_bound(key):
    wire = json.loads(FIFTY)
    others = {
        "position": 26, "at": None, "kind": "sent", "network": "testnet", "signer": None, "nonce": 1,
        "digest": "0x" + "00" * 32, "who": None, "policy": None, "code": "expired", "says": "",
    }  # fmt: skip
    wire["events"][24][key] = others[key]
    with pytest.raises(ColdleverError, match="row 25 is"):
        load_audit(json.dumps(wire).encode(), "f")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("machine", "vault-2"),
        ("side", "broadcaster"),
        ("chain", "0x" + "11" * 16),
        ("head", {"position": 49, "hash": "0x" + "00" * 32}),
        ("digest", "0x" + "00" * 32),
    ],
)
def test_every_member_of_the_document_is_bound(key, value):
    with pytest.raises(ColdleverError) as caught:
        load_audit(edited(FIFTY, lambda wire: wire.update({key: value})), "f")
    assert caught.value.code == "audit-damaged"


def test_any_byte_of_an_export_that_is_changed_is_found():
    data = exported([about(number) for number in range(1, 4)])
    original = json.loads(data)
    for place in range(len(data)):
        for change in (1, 2, 0x20):
            changed = bytearray(data)
            changed[place] ^= change
            try:
                load_audit(bytes(changed), "f")
            except ColdleverError:
                continue
            assert json.loads(changed) == original, (place, change)


@pytest.mark.parametrize(
    "edit",
    [
        lambda wire: wire.update(more=1),
        lambda wire: wire.pop("digest"),
        lambda wire: wire.update(version=2),
        lambda wire: wire.update(kind="coldlever/receipt"),
        lambda wire: wire.update(events={}),
        lambda wire: wire.update(machine="\u202e"),
        lambda wire: wire["events"][0].update(more=1),
        lambda wire: wire["events"][0].pop("code"),
        lambda wire: wire["events"][0].update(says="line\nline"),
        lambda wire: wire["events"][0].update(says="x" * 401),
        lambda wire: wire["events"][0].update(signer="0x1719884EB866CB12B2287399B15F7DB5E7D775EA"),
        lambda wire: wire["events"][0].update(code="No Code"),
        lambda wire: wire["events"][0].update(kind="stolen"),
        lambda wire: wire["events"][0].update(at=True),
        lambda wire: wire["events"][0].update(nonce=2**53),
    ],
)
def test_what_is_no_export_is_refused_by_loader_and_schema(edit):
    data = edited(FIFTY, edit)
    with pytest.raises(ColdleverError) as caught:
        load_audit(data, "f")
    assert caught.value.exit_status == 3
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(json.loads(data))


def test_a_head_is_shown_in_groups_and_read_back():
    head = Head(57, bytes.fromhex("9f3a11c277ab04de") + b"\0" * 24)
    assert head_text(head) == "57:9f3a-11c2-77ab-04de"
    for text in (head_text(head), "57:9F3A11C277AB04DE", f"57:0x{head.link.hex()}"):
        assert parse_head_text(text).fits(head)
    assert not parse_head_text("56:9f3a-11c2-77ab-04de").fits(head)
    assert not parse_head_text("57:9f3a-11c2-77ab-04df").fits(head)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "57",
        "57:",
        "57:9f3a-11c2",
        "x:9f3a11c277ab04de",
        "057:9f3a11c277ab04de",
        "57:" + "0" * 66,
    ],
)
def test_what_is_no_head_is_refused(text):
    with pytest.raises(ColdleverError) as caught:
        parse_head_text(text)
    assert caught.value.code == "bad-head"


def test_a_head_that_was_seen_stands_in_the_chain_or_the_row_is_named():
    export = load_audit(FIFTY, "f")
    heads = passed(export)
    for head in heads:
        require_head(parse_head_text(head_text(head)), heads, "f")
    with pytest.raises(ColdleverError, match="row 51 is missing") as caught:
        require_head(parse_head_text("51:0011223344556677"), heads, "f")
    assert caught.value.code == "audit-behind"
    with pytest.raises(ColdleverError, match="row 20 of the audit chain is not the one") as caught:
        require_head(parse_head_text("20:0011223344556677"), heads, "f")
    assert caught.value.code == "audit-forked"


def test_of_two_copies_the_longer_counts_and_a_fork_is_named():
    events = [about(number) for number in range(1, 11)]
    longer, shorter = load_audit(exported(events), "a"), load_audit(exported(events[:6]), "b")
    assert require_same(shorter, longer, ("b", "a")) is longer
    assert require_same(longer, shorter, ("a", "b")) is longer
    for number in range(6):
        fork = [*events[:number], about(number, says="rewritten"), *events[number + 1 :]]
        forked = load_audit(exported(fork), "c")
        with pytest.raises(ColdleverError, match=f"differ in row {number + 1}: ") as caught:
            require_same(shorter, forked, ("b", "c"))
        assert caught.value.code == "audit-forked"


def test_a_stored_event_that_is_not_as_it_is_written_is_refused():
    row = chained([about(1), about(2)])[1]
    assert linked_of(2, row.data, row.link, "ledger") == row
    for data in (row.data + b" ", b"", b"{}", b"\xff", chained([about(2)])[0].data):
        with pytest.raises(ColdleverError) as caught:
            linked_of(2, data, row.link, "ledger")
        assert caught.value.code == "audit-damaged"


def test_two_chains_of_the_same_events_share_no_link():
    events = [about(1), about(2)]
    other_side = Chain(CHAIN.id, Side.BROADCASTER)
    links = [{row.link for row in chained(events, chain)} for chain in (CHAIN, ONLINE, other_side)]
    assert len(set().union(*links)) == 6


def test_following_gives_the_head_and_the_start_of_none():
    rows = chained([about(1), about(2)])
    kept = [(row.position, row.data, row.link) for row in rows]
    assert follow(CHAIN, kept, "f") == rows[-1].head
    assert follow(CHAIN, [], "f") == CHAIN.start
    assert dump_audit("m", CHAIN, rows).endswith(b"}\n")


def test_the_example_of_the_formats_page_is_computed_as_printed():
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    chain = Chain(bytes.fromhex(re.search("of the chain `([0-9a-f]{32})`", page)[1]), Side.SIGNER)
    table = dict(re.findall(r"^\| (link 0|event 1|link 1|head) \| `(.+)` \|$", page, re.MULTILINE))
    assert table["link 0"] == chain.start.link.hex()
    row = linked_of(1, table["event 1"].encode(), bytes.fromhex(table["link 1"]), "formats.md")
    assert chain.append(chain.start, row.event) == row
    assert table["head"] == head_text(row.head)
