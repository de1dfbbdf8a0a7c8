import random
import statistics

import pytest

from coldlever.shared.errors import InputRefused, UsageRefused
from coldlever.shared.ur import (
    Progress,
    Receiver,
    Reception,
    UrDecoder,
    UrEncoder,
    decode_ur,
    encode_ur,
)
from coldlever.shared.ur.fragment_chooser import FragmentChooser, degree_sampler
from coldlever.shared.ur.limits import MAX_UINT32
from coldlever.shared.ur.part import Part
from coldlever.shared.ur.resource import ResourcePart, parse_resource
from coldlever.shared.ur.xoshiro import Xoshiro256

_KIND = "x-batch"
_MESSAGE = random.Random(20261122).randbytes(1000)
_LONG_MESSAGE = random.Random(7).randbytes(20_000)


def _encoder(message: bytes = _MESSAGE, length: int = 100) -> UrEncoder:
    return UrEncoder(_KIND, message, length)


def _fed(*texts: str) -> UrDecoder:
    decoder = UrDecoder()
    for text in texts:
        decoder.receive(text)
    return decoder


def _forged(text: str, data: bytes) -> str:
    """The same part with other data and valid bytewords."""
    parsed = parse_resource(text)
    assert isinstance(parsed, ResourcePart)
    part = parsed.part
    forged = Part(
        part.sequence_number,
        part.sequence_length,
        part.message_length,
        part.checksum,
        data.ljust(len(part.data), b"\1"),
    )
    return ResourcePart(parsed.type, forged).to_text()


class TestEncoder:
    def test_a_short_message_is_one_frame_in_upper_case(self):
        encoder = _encoder(b"short")
        assert encoder.sequence_length == 1
        assert encoder.next_part() == encoder.next_part() == encode_ur(_KIND, b"short")
        assert list(encoder.parts()) == list(encoder.parts(5)) == [encoder.part(77)]
        assert encoder.part(1).startswith("UR:X-BATCH/")

    def test_lower_case_is_there_for_links(self):
        text = encode_ur(_KIND, _MESSAGE, upper=False)
        assert text.islower()
        assert text.upper() == encode_ur(_KIND, _MESSAGE)
        lower = UrEncoder(_KIND, _MESSAGE, 100, upper=False)
        assert [text.upper() for text in lower.parts()] == list(_encoder().parts())

    def test_frames_hold_only_what_a_qr_code_stores_compactly(self):
        alphanumeric = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
        assert all(set(text) <= alphanumeric for text in _encoder().parts())

    def test_a_loop_has_three_times_as_many_frames_as_fragments(self):
        parts = list(_encoder().parts())
        assert len(parts) == len(set(parts)) == 30
        assert parts[0].startswith("UR:X-BATCH/1-10/")
        assert parts[-1].startswith("UR:X-BATCH/30-10/")

    def test_a_loop_may_be_longer_or_shorter(self):
        assert len(list(_encoder().parts(7))) == 7

    def test_the_stream_is_endless_and_does_not_disturb_the_loop(self):
        encoder = _encoder()
        stream = [encoder.next_part() for _ in range(100)]
        assert stream[:30] == list(encoder.parts())
        assert stream[99] == encoder.part(100)

    def test_the_stream_may_begin_anywhere(self):
        encoder = UrEncoder(_KIND, _MESSAGE, 100, first_sequence_number=11)
        assert encoder.next_part() == _encoder().part(11)

    def test_after_the_last_number_of_32_bits_comes_part_one(self):
        encoder = UrEncoder(_KIND, _MESSAGE, 100, first_sequence_number=MAX_UINT32)
        assert encoder.next_part().startswith(f"UR:X-BATCH/{MAX_UINT32}-10/")
        assert encoder.next_part() == _encoder().part(1)

    def test_a_fragment_is_as_short_as_the_number_of_frames_allows(self):
        encoder = _encoder(bytes(201), 200)
        assert (encoder.sequence_length, encoder.fragment_length) == (2, 101)

    @pytest.mark.parametrize("length", [9, 2_001, -1])
    def test_fragments_of_an_odd_size_are_refused(self, length):
        with pytest.raises(UsageRefused) as caught:
            _encoder(length=length)
        assert caught.value.code == "ur-fragment-length"

    @pytest.mark.parametrize("number", [0, -1, MAX_UINT32 + 1])
    def test_parts_outside_32_bits_are_refused(self, number):
        with pytest.raises(UsageRefused) as caught:
            _encoder().part(number)
        assert caught.value.code == "ur-sequence-number"
        with pytest.raises(UsageRefused):
            UrEncoder(_KIND, _MESSAGE, 100, first_sequence_number=number)

    @pytest.mark.parametrize("kind", ["", "Upper", "with space", "ä", "x/y", "x" * 49, "x\n"])
    def test_a_type_outside_the_grammar_is_refused(self, kind):
        with pytest.raises(InputRefused) as caught:
            encode_ur(kind, _MESSAGE)
        assert caught.value.code == "ur-malformed"
        assert caught.value.message.isprintable()

    def test_an_empty_message_is_refused(self):
        with pytest.raises(InputRefused, match="empty"):
            encode_ur(_KIND, b"")

    def test_a_message_over_1_mib_is_refused(self):
        with pytest.raises(InputRefused) as caught:
            encode_ur(_KIND, bytes((1 << 20) + 1))
        assert caught.value.code == "ur-too-large"

    def test_more_parts_than_the_decoder_takes_are_refused(self):
        assert _encoder(bytes(105_000), 10).sequence_length == 10_500
        with pytest.raises(InputRefused) as caught:
            _encoder(bytes(105_001), 10)
        assert caught.value.code == "ur-too-large"
        assert caught.value.remedy == "choose denser frames, or hand it over as a file"

    def test_the_degree_table_is_made_once_a_length(self):
        degree_sampler.cache_clear()
        list(_encoder().parts(100))
        assert degree_sampler.cache_info().misses == 1


