import random
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from coldlever.shared.errors import InputRefused
from coldlever.shared.ur import Reception, UrDecoder, UrEncoder, bytewords, decode_ur, encode_ur
from coldlever.shared.ur.fountain_decoder import FountainDecoder
from coldlever.shared.ur.fountain_encoder import FountainEncoder
from coldlever.shared.ur.fragment_chooser import degree_sampler
from coldlever.shared.ur.limits import (
    MAX_FRAGMENT_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_PART_LETTERS,
    MAX_RESOURCE_LETTERS,
    MAX_SEQUENCE_LENGTH,
    MAX_TYPE_LETTERS,
    MAX_UINT32,
)
from coldlever.shared.ur.part import Part
from coldlever.shared.ur.resource import ResourcePart

_MEGABYTE = 1_000_000


def _text(
    number: int, length: int, message_length: int, data: bytes = b"0123456789", checksum: int = 1
) -> str:
    return ResourcePart("x", Part(number, length, message_length, checksum, data)).to_text()


def _code(text: str) -> str:
    with pytest.raises(InputRefused) as caught:
        UrDecoder().receive(text)
    assert caught.value.message.isprintable()
    assert caught.value.message.isascii()
    return caught.value.code


def _wrapped(cbor: bytes, sequence: str = "1-2") -> str:
    return f"ur:x/{sequence}/{bytewords.encode(cbor)}"


