"""Whatever is handed over: one loader for every kind of document."""

import json
from dataclasses import replace

import pytest

from coldlever.shared.action.market import MarketEntry, MarketTable
from coldlever.shared.action.network import Network
from coldlever.shared.action.signature import Signature
from coldlever.shared.message.any import compact_document, load_message, message_wire
from coldlever.shared.message.request import RequestFile
from coldlever.shared.message.signed import SignedFile, verify


def load(wire, network=None):
    return load_message(json.dumps(wire).encode(), "m.json", network)


@pytest.fixture
def table_wire(market_wire):
    return {
        "kind": "coldlever/market",
        "version": 1,
        "network": "mainnet",
        "time": 5,
        "entries": [market_wire],
    }


def test_a_document_is_known_by_its_kind(request_wire, payload, table_wire):
    assert isinstance(load(request_wire), RequestFile)
    assert load(payload.to_wire()) == SignedFile((payload,), is_batch=False)
    assert isinstance(load(table_wire), MarketTable)


def test_a_batch_is_known_by_its_first_element(request_wire, payload):
    assert load([request_wire, request_wire]).is_batch
    assert load([payload.to_wire()]) == SignedFile((payload,), is_batch=True)


def test_a_message_is_written_as_it_was_read(request_wire, payload, table_wire):
    for wire in (request_wire, [request_wire], payload.to_wire(), [payload.to_wire()], table_wire):
        message = load(wire)
        assert message_wire(message) == wire
        assert json.loads(compact_document(message)) == wire
        assert b": " not in compact_document(message)


def test_a_market_entry_of_its_own_is_written_too(table_wire, market_wire):
    (entry,) = load(table_wire).entries.values()
    assert isinstance(entry, MarketEntry)
    assert message_wire(entry) == market_wire


def test_a_bare_body_gets_the_envelope_that_fits_it(payload):
    assert load(payload.body_wire(), Network.MAINNET).payloads == (payload,)
    mixed = load([payload.to_wire(), payload.body_wire()], Network.MAINNET)
    assert mixed.payloads == (payload, payload)


@pytest.mark.parametrize(("is_batch", "place"), [(False, "$"), (True, "$[1]")])
def test_a_bare_body_that_nobody_can_have_signed_is_refused_where_it_stands(
    is_batch, place, payload, refusal
):
    body = replace(payload, signature=Signature(5, 1, 27)).body_wire()
    error = refusal(load, [payload.body_wire(), body] if is_batch else body, Network.MAINNET)
    assert (error.code, error.exit_status) == ("signature-invalid", 4)
    assert error.message.startswith(f"m.json: {place}: no key can have made")
    assert error.remedy is not None


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (None, "not-a-request"),
        ([], "empty-batch"),
        ([5], "not-a-request"),
        ({"kind": "coldlever/receipt"}, "not-a-request"),
        ({"kind": "coldlever/market"}, "missing-key"),
        ([{"kind": "coldlever/market"}], "wrong-type"),
        ({"kind": "coldlever/signed"}, "missing-key"),
        ({"signature": {}}, "network-missing"),
    ],
)
def test_what_is_no_message_is_refused_by_file_and_path(wire, code, refusal):
    error = refusal(load, wire)
    assert error.code == code
    assert error.message.startswith("m.json: $")


def test_kinds_cannot_be_mixed_in_one_batch(request_wire, payload, refusal):
    error = refusal(load, [request_wire, payload.to_wire()])
    assert (error.code, error.message[:13]) == ("not-a-request", "m.json: $[1]:")
    error = refusal(load, [payload.to_wire(), request_wire])
    assert (error.code, error.message[:13]) == ("not-signed", "m.json: $[1]:")


def test_the_network_from_outside_must_agree(request_wire, payload, refusal):
    for wire in (request_wire, payload.to_wire()):
        assert refusal(load, wire, Network.TESTNET).code == "network-mismatch"


def test_a_changed_payload_is_still_refused_after_it_was_written_again(payload, refusal):
    """What is written carries the hash of its content, and the claimed signer as it was."""
    wire = json.loads(json.dumps(payload.to_wire()))
    wire["payload"]["action"]["leverage"] = 40
    (read,) = load(wire).payloads
    assert refusal(verify, read).code == "action-hash-mismatch"
    (again,) = load(read.to_wire()).payloads
    assert refusal(verify, again).code == "signer-mismatch"
