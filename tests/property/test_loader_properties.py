"""Every loader: whatever it is given, it reads it or refuses it, and what it wrote it reads back."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from coldlever.shared.action.market import parse_market_table
from coldlever.shared.action.network import Network
from coldlever.shared.errors import ColdleverError, RuleRefused
from coldlever.shared.message.lines import review_lines
from coldlever.shared.message.request import Defaults, load_requests
from coldlever.shared.message.review import review
from coldlever.shared.message.signed import load_signed, verify
from coldlever.shared.printable import printable, quoted
from coldlever.shared.reading.fields import Where
from coldlever.shared.reading.strict_json import NotInteger, loads
from tests.property.wires import (
    JSON_VALUES,
    damaged,
    garbled,
    payloads,
    requests,
    tables,
)

DEFAULTS = Defaults(Network.MAINNET, 1_795_340_000_000)
MANY = settings(deadline=None, max_examples=150)
SOME = settings(deadline=None, max_examples=50)


def document(wire):
    return json.dumps(wire).encode()


def load_table(data, source):
    return parse_market_table(loads(data, source), Where(source))


LOADERS = {
    "requests": lambda data: load_requests(data, "f", DEFAULTS),
    "signed": lambda data: load_signed(data, "f", Network.MAINNET),
    "table": lambda data: load_table(data, "f"),
}


def attempt(call, *arguments):
    """The result and no refusal, or the other way round; any other error goes through."""
    try:
        return call(*arguments), None
    except ColdleverError as error:
        return None, error


def read_or_refused(name, data):
    """What the loader makes of the bytes; None for a refusal, which must be fit to be shown."""
    result, refusal = attempt(LOADERS[name], data)
    if refusal is not None:
        assert_printable([refusal.message, refusal.remedy or ""])
        assert refusal.message.startswith("f: ")
        assert refusal.exit_status in {2, 3, 4}
    return result


@given(data=st.binary(max_size=200))
@MANY
def test_any_bytes_are_read_or_refused(data):
    for name in LOADERS:
        read_or_refused(name, data)


@given(value=JSON_VALUES)
@MANY
def test_any_json_is_read_or_refused(value):
    for name in LOADERS:
        read_or_refused(name, document(value))


@given(wire=damaged(requests().map(lambda one: one.to_wire())))
@MANY
def test_a_damaged_request_is_read_or_refused_and_then_reviewed(wire):
    file = read_or_refused("requests", document(wire))
    for one in file.requests if file else ():
        assert load_requests(document(one.to_wire()), "f", Defaults()).requests == (one,)
        assert_fit_to_show(one)


@given(wire=damaged(payloads().map(lambda one: one.to_wire())))
@MANY
def test_a_damaged_payload_is_read_or_refused_and_then_verified(wire):
    file = read_or_refused("signed", document(wire))
    for one in file.payloads if file else ():
        signer, refusal = attempt(verify, one)
        assert refusal.exit_status == 4 if refusal else signer == one.recovered_signer()


@given(wire=damaged(tables().map(lambda one: one.to_wire())))
@MANY
def test_a_damaged_table_is_read_or_refused(wire):
    table = read_or_refused("table", document(wire))
    if table is not None:
        assert load_table(document(table.to_wire()), "f") == table


@given(data=garbled(requests().map(lambda one: document(one.to_wire()))))
@MANY
def test_garbled_bytes_of_a_request_are_read_or_refused(data):
    read_or_refused("requests", data)


@given(data=garbled(payloads().map(lambda one: document(one.to_wire()))))
@MANY
def test_garbled_bytes_of_a_payload_are_read_or_refused(data):
    read_or_refused("signed", data)


@given(one=requests())
@SOME
def test_a_request_comes_back_as_it_was(one):
    assert load_requests(document(one.to_wire()), "f", Defaults()).requests == (one,)


@given(batch=st.lists(requests(), min_size=1, max_size=4))
@SOME
def test_a_batch_comes_back_in_its_order(batch):
    file = load_requests(document([one.to_wire() for one in batch]), "f", Defaults())
    assert file.requests == tuple(batch)
    assert file.is_batch
    reviews = [review(replace(one, market=None)) for one in batch]
    assert_printable([line.text for line in review_lines(reviews)])


@given(one=payloads())
@SOME
def test_a_payload_comes_back_as_it_was_and_verifies(one):
    file = load_signed(document(one.to_wire()), "f")
    assert file.payloads == (one,)
    assert verify(file.payloads[0], one.signer) == one.signer
    bare = load_signed(one.body(), "f", one.signable.network).payloads[0]
    assert (bare.signable, bare.signature) == (one.signable, one.signature)
    assert bare.body() == one.body()


@given(table=tables())
@SOME
def test_a_table_comes_back_as_it_was(table):
    assert load_table(document(table.to_wire()), "f") == table


@given(one=requests())
@SOME
def test_any_request_can_be_shown(one):
    assert_fit_to_show(one)


def name_refusal(one):
    try:
        review(one)
    except RuleRefused as error:
        return error
    return None


def assert_fit_to_show(one):
    refusal = name_refusal(one)
    if refusal is not None:
        assert one.market is not None
        assert refusal.code in {"market-mismatch", "asset-class"}
        assert_printable([refusal.message])
        one = replace(one, market=None)
    assert_printable([line.text for line in review_lines([review(one)])])


def assert_printable(lines):
    for line in lines:
        assert line.isascii()
        assert line.isprintable()


@given(text=st.text(), limit=st.integers(0, 50))
@MANY
def test_any_text_is_shown_as_printable_ascii(text, limit):
    for shown in (printable(text, limit), quoted(text, limit)):
        assert shown.isascii()
        assert shown.isprintable()


@given(one=st.text(max_size=20), other=st.text(max_size=20))
@MANY
def test_different_texts_never_look_alike(one, other):
    assert (printable(one) == printable(other)) is (one == other)
    assert (quoted(one) == quoted(other)) is (one == other)


@given(value=JSON_VALUES)
@MANY
def test_what_is_read_is_what_the_standard_parser_reads_or_nothing(value):
    data = document(value)
    read, refusal = attempt(loads, data, "f")
    assert refusal is not None or same(read, json.loads(data))


def same(read, plain):
    """Equal, types included; a number that is no integer of ours stands for itself."""
    if isinstance(read, NotInteger):
        return isinstance(plain, int | float) and not isinstance(plain, bool)
    if isinstance(read, dict):
        return read.keys() == plain.keys() and all(same(read[key], plain[key]) for key in read)
    if isinstance(read, list):
        return len(read) == len(plain) and all(map(same, read, plain))
    return type(read) is type(plain) and read == plain