class TestGenerator:
    def test_a_draw_that_rounds_up_to_one_stays_in_range(self):
        class Highest(Xoshiro256):
            def next(self) -> int:
                return (1 << 64) - 1

        assert Highest(b"").next_double() == 1.0
        assert Highest(b"").below(10) == 9

    def test_each_part_mixes_distinct_fragments(self):
        chooser = FragmentChooser(20, 1)
        for number in range(1, 500):
            indexes = chooser.indexes(number)
            assert len(set(indexes)) == len(indexes)
            assert set(indexes) <= set(range(20))


class TestSinglePart:
    def test_a_single_part_is_complete_at_once(self):
        decoder = UrDecoder([_KIND])
        assert decoder.progress == Progress(0, 0, 0, 0)
        assert decoder.receive(encode_ur(_KIND, _MESSAGE)) is Reception.NEW
        assert decoder.complete
        assert decoder.message() == _MESSAGE
        assert decoder.type == _KIND
        assert decoder.progress == Progress(1, 1, 1, 1)

    def test_the_same_again_is_a_duplicate_and_another_is_foreign(self):
        text = encode_ur(_KIND, _MESSAGE)
        decoder = _fed(text)
        assert decoder.receive(text.lower()) is Reception.DUPLICATE
        assert decoder.receive(encode_ur("x-other", _MESSAGE)) is Reception.FOREIGN
        assert decoder.receive(encode_ur(_KIND, b"other")) is Reception.FOREIGN
        assert decoder.receive(_encoder().part(1)) is Reception.FOREIGN
        assert decoder.message() == _MESSAGE
        assert decoder.progress.frames_seen == 2

    def test_a_single_part_amid_an_animation_is_foreign(self):
        decoder = _fed(_encoder().part(1))
        assert decoder.receive(encode_ur(_KIND, b"other")) is Reception.FOREIGN
        assert not decoder.complete

    def test_case_may_be_mixed(self):
        assert decode_ur(encode_ur(_KIND, _MESSAGE).title()).message == _MESSAGE

    def test_one_part_of_several_is_refused_where_one_is_expected(self):
        with pytest.raises(InputRefused, match="part 3 of a message of 10 parts") as caught:
            decode_ur(_encoder().part(3))
        assert caught.value.code == "ur-multipart"


class TestTypes:
    def test_another_type_is_refused_by_name(self):
        text = encode_ur("eth-sign-request", _MESSAGE)
        decoder = UrDecoder(["x-signed", _KIND])
        with pytest.raises(InputRefused) as caught:
            decoder.receive(text)
        assert caught.value.code == "ur-wrong-type"
        assert caught.value.message == (
            'this UR holds "eth-sign-request", expected "x-batch" or "x-signed"'
        )
        assert decoder.type is None
        with pytest.raises(InputRefused):
            decode_ur(text, [_KIND])

    def test_a_part_of_another_type_is_refused_and_the_scan_goes_on(self):
        decoder = UrDecoder([_KIND])
        with pytest.raises(InputRefused):
            decoder.receive(UrEncoder("x-other", _MESSAGE, 100).part(1))
        assert decoder.receive(_encoder().part(1)) is Reception.NEW

    def test_without_expectations_every_type_is_taken_but_never_two_of_them(self):
        decoder = _fed(_encoder().part(1))
        assert decoder.type == _KIND
        other = UrEncoder("x-other", _MESSAGE, 100)
        assert decoder.receive(other.part(2)) is Reception.FOREIGN


