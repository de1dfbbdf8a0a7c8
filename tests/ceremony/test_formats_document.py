"""docs/formats.md: its examples are read, hashed and signed as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgpack
import pytest

from coldlever.shared.action.keccak import keccak256
from coldlever.shared.action.market import parse_market_table
from coldlever.shared.message.check_words import (
    Subject,
    answer_words,
    check_words,
    parse_challenge,
)
from coldlever.shared.message.request import Defaults, load_requests
from coldlever.shared.message.signed import load_signed, verify
from coldlever.shared.reading.fields import Where
from coldlever.signer.key.signing_key import SigningKey

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text()
BLOCKS = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
KEY = SigningKey(b"\x01" * 32)


@pytest.fixture
def request_example():
    return load_requests(BLOCKS[0].encode(), "formats.md", Defaults()).requests[0]


def test_the_request_has_the_hash_digest_and_words_that_are_printed(request_example):
    signable = request_example.signable
    assert f"`0x{signable.action_hash().hex()}`" in TEXT
    assert f"`0x{signable.digest().hex()}`" in TEXT
    assert f"`{msgpack.packb(signable.action.to_wire()).hex()}`" in TEXT


def test_the_check_words_and_the_answer_are_those_that_are_printed(request_example):
    subject = Subject(request_example.signable.digest(), KEY.address)
    table = dict(re.findall(r"^\| ([a-z0-9 ,]+) \| (.+) \|$", TEXT, re.MULTILINE))
    data = b"".join(bytes.fromhex(part) for part in re.findall(r"`([0-9a-f]+)`", table["bytes"]))
    assert data == b"coldlever/check/2" + subject.digest + subject.signer.raw
    assert table["keccak256"] == f"`{keccak256(data).hex()}`"
    assert table["check words"] == " ".join(check_words([subject]))
    challenge = parse_challenge(table["challenge"])
    assert table["answer"] == " ".join(answer_words([subject], challenge))
    twice = " ".join(check_words([subject, subject]))
    assert table["check words of a batch of it, twice"] == twice


def test_the_signed_payload_is_the_requests_signature_by_the_key_named(request_example):
    payload = load_signed(BLOCKS[1].encode(), "formats.md").payloads[0]
    assert payload.signable == request_example.signable
    assert verify(payload) == KEY.address
    assert payload.signature == KEY.sign(payload.signable.digest())
    assert payload.to_wire() == json.loads(BLOCKS[1])


def test_the_market_table_loads():
    table = parse_market_table(json.loads(BLOCKS[2]), Where("formats.md"))
    assert table.entries[3].coin == "BTC"
