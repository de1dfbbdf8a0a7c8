"""A signed payload that was changed on its way is refused, or means the same."""

import json
import string

import pytest

from coldlever.shared.errors import ColdleverError
from coldlever.shared.message.signed import load_signed, verify


def survives(data, original):
    """Whether changed bytes still verify; then they must mean what they meant."""
    try:
        file = load_signed(bytes(data), "s.json")
        verify(file.payloads[0])
    except ColdleverError:
        return False
    assert file.payloads == (original,)
    assert file.payloads[0].body() == original.body()
    return True


@pytest.fixture(params=[None, 2], ids=["compact", "indented"])
def document(request, payload):
    data = json.dumps(payload.to_wire(), indent=request.param).encode()
    assert survives(data, payload)
    return data


def test_no_bit_can_be_flipped(document, payload):
    for position in range(len(document)):
        for bit in range(8):
            changed = bytearray(document)
            changed[position] ^= 1 << bit
            survives(changed, payload)


def test_no_byte_can_be_dropped_doubled_or_swapped_with_the_next(document, payload):
    for position in range(len(document)):
        head, one, rest = (
            document[:position],
            document[position : position + 1],
            document[position + 1 :],
        )
        survives(head + rest, payload)
        survives(head + one + one + rest, payload)
        survives(head + rest[:1] + one + rest[1:], payload)


def test_no_tail_can_be_cut_off(document, payload):
    for length in range(len(document)):
        assert not survives(document[:length], payload)


@pytest.mark.slow
def test_no_byte_can_become_another_printable_one(payload):
    document = json.dumps(payload.to_wire(), separators=(",", ":")).encode()
    for position in range(len(document)):
        for character in string.printable.encode():
            changed = bytearray(document)
            changed[position] = character
            survives(changed, payload)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("network",), "testnet"),
        (("signer",), "0x" + "ab" * 20),
        (("actionHash",), "0x" + "00" * 32),
        (("payload", "nonce"), 1_795_340_000_001),
        (("payload", "expiresAfter"), None),
        (("payload", "expiresAfter"), 1_795_343_600_001),
        (("payload", "vaultAddress"), None),
        (("payload", "vaultAddress"), "0x" + "ab" * 20),
        (("payload", "action", "asset"), 1),
        (("payload", "action", "isCross"), False),
        (("payload", "action", "leverage"), 11),
        (("payload", "signature", "r"), "0x" + "1" * 64),
        (("payload", "signature", "s"), "0x" + "1" * 64),
        (("payload", "signature", "v"), 27),
        (("payload", "signature", "v"), 28),
    ],
)
def test_no_value_can_become_another_valid_one(path, value, payload):
    wire = json.loads(json.dumps(payload.to_wire()))
    inner = wire
    for key in path[:-1]:
        inner = inner[key]
    is_change = inner[path[-1]] != value
    inner[path[-1]] = value
    assert survives(json.dumps(wire).encode(), payload) is not is_change


def test_the_claims_cannot_be_changed_to_fit_a_changed_action(payload):
    """Whoever changes action and hash alike still has no signature of the claimed signer."""
    wire = json.loads(json.dumps(payload.to_wire()))
    wire["payload"]["action"]["leverage"] = 40
    changed = load_signed(json.dumps(wire).encode(), "s.json").payloads[0]
    wire["actionHash"] = "0x" + changed.signable.action_hash().hex()
    assert not survives(json.dumps(wire).encode(), payload)