class TestMultiPart:
    def test_the_fragments_in_order_are_enough(self):
        decoder = UrDecoder()
        for text in _encoder().parts(10):
            assert not decoder.complete
            assert decoder.receive(text) is Reception.NEW
        assert decoder.message() == _MESSAGE
        assert decoder.progress == Progress(10, 10, 10, 10)

    def test_order_does_not_matter(self):
        parts = list(_encoder().parts())
        random.Random(1).shuffle(parts)
        assert _fed(*parts).message() == _MESSAGE

    def test_mixed_parts_alone_are_enough(self):
        encoder = UrEncoder(_KIND, _MESSAGE, 100, first_sequence_number=11)
        decoder = _fed(*(encoder.next_part() for _ in range(40)))
        assert decoder.message() == _MESSAGE

    def test_as_many_independent_frames_as_fragments_complete_it(self):
        decoder = UrDecoder()
        for text in _encoder().parts(100):
            if not decoder.complete:
                decoder.receive(text)
                assert decoder.complete == (decoder.progress.frames_useful == 10)

    def test_a_message_in_one_fragment_may_come_as_a_part(self):
        part = Part(5, 1, 3, 0x352441C2, b"abc")
        decoder = _fed(ResourcePart(_KIND, part).to_text())
        assert decoder.message() == b"abc"

    def test_duplicates_bring_nothing_and_harm_nothing(self):
        first, second = _encoder().part(1), _encoder().part(12)
        decoder = _fed(first, second)
        assert decoder.receive(first) is Reception.DUPLICATE
        assert decoder.receive(second) is Reception.DUPLICATE
        assert decoder.progress.frames_seen == 4
        assert decoder.progress.frames_useful == 2

    def test_what_follows_from_other_frames_is_redundant(self):
        encoder = _encoder()
        decoder = _fed(*encoder.parts(10))
        assert decoder.receive(encoder.part(11)) is Reception.REDUNDANT
        assert decoder.receive(encoder.part(1)) is Reception.DUPLICATE
        assert decoder.message() == _MESSAGE

    def test_mixed_frames_count_as_useful_before_they_are_solved(self):
        mixed = next(
            number
            for number in range(11, 100)
            if len(FragmentChooser(10, _checksum()).indexes(number)) == 2
        )
        decoder = _fed(_encoder().part(mixed))
        assert decoder.progress == Progress(0, 10, 1, 1)
        pair = FragmentChooser(10, _checksum()).indexes(mixed)
        assert decoder.receive(_encoder().part(pair[0] + 1)) is Reception.NEW
        assert decoder.progress == Progress(2, 10, 2, 2)
        assert decoder.receive(_encoder().part(pair[1] + 1)) is Reception.REDUNDANT

    def test_a_frame_of_another_message_is_foreign_and_changes_nothing(self):
        decoder = _fed(_encoder().part(1))
        before = decoder.progress
        other_content = _encoder(bytes(1000)).part(2)
        other_cut = _encoder(length=50).part(2)
        for text in (other_content, other_cut):
            assert decoder.receive(text) is Reception.FOREIGN
        assert decoder.progress == before
        for text in _encoder().parts(10):
            decoder.receive(text)
        assert decoder.message() == _MESSAGE

    def test_a_message_before_its_end_is_refused_with_the_count(self):
        with pytest.raises(InputRefused, match="no part") as caught:
            UrDecoder().message()
        assert caught.value.code == "ur-incomplete"
        with pytest.raises(InputRefused, match="3 of 10 independent parts"):
            _fed(*_encoder().parts(3)).message()

    def test_a_reset_decoder_takes_another_message(self):
        decoder = _fed(*_encoder().parts(3))
        decoder.reset()
        assert decoder.progress == Progress(0, 0, 0, 0)
        decoder.receive(encode_ur("x-other", b"other"))
        assert decoder.message() == b"other"


class TestForgery:
    def test_a_forged_fragment_is_found_at_the_end_and_discards_everything(self):
        parts = list(_encoder().parts(10))
        decoder = _fed(_forged(parts[0], b"forged"), *parts[1:9])
        with pytest.raises(InputRefused) as caught:
            decoder.receive(parts[9])
        assert caught.value.code == "ur-message-checksum"
        assert "discarded" in caught.value.message
        assert decoder.progress == Progress(0, 0, 0, 0)
        assert not decoder.complete
        for text in parts:
            decoder.receive(text)
        assert decoder.message() == _MESSAGE

    def test_a_frame_that_contradicts_the_others_is_foreign(self):
        encoder = _encoder()
        decoder = _fed(*encoder.parts(9))
        known = next(
            number
            for number in range(11, 200)
            if 9 not in FragmentChooser(10, _checksum()).indexes(number)
        )
        assert decoder.receive(_forged(encoder.part(known), b"forged")) is Reception.FOREIGN
        decoder.receive(encoder.part(10))
        assert decoder.message() == _MESSAGE


