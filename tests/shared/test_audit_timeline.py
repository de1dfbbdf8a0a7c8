"""Chains of several machines as one timeline: the order of events, and the page to print."""

from __future__ import annotations

import json
import random
import re
from html.parser import HTMLParser

import jsonschema
import pytest

from coldlever.shared.audit import Chain, Event, Kind, Side, load_audit
from coldlever.shared.audit.page import timeline_page
from coldlever.shared.audit.timeline import join
from coldlever.shared.errors import ColdleverError
from tests.rules.syntax import ROOT
from tests.shared.audit_chains import CHAIN, NONCE, ONLINE, about, exported

THIRD = Chain(b"\x33" * 16, Side.SIGNER)
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "timeline.schema.json").read_text("utf-8"))


def copy(events, chain=CHAIN, machine="vault-1"):
    return load_audit(exported(events, chain, machine), "f"), machine


def kinds(timeline):
    return [one.linked.event.kind.value for one in timeline.occurrences]


def at(kind, time, number=1):
    return about(number, kind, at=None if time is None else NONCE + time)


def test_events_of_several_chains_stand_in_the_order_of_time():
    timeline = join(
        [
            copy([at(Kind.DRAFTED, 0), at(Kind.SENT, 30), at(Kind.ANSWERED, 31)], ONLINE),
            copy([at(Kind.SIGNED, 20)]),
            copy([at(Kind.APPROVED, 10)], THIRD),
        ]
    )
    assert kinds(timeline) == ["drafted", "approved", "signed", "sent", "answered"]
    assert {one.payload for one in timeline.occurrences} == {1}
    assert len(timeline.payloads) == 1


def test_a_clock_that_was_set_back_moves_nothing_in_its_chain():
    timeline = join(
        [copy([at(Kind.SIGNED, 50, 1), at(Kind.SIGNED, 5, 2)]), copy([at(Kind.SENT, 20)], ONLINE)]
    )
    assert kinds(timeline) == ["sent", "signed", "signed"]
    assert [one.placed_at for one in timeline.occurrences][1:] == [NONCE + 50] * 2


def test_without_a_clock_an_event_stands_after_what_must_have_been_before_it():
    online = [
        at(Kind.DRAFTED, 0, 1),
        at(Kind.DRAFTED, 5, 2),
        at(Kind.SENT, 30, 2),
        at(Kind.SENT, 40, 1),
    ]
    clockless = [at(Kind.SIGNED, None, 2), at(Kind.SIGNED, None, 1)]
    for chains in (
        [copy(online, ONLINE), copy(clockless)],
        [copy(clockless), copy(online, ONLINE)],
    ):
        timeline = join(chains)
        shown = [(one.linked.event.kind.value, one.payload) for one in timeline.occurrences]
        assert shown == [
            ("drafted", 1), ("drafted", 2), ("signed", 2), ("signed", 1), ("sent", 2), ("sent", 1),
        ]  # fmt: skip


def test_chains_that_contradict_each_other_are_joined_all_the_same():
    one = [at(Kind.SENT, None, 1), at(Kind.SIGNED, 9, 2)]
    other = [at(Kind.SENT, None, 2), at(Kind.SIGNED, 9, 1)]
    assert len(join([copy(one), copy(other, ONLINE)]).occurrences) == 4


def test_no_chain_loses_or_moves_an_event_whatever_the_clocks_say():
    draw = random.Random(7)
    for _ in range(100):
        copies = []
        for chain in (CHAIN, ONLINE, THIRD):
            events = [
                about(
                    draw.randrange(4),
                    draw.choice(list(Kind)),
                    at=draw.choice([None, NONCE + draw.randrange(50)]),
                )
                for _ in range(draw.randrange(12))
            ]
            copies.append(copy(events, chain))
        timeline = join(copies)
        for export, _ in copies:
            told = [one.linked for one in timeline.occurrences if one.copy is export]
            assert tuple(told) == export.events


def test_the_same_payload_is_one_on_every_machine_and_another_digest_is_another():
    timeline = join(
        [copy([at(Kind.DRAFTED, 0), about(1, Kind.DRAFTED, digest=b"\xff" * 32, at=NONCE + 1)], ONLINE),
         copy([at(Kind.SIGNED, 9), Event(Kind.ADOPTED, "x", at=NONCE + 10)])]
    )  # fmt: skip
    assert [one.payload for one in timeline.occurrences] == [1, 2, 1, None]


def test_of_two_copies_of_a_chain_the_longer_is_taken_and_a_fork_is_refused():
    events = [about(number) for number in range(1, 6)]
    longer, shorter = copy(events), copy(events[:3])
    for copies in ([longer, shorter], [shorter, longer]):
        timeline = join(copies)
        assert len(timeline.chains) == 1
        assert len(timeline.occurrences) == 5
    forked = copy([*events[:2], about(3, says="rewritten")], machine="vault-2")
    with pytest.raises(ColdleverError, match="differ in row 3") as caught:
        join([longer, forked])
    assert caught.value.code == "audit-forked"


def test_the_document_fits_its_schema():
    events = [about(1, kind) for kind in Kind] + [Event(Kind.ADOPTED, "nothing else is known")]
    wire = join([copy(events), copy([at(Kind.SENT, None)], ONLINE)]).to_wire()
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    validator.validate(wire)
    assert not validator.is_valid({**wire, "more": 1})
    assert not validator.is_valid({**wire, "version": 2})


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


EVIL = "<script>alert(1)</script> \" onload=x ' & <img src=http://evil>"


def test_the_page_has_no_script_no_link_and_nothing_that_is_not_escaped():
    events = [about(1, kind, says=EVIL, who=EVIL) for kind in Kind]
    data = timeline_page(join([copy(events, machine=EVIL[:64])]))
    text = data.decode("ascii")
    tags = _Tags()
    tags.feed(text)
    assert {tag for tag, _ in tags.seen} <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "thead", "tbody",
        "tr", "th", "td",
    }  # fmt: skip
    names = {name for _, attrs in tags.seen for name in attrs}
    assert names <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    assert "default-src 'none'" in text
    assert "&lt;script&gt;alert(1)" in text
    assert not re.search(
        r"(src|href)=[^h]*https?:", text.replace("&lt;img src=http://evil&gt;", "")
    )


def test_the_page_names_every_head_machine_and_payload():
    online = copy([at(Kind.DRAFTED, 0)], ONLINE, "desk")
    timeline = join([copy([at(Kind.REFUSED, None)]), online])
    text = timeline_page(timeline).decode("ascii")
    for word in ("vault-1", "desk", "no clock", "#1", "0x1719884eb866cb12b2287399b15f7db5e7d775ea"):
        assert word.lower() in text.lower()
    for export in timeline.chains:
        assert f"1:{export.head.link.hex()[:4]}-" in text
