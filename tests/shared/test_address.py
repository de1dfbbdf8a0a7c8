"""Addresses and their checksums."""

import pytest

from coldlever.shared.action.address import Address, parse_address

# From the text of EIP-55.
CHECKSUMMED = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("text", CHECKSUMMED)
def test_checksummed_addresses_are_read_and_written_as_they_are(text):
    address = parse_address(text)
    assert str(address) == address.checksummed == text
    assert address.lower == text.lower()


@pytest.mark.parametrize("text", CHECKSUMMED)
def test_all_lower_and_all_upper_digits_are_taken(text):
    assert parse_address(text.lower()) == parse_address("0x" + text[2:].upper())


def test_one_letter_in_the_wrong_case_is_refused(refusal):
    good = CHECKSUMMED[4]
    for position, letter in enumerate(good):
        swapped = good[:position] + letter.swapcase() + good[position + 1 :]
        if position > 1 and letter.isalpha():
            error = refusal(parse_address, swapped)
            assert error.code == "bad-address-checksum"
            assert error.remedy is not None


@pytest.mark.parametrize(
    "text",
    [
        "", "0x", "52908400098527886E0F7030069857D2E4169EE7", "0X" + "a" * 40, "0x" + "a" * 39,
        "0x" + "a" * 41, "0x" + "g" * 40, "0x" + "a" * 40 + "\n", " 0x" + "a" * 40, "0x" + "\uff11" * 40,
    ],
)  # fmt: skip
def test_other_forms_are_refused(text, refusal):
    error = refusal(parse_address, text)
    assert error.code == "bad-address"
    assert error.message.isascii()
    assert error.message.isprintable()


@pytest.mark.parametrize("size", [0, 19, 21, 32])
def test_an_address_has_twenty_bytes(size, refusal):
    assert refusal(Address, bytes(size)).code == "bad-address"


def test_addresses_compare_by_their_bytes():
    assert Address(bytes(20)) < Address(b"\x01" * 20)
    assert len({parse_address(CHECKSUMMED[0]), parse_address(CHECKSUMMED[0].lower())}) == 1