class TestLoss:
    @pytest.mark.parametrize("looped", [False, True], ids=["endless", "looped"])
    @pytest.mark.parametrize(("loss", "limit"), [(0.0, 1.0), (0.3, 1.75), (0.5, 2.35)])
    def test_a_long_message_survives_lost_frames(self, looped, loss, limit):
        encoder = _encoder(_LONG_MESSAGE, 200)
        loop = list(encoder.parts())
        shown = []
        for seed in range(7):
            chance = random.Random(seed)
            decoder = UrDecoder()
            frame = 0
            while not decoder.complete:
                text = loop[frame % len(loop)] if looped else encoder.part(frame + 1)
                frame += 1
                if chance.random() >= loss:
                    decoder.receive(text)
            assert decoder.message() == _LONG_MESSAGE
            shown.append(frame / encoder.sequence_length)
        assert statistics.median(shown) <= limit

    @pytest.mark.parametrize(
        ("fragments", "loss", "limit"), [(100, 0.3, 1.47), (100, 0.5, 2.08), (8, 0.3, 1.65)]
    )
    def test_a_stream_for_our_decoder_stays_near_what_the_loss_alone_costs(
        self, fragments, loss, limit
    ):
        message = random.Random(fragments).randbytes(20 * fragments)
        shown = []
        for seed in range(100):
            chance = random.Random(seed)
            encoder = UrEncoder(_KIND, message, 20, receiver=Receiver.COLDLEVER)
            decoder = UrDecoder()
            count = 0
            while not decoder.complete:
                text = encoder.next_part()
                count += 1
                if chance.random() >= loss:
                    decoder.receive(text)
            shown.append(count / fragments)
        assert statistics.median(shown) <= limit


class TestThinning:
    @pytest.mark.parametrize(
        ("fragments", "receiver", "least"),
        [
            (3, Receiver.COLDLEVER, 1),
            (4, Receiver.COLDLEVER, 2),
            (37, Receiver.COLDLEVER, 9),
            (400, Receiver.COLDLEVER, 10),
            (3, Receiver.WALLET, 1),
            (400, Receiver.WALLET, 2),
            (400, Receiver.ANY, 1),
        ],
    )
    def test_mixed_parts_of_low_degree_are_left_out(self, fragments, receiver, least):
        encoder = UrEncoder(_KIND, bytes(10 * fragments), 10, receiver=receiver)
        chooser = FragmentChooser(fragments, _checksum_of(encoder))
        shown = [_number(encoder.next_part()) for _ in range(fragments + 200)]
        assert shown[:fragments] == list(range(1, fragments + 1))
        every = range(fragments + 1, shown[-1] + 1)
        assert shown[fragments:] == [n for n in every if chooser.degree(n) >= least]

    def test_the_loop_is_the_beginning_of_the_stream(self):
        encoder = UrEncoder(_KIND, _MESSAGE, 100, receiver=Receiver.COLDLEVER)
        assert list(encoder.parts()) == [encoder.next_part() for _ in range(30)]

    def test_a_stream_may_begin_again_before_its_numbers_get_long(self):
        encoder = UrEncoder(
            _KIND, _MESSAGE, 100, last_sequence_number=40, receiver=Receiver.COLDLEVER
        )
        numbers = [_number(encoder.next_part()) for _ in range(60)]
        again = numbers.index(1, 1)
        assert max(numbers) <= 40
        assert numbers[again : again + 10] == list(range(1, 11))

    def test_a_receiver_that_begins_in_the_middle_completes_a_message_of_any_length(self):
        for fragments in range(2, 40):
            message = random.Random(fragments).randbytes(20 * fragments)
            encoder = UrEncoder(
                _KIND, message, 20, first_sequence_number=1_000, receiver=Receiver.COLDLEVER
            )
            decoder = UrDecoder()
            for _ in range(40 + 2 * fragments):
                decoder.receive(encoder.next_part())
            assert decoder.message() == message


def _number(text: str) -> int:
    return int(text.split("/")[1].split("-", maxsplit=1)[0])


def _checksum_of(encoder: UrEncoder) -> int:
    parsed = parse_resource(encoder.part(1))
    assert isinstance(parsed, ResourcePart)
    return parsed.part.checksum


def _checksum() -> int:
    parsed = parse_resource(_encoder().part(1))
    assert isinstance(parsed, ResourcePart)
    return parsed.part.checksum
