"""coldlever.shared.compact.strict_cbor: one spelling, a small part of CBOR, and no allocation on a head's word."""

import tracemalloc

import cbor2
import pytest

from coldlever.shared.compact import strict_cbor
from coldlever.shared.errors import InputRefused, UsageRefused

MIB = 1 << 20


def refusal(data):
    with pytest.raises(InputRefused) as caught:
        strict_cbor.loads(data, "QR")
    assert caught.value.message.startswith("QR: ")
    return caught.value


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        # RFC 8949, appendix A.
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (1000000, "1a000f4240"),
        (18446744073709551615, "1bffffffffffffffff"),
        (-1, "20"),
        (-1000, "3903e7"),
        (-18446744073709551616, "3bffffffffffffffff"),
        (False, "f4"),
        (True, "f5"),
        (b"\x01\x02\x03\x04", "4401020304"),
        ("", "60"),
        ("ü", "62c3bc"),
        ([1, [2, 3]], "8201820203"),
        ({}, "a0"),
        ({1: 2, 3: 4}, "a201020304"),
        # Keys in order of value, whatever the order they were given in.
        ({256: 1, 24: 2, 0: 3}, "a30003181802190100" + "01"),
    ],
)
def test_values_of_ours_have_one_spelling(value, encoded):
    assert strict_cbor.dumps(value).hex() == encoded
    assert strict_cbor.loads(bytes.fromhex(encoded), "QR") == value


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "an early end"),
        ("82", "2 items or bytes declared and 0"),
        ("820100"[:4], "2 items or bytes declared and 1"),
        ("8261", "2 items or bytes declared and 1"),
        ("828100", "an early end"),
        ("18", "an early end"),
        ("1900", "an early end"),
        ("4201", "2 items or bytes declared"),
        ("0000", "1 bytes behind the end"),
        ("a1", "1 items or bytes declared"),
        ("a101", "1 items or bytes declared"),
        ("f6", "a float, null"),
        ("f7", "a float, null"),
        ("f0", "a float, null"),
        ("f820", "a float, null"),
        ("f97e00", "a float, null"),
        ("fa47c35000", "a float, null"),
        ("fb3ff199999999999a", "a float, null"),
        ("ff", "a float, null"),
        ("c001", "a tag"),
        ("c249010000000000000000", "a tag"),
        ("d9d9f700", "a tag"),
        ("9fff", "an indefinite length"),
        ("bfff", "an indefinite length"),
        ("5f4100ff", "an indefinite length"),
        ("7f6100ff", "an indefinite length"),
        ("1c", "reserved head 28"),
        ("1d", "reserved head 29"),
        ("5e", "reserved head 30"),
        ("a1200a", "a map key that is no integer"),
        ("a1610100", "a map key that is no integer"),
        ("a1410100", "a map key that is no integer"),
        ("a1f500", "a map key that is no integer"),
        ("a1800000", "a map key that is no integer"),
        ("a1a00000", "a map key that is no integer"),
        ("a201020200ff"[:6], "2 items or bytes declared"),
        ("61ff", "not UTF-8"),
        ("63eda080", "not UTF-8"),
        ("62c080", "not UTF-8"),
    ],
)
def test_everything_else_is_malformed(data, words):
    error = refusal(bytes.fromhex(data))
    assert error.code == "cbor-malformed"
    assert words in error.message


@pytest.mark.parametrize(
    "data",
    [
        "1800",
        "1817",
        "190001",
        "1a00000001",
        "1b0000000000000001",
        "3800",
        "580100",
        "780161",
        "980100",
        "b8010000",
        "a20000" + "0001",  # a key twice
        "a200000000",
        "a201000000",  # keys out of order
        "a1180000",
    ],
)
def test_another_spelling_is_not_canonical(data):
    assert refusal(bytes.fromhex(data)).code == "cbor-not-canonical"


def test_sixteen_levels_are_read_and_seventeen_are_not():
    assert strict_cbor.loads(b"\x81" * 15 + b"\x80", "QR") == [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]
    assert refusal(b"\x81" * 16 + b"\x80").code == "cbor-too-deep"
    assert refusal(b"\xa1\x00" * 16 + b"\xa0").code == "cbor-too-deep"
    assert refusal(b"\x81" * 200_000 + b"\x80").code == "cbor-too-deep"


def test_the_size_is_bounded_both_ways():
    largest = strict_cbor.dumps(bytes(strict_cbor.MAX_BYTES - 5))
    assert len(largest) == strict_cbor.MAX_BYTES
    assert strict_cbor.loads(largest, "QR") == bytes(strict_cbor.MAX_BYTES - 5)
    assert refusal(largest + b"\x00").code == "cbor-too-large"
    with pytest.raises(InputRefused) as caught:
        strict_cbor.dumps(bytes(strict_cbor.MAX_BYTES))
    assert caught.value.code == "cbor-too-large"


def test_half_a_surrogate_pair_is_not_encoded():
    with pytest.raises(UsageRefused) as caught:
        strict_cbor.dumps(["\ud800"])
    assert caught.value.code == "text-not-unicode"


@pytest.mark.parametrize(
    "head",
    ["1b", "5a7fffffff", "5bffffffffffffffff", "7a7fffffff", "7bffffffffffffffff",
     "9a7fffffff", "9bffffffffffffffff", "ba7fffffff", "bbffffffffffffffff", "9b8000000000000000"],
)  # fmt: skip
def test_a_declared_length_allocates_nothing(head):
    data = bytes.fromhex(head) + b"\x00\x00"
    cbor2.loads(b"\x00")
    tracemalloc.start()
    try:
        assert refusal(data).code == "cbor-malformed"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 << 10


def test_the_costliest_bytes_stay_bounded():
    count = strict_cbor.MAX_BYTES - 5
    data = b"\x9a" + count.to_bytes(4, "big") + b"\x80" * count
    tracemalloc.start()
    try:
        value = strict_cbor.loads(data, "QR")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(value) == count
    assert peak < 20 * MIB


def test_the_sources_name_is_made_printable():
    with pytest.raises(InputRefused) as caught:
        strict_cbor.loads(b"\xf6", "a\x1b[2J")
    assert caught.value.message.startswith("a\\u{001b}[2J: ")