def _peak(action: Callable[[], object]) -> int:
    degree_sampler.cache_clear()
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class TestSizes:
    def test_the_largest_message_passes_as_parts_and_as_one(self):
        message = random.Random(1).randbytes(MAX_MESSAGE_BYTES)
        assert decode_ur(encode_ur("x", message)).message == message
        decoder = UrDecoder()
        for text in UrEncoder("x", message, MAX_FRAGMENT_BYTES).parts(525):
            assert len(text) <= MAX_PART_LETTERS
            decoder.receive(text)
        assert decoder.message() == message

    def test_the_longest_part_fits_the_largest_qr_code(self):
        part = Part(MAX_UINT32, MAX_SEQUENCE_LENGTH, MAX_MESSAGE_BYTES, MAX_UINT32, bytes(2_000))
        text = ResourcePart("x" * MAX_TYPE_LETTERS, part).to_text()
        assert len(text) <= MAX_PART_LETTERS

    def test_the_longest_type_and_largest_message_are_read_back(self):
        kind = "x" * MAX_TYPE_LETTERS
        text = encode_ur(kind, bytes(MAX_MESSAGE_BYTES))
        assert len(text) == MAX_RESOURCE_LETTERS
        assert decode_ur(text).type == kind

    @pytest.mark.parametrize(
        "text",
        [
            _text(1, MAX_SEQUENCE_LENGTH + 1, 10 * MAX_SEQUENCE_LENGTH + 1),
            _text(1, MAX_UINT32, MAX_UINT32),
            _text(1, 1_000, MAX_MESSAGE_BYTES + 1),
            _text(1, 2, 4_000, bytes(MAX_FRAGMENT_BYTES + 1)),
            _text(1, 2, 4_400, bytes(2_200)),
            "ur:x/" + "ae" * (MAX_RESOURCE_LETTERS // 2),
            f"ur:x/{bytewords.encode(bytes(MAX_MESSAGE_BYTES + 1))}",
            "x" * (MAX_RESOURCE_LETTERS + 1),
            "\ud800" * (MAX_RESOURCE_LETTERS + 1),
        ],
        ids=[
            "one fragment too many",
            "four billion fragments",
            "message",
            "fragment",
            "part's text",
            "text",
            "single part",
            "letters",
            "surrogates",
        ],
    )
    def test_what_is_too_large_is_refused(self, text):
        assert _code(text) == "ur-too-large"

    @pytest.mark.parametrize(("length", "fragments"), [(MAX_SEQUENCE_LENGTH, 1), (10**6, 0)])
    @pytest.mark.parametrize("mixed", [False, True], ids=["simple", "mixed"])
    def test_a_hostile_sequence_length_costs_less_than_a_megabyte(self, length, fragments, mixed):
        number = length + 7 if mixed else 1
        text = _text(number, length, 10 * length)
        decoder = UrDecoder()

        def receive() -> None:
            if fragments:
                decoder.receive(text)
            else:
                with pytest.raises(InputRefused):
                    decoder.receive(text)

        assert _peak(receive) < _MEGABYTE
        assert decoder.progress.frames_seen == fragments

    def test_foreign_hostile_frames_cost_nothing_lasting(self):
        decoder = UrDecoder()
        decoder.receive(_text(1, 2, 20))
        foreign = [_text(9_999, length, 10 * length) for length in range(5_000, 5_200)]

        def receive() -> None:
            for text in foreign:
                assert decoder.receive(text) is Reception.FOREIGN

        assert _peak(receive) < 20_000

    def test_mixed_parts_cost_one_equation_a_fragment_at_the_most(self):
        length = 300
        encoder = FountainEncoder(random.Random(2).randbytes(10 * length), 10)
        parts = [encoder.part(number) for number in range(length + 1, 3 * length)]
        decoder = FountainDecoder(parts[0])

        def receive() -> None:
            for part in parts:
                decoder.receive(part)

        # One bit for each fragment, the data, and what Python adds to a number in a dictionary.
        assert _peak(receive) < length * (length // 8 + 10 + 250)
        assert decoder.useful == decoder.solved == length

    @pytest.mark.unmeasured
    def test_the_largest_animation_decodes_without_a_stall(self):
        length = MAX_SEQUENCE_LENGTH
        encoder = FountainEncoder(random.Random(3).randbytes(99 * length), 99)
        decoder = FountainDecoder(encoder.part(1))
        for number in range(1, length - 20):
            decoder.receive(encoder.part(number))
        slowest = 0.0
        number = length
        while not decoder.complete:
            number += 1
            part = encoder.part(number)
            started = time.process_time()
            decoder.receive(part)
            slowest = max(slowest, time.process_time() - started)
        assert zlib.crc32(decoder.message()) == encoder.part(1).checksum
        assert slowest < 0.5


class TestHeaders:
    def test_numbers_beyond_the_sequence_length_are_what_mixed_parts_look_like(self):
        assert UrDecoder().receive(_text(MAX_UINT32, 2, 20)) is Reception.NEW

    @pytest.mark.parametrize(
        ("length", "message_length", "data"),
        [
            (2, 21, b"0123456789"),
            (2, 10, b"0123456789"),
            (1, 0, b"0123456789"),
            (2, 20, b""),
            (10_000, 10_000, b"0123456789"),
        ],
    )
    def test_lengths_that_contradict_each_other_are_refused(self, length, message_length, data):
        assert _code(_text(1, length, message_length, data)) == "ur-malformed"

    def test_a_sequence_of_none_is_refused(self):
        cbor = Part(1, 0, 0, 0, b"0123456789").to_cbor()
        with pytest.raises(InputRefused, match="0 bytes are not 0 fragments"):
            Part.from_cbor(cbor)

    def test_part_zero_is_refused(self):
        with pytest.raises(InputRefused, match="part number 0"):
            Part.from_cbor(Part(0, 2, 20, 0, b"0123456789").to_cbor())

    @pytest.mark.parametrize("sequence", ["2-2", "1-3", "99-2"])
    def test_the_text_must_agree_with_the_header(self, sequence):
        cbor = Part(1, 2, 20, 0, b"0123456789").to_cbor()
        assert UrDecoder().receive(_wrapped(cbor)) is Reception.NEW
        assert _code(_wrapped(cbor, sequence)) == "ur-malformed"

    @pytest.mark.parametrize(
        "cbor",
        [
            "84010214004a30313233343536373839",
            "a5010214004a30313233343536373839",
            "8501021400",
            "85010214004a",
            "85010214004a303132333435363738",
            "85010214004a3031323334353637383930",
            "85010214006a30313233343536373839",
            "85210214004a30313233343536373839",
            "8501021400f6",
            "85010214005f4a30313233343536373839ff",
            "8518010214004a30313233343536373839",
            "85190001021400" + "4a30313233343536373839",
            "851a00000001021400" + "4a30313233343536373839",
            "851b0000000000000001021400" + "4a30313233343536373839",
            "85f93c00021400" + "4a30313233343536373839",
            "851c021400" + "4a30313233343536373839",
            "8501021a",
            "85",
            "00",
        ],
    )
    def test_cbor_of_another_form_is_refused(self, cbor):
        assert _code(_wrapped(bytes.fromhex(cbor))) == "ur-malformed"

    @pytest.mark.parametrize("value", [0, 23, 24, 255, 256, 65_535, 65_536, MAX_UINT32])
    def test_every_width_of_number_is_read_back(self, value):
        part = Part(max(value, 1), 2, 20, value, b"0123456789")
        assert Part.from_cbor(part.to_cbor()) == part

    def test_numbers_of_more_than_32_bits_are_not_written(self):
        with pytest.raises(OverflowError):
            Part(MAX_UINT32 + 1, 2, 20, 0, b"0123456789").to_cbor()


class TestTexts:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "ur",
            "ur:",
            "ur:/",
            "ur:x",
            "ur:x/",
            "ur:x//",
            "ur:x/1-2/",
            "ur:x/1-2",
            "ur:x/1of2/aeaeaeaeae",
            "ur:x/01-2/aeaeaeaeae",
            "ur:x/0-2/aeaeaeaeae",
            "ur:x/1-0/aeaeaeaeae",
            "ur:x/1-2/aeae/aeae",
            "ur:x/99999999999-2/aeaeaeaeae",
            f"ur:{'x' * (MAX_TYPE_LETTERS + 1)}/aeaeaeaeae",
            "ur:x_y/aeaeaeaeae",
            "ur:x/able acid",
            "ur:x/aeaeaeae",
            "ur:x/ae",
            "ur:x/aea",
            "ur:x/zzzzzzzzzz",
            " ur:x/aeaeaeaeae",
            "ur:x/aeaeaeaeae\n",
            "https://app.hyperliquid.xyz",
            "u\u0280:x/aeaeaeaeae",
            "ur:\N{KELVIN SIGN}/aeaeaeaeae",
            "ur:x/\u0661-2/aeaeaeaeae",
            "\x1b]0;owned\x07",
            "\ud800",
            "\0",
        ],
    )
    def test_what_is_no_ur_is_refused(self, text):
        assert _code(text) == "ur-malformed"

    def test_a_misread_frame_is_refused_by_its_checksum_and_the_scan_goes_on(self):
        encoder = UrEncoder("x", bytes(range(100)), 10)
        decoder = UrDecoder()
        decoder.receive(encoder.part(1))
        text = encoder.part(2)
        with pytest.raises(InputRefused) as caught:
            decoder.receive(text[:-2] + ("AE" if text[-2:] != "AE" else "AD"))
        assert caught.value.code == "ur-checksum"
        assert decoder.progress.frames_seen == 1
        assert decoder.receive(text) is Reception.NEW

    def test_a_wrong_code_is_shown_in_part_and_escaped(self):
        with pytest.raises(InputRefused) as caught:
            UrDecoder().receive("abandon \x1b[2J" + "ability " * 11)
        assert 'found "abandon \\u{001b}[2Jabil... (' in caught.value.message
        assert caught.value.message.count("ability") == 0
