import random
import zlib
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coldlever.shared.errors import InputRefused
from coldlever.shared.ur import Reception, UrDecoder, UrEncoder, bytewords, decode_ur, encode_ur
from coldlever.shared.ur.bytewords import Style
from coldlever.shared.ur.fountain_decoder import FountainDecoder
from coldlever.shared.ur.fountain_encoder import FountainEncoder
from coldlever.shared.ur.fragment_chooser import FragmentChooser
from coldlever.shared.ur.limits import MAX_UINT32
from coldlever.shared.ur.part import Part
from coldlever.shared.ur.resource import ResourcePart, parse_resource

_T = TypeVar("_T")

_KINDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=48)
_MESSAGES = st.binary(min_size=1, max_size=600)
_FRAGMENT_LENGTHS = st.integers(10, 80)
_QUIET = settings(deadline=None, max_examples=150)


@given(data=st.binary(max_size=300), style=st.sampled_from(Style))
@_QUIET
def test_bytewords_give_the_bytes_back(data, style):
    assert bytewords.decode(bytewords.encode(data, style).upper(), style) == data


@given(text=st.text(), style=st.sampled_from(Style))
@_QUIET
def test_bytewords_of_any_text_are_read_or_refused(text, style):
    read = _read_or_refusal(lambda: bytewords.decode(text, style))
    if isinstance(read, InputRefused):
        assert read.code in {"bytewords-malformed", "bytewords-checksum"}
    else:
        assert bytewords.encode(read, style) == text.lower()


@given(kind=_KINDS, message=_MESSAGES)
@_QUIET
def test_a_single_part_gives_the_message_back(kind, message):
    resource = decode_ur(encode_ur(kind, message), [kind])
    assert (resource.type, resource.message) == (kind, message)


@given(
    kind=_KINDS,
    message=_MESSAGES,
    fragment_length=_FRAGMENT_LENGTHS,
    first=st.integers(1, MAX_UINT32),
    seed=st.integers(),
)
@_QUIET
def test_enough_parts_from_anywhere_in_any_order_give_the_message_back(
    kind, message, fragment_length, first, seed
):
    encoder = UrEncoder(kind, message, fragment_length, first_sequence_number=first)
    texts = [encoder.next_part() for _ in range(3 * encoder.sequence_length + 20)]
    random.Random(seed).shuffle(texts)
    decoder = UrDecoder([kind])
    for text in texts + list(encoder.parts(encoder.sequence_length)):
        assert decoder.receive(text) is not Reception.FOREIGN
    assert decoder.type == kind
    assert decoder.message() == message


@given(
    message=st.binary(min_size=20, max_size=300),
    numbers=st.lists(st.integers(1, 200), max_size=60),
)
@_QUIET
def test_the_decoder_knows_exactly_what_the_equations_determine(message, numbers):
    encoder = FountainEncoder(message, 10)
    decoder = FountainDecoder(encoder.part(1))
    chooser = FragmentChooser(encoder.sequence_length, zlib.crc32(message))
    rows: list[int] = []
    for number in numbers:
        row = sum(1 << index for index in chooser.indexes(number))
        independent = _rank([*rows, row]) > len(rows)
        reception = decoder.receive(encoder.part(number))
        assert (reception is Reception.NEW) == independent
        if independent:
            rows.append(row)
    assert decoder.useful == len(rows)
    units = (1 << index for index in range(encoder.sequence_length))
    assert decoder.solved == sum(_rank([*rows, unit]) == len(rows) for unit in units)


def _rank(rows: list[int]) -> int:
    basis: list[int] = []
    for row in rows:
        rest = row
        for other in basis:
            rest = min(rest, rest ^ other)
        if rest:
            basis.append(rest)
    return len(basis)


@given(text=st.one_of(st.text(), st.from_regex(r"[uU][rR]:[a-z0-9-]+/([0-9]+-[0-9]+/)?[a-z]*")))
@example("ur:x/1-1/")
@_QUIET
def test_any_text_is_taken_or_refused_by_us(text):
    _receive_or_refuse(UrDecoder(), text)


@given(cbor=st.binary(max_size=60), number=st.integers(1, 10), length=st.integers(1, 10))
@_QUIET
def test_any_bytes_in_valid_words_are_taken_or_refused_by_us(cbor, number, length):
    _receive_or_refuse(UrDecoder(), f"ur:x/{number}-{length}/{bytewords.encode(cbor)}")


_UINT32 = st.one_of(st.integers(0, 40), st.integers(0, MAX_UINT32))


@given(
    parts=st.lists(
        st.builds(Part, _UINT32, _UINT32, _UINT32, st.integers(0, 1), st.binary(max_size=12)),
        max_size=12,
    )
)
@_QUIET
def test_any_headers_are_taken_or_refused_by_us(parts):
    decoder = UrDecoder()
    for part in parts:
        _receive_or_refuse(decoder, ResourcePart("x", part).to_text())


@given(
    data=st.data(),
    length=st.integers(1, 12),
    numbers=st.lists(st.integers(1, 60), min_size=1, max_size=40),
)
@_QUIET
def test_forged_data_never_becomes_a_message(data, length, numbers):
    decoder = UrDecoder()
    checksum = zlib.crc32(bytes(10 * length))
    for number in numbers:
        content = data.draw(st.sampled_from([bytes(10), b"\1" * 10, b"\xff" + bytes(9)]))
        part = Part(number, length, 10 * length, checksum, content)
        _receive_or_refuse(decoder, ResourcePart("x", part).to_text())
        if decoder.complete:
            assert zlib.crc32(decoder.message()) == checksum


_FRAMES = list(UrEncoder("x-batch", random.Random(5).randbytes(300), 20).parts())


@given(
    frame=st.sampled_from(_FRAMES),
    position=st.integers(0, len(_FRAMES[0])),
    cut=st.integers(0, 3),
    inserted=st.text(alphabet="ABCXYZ/-:0179 \x00\u0130", max_size=3),
)
@example(_FRAMES[0], 8, 3, "")
@_QUIET
def test_a_mutated_frame_is_refused_or_is_the_frame(frame, position, cut, inserted):
    mutated = frame[:position] + inserted + frame[position + cut :]
    read = _read_or_refusal(lambda: parse_resource(mutated))
    if isinstance(read, InputRefused):
        assert read.code in {"ur-malformed", "ur-checksum"}
    elif read.type == "x-batch":
        assert read == parse_resource(frame)
    else:
        # The type is outside every checksum: who expects one is told of another.
        decoder = UrDecoder(["x-batch"])
        with pytest.raises(InputRefused, match="this UR holds"):
            decoder.receive(mutated)


@given(frames=st.lists(st.sampled_from(_FRAMES), max_size=60))
@_QUIET
def test_progress_never_goes_back(frames):
    decoder = UrDecoder()
    before = decoder.progress
    for frame in frames:
        decoder.receive(frame)
        after = decoder.progress
        assert before.solved <= after.solved <= after.frames_useful <= after.needed
        assert before.frames_useful <= after.frames_useful <= after.frames_seen
        before = after


def _receive_or_refuse(decoder: UrDecoder, text: str) -> None:
    received = _read_or_refusal(lambda: decoder.receive(text))
    if isinstance(received, InputRefused):
        assert received.code.startswith("ur-")
        assert received.message.isascii()
        assert received.message.isprintable()
    if not decoder.complete:
        with pytest.raises(InputRefused):
            decoder.message()


def _read_or_refusal(read: Callable[[], _T]) -> _T | InputRefused:
    try:
        return read()
    except InputRefused as refusal:
        return refusal
