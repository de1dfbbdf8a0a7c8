"""The account that a request or a signed payload claims to change."""

import json

import pytest

from coldlever.shared.message.request import Defaults, load_requests
from coldlever.shared.message.signed import load_signed

OTHER = "0x" + "22" * 20


def load(wire):
    return load_requests(json.dumps(wire).encode(), "f", Defaults()).requests[0]


def test_it_is_read_and_written(request_wire, payload):
    assert load(request_wire | {"account": OTHER}).to_wire()["account"] == OTHER
    assert "account" not in load(request_wire | {"account": None}).to_wire()
    wire = payload.to_wire() | {"account": str(payload.signable.vault)}
    assert load_signed(json.dumps(wire).encode(), "f").payloads[0].to_wire() == wire


def test_it_is_not_signed(request_wire):
    assert load(request_wire | {"account": OTHER}).signable == load(request_wire).signable


@pytest.mark.parametrize("which", ["request", "payload"])
def test_another_account_than_the_vault_that_gets_signed_is_refused(
    which, request_wire, payload, refusal
):
    if which == "request":
        wire = request_wire | {"vaultAddress": "0x" + "33" * 20, "account": OTHER}
        error = refusal(load, wire)
    else:
        wire = payload.to_wire() | {"account": OTHER}
        error = refusal(load_signed, json.dumps(wire).encode(), "f")
    assert (error.code, error.exit_status) == ("account-mismatch", 4)
    assert error.message.startswith("f: $: ")
