"""What becomes of each code that a scanner sees, and of the whole scan."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldlever.shared.errors import InputRefused
from coldlever.shared.qr.scan.collector import Collector, Outcome, ScanResult, Sighting, Tally
from coldlever.shared.qr.scan.foreign import name_of, name_of_json
from coldlever.shared.qr.scan.frame import Frame
from coldlever.shared.qr.scan.progress import Watcher, progress_line
from coldlever.shared.qr.scan.scan import scan
from coldlever.shared.ur import UrEncoder, encode_ur
from coldlever.shared.ur.part import Part
from coldlever.shared.ur.resource import ResourcePart, parse_resource

_KIND = "x-coldlever-test"
_MESSAGE = random.Random(5).randbytes(1000)
_OTHER = random.Random(6).randbytes(1000)


def _parts(message=_MESSAGE, length=100, count=None):
    return list(UrEncoder(_KIND, message, length).parts(count))


def _frames(*texts):
    return [Frame(f"frame {number}", (text,)) for number, text in enumerate(texts, 1)]


def _outcomes(*texts, expected=(_KIND,)):
    collector = Collector(expected)
    return [s.outcome for frame in _frames(*texts) for s in collector.receive(frame)], collector


def _scan(*sources, one_message_only=True, watch=lambda *_: None, expected=(_KIND,)):
    return scan(sources, Collector(expected), watch, one_message_only=one_message_only)


def _refusal(*sources, **options):
    with pytest.raises(InputRefused) as refusal:
        _scan(*sources, **options)
    assert refusal.value.message.isprintable()
    return refusal.value


def _forged_last_part(parts):
    """The ten fragments of a message, and in the last one other data."""
    *good, last = parts[:10]
    forged = Part(10, 10, 1000, parse_resource(last).part.checksum, bytes(100))
    return [*good, ResourcePart(_KIND, forged).to_text()]


class TestCollector:
    def test_a_message_comes_together_from_its_parts(self):
        outcomes, collector = _outcomes(*_parts()[:10])
        assert outcomes == [Outcome.NEW] * 10
        assert collector.complete
        assert collector.result() == ScanResult(_KIND, _MESSAGE)
        assert collector.tally == Tally(solved=10, needed=10, useful=10, frames=10, blank=0)

    def test_the_tally_tells_solved_from_useful(self):
        parts = _parts(count=200)
        _, collector = _outcomes(*parts[60:66], *parts[60:63])
        tally = collector.tally
        assert tally.useful == 6
        assert tally.solved < 6
        assert (tally.needed, tally.frames) == (10, 9)

    def test_repetitions_and_frames_of_other_messages_are_told_apart(self):
        first, second, *_ = _parts()
        outcomes, collector = _outcomes(
            first,
            first,
            second.lower(),
            _parts(_OTHER)[0],
            _parts(length=200)[0],
            encode_ur(_KIND, b"whole"),
            '{"a": 1}',
        )
        assert outcomes == [
            Outcome.NEW,
            Outcome.REPEATED,
            Outcome.NEW,
            Outcome.FOREIGN,
            Outcome.FOREIGN,
            Outcome.OTHER_MESSAGE,
            Outcome.OTHER_MESSAGE,
        ]
        assert collector.tally.useful == 2
        assert collector.count(Outcome.FOREIGN) == 2

    def test_a_stray_frame_of_another_message_does_not_lock_the_scan(self):
        outcomes, collector = _outcomes(_parts(_OTHER)[0], *_parts())
        assert outcomes[:11] == [Outcome.NEW, *[Outcome.FOREIGN] * 9, Outcome.SWITCHED]
        assert collector.result().data == _MESSAGE
        assert collector.tally.needed == 10

    def test_what_came_before_the_switch_counts(self):
        _, collector = _outcomes(_parts(_OTHER)[0], *_parts()[:10])
        assert collector.complete

    def test_a_glance_at_another_message_changes_nothing(self):
        mine, other = _parts(), _parts(_OTHER)
        outcomes, collector = _outcomes(
            mine[0], *other[:9], mine[1], *other[9:18], mine[2], *other[:9], *mine[3:]
        )
        assert Outcome.SWITCHED not in outcomes
        assert collector.result().data == _MESSAGE

    def test_frames_of_many_others_do_not_add_up(self):
        others = [_parts(random.Random(seed).randbytes(1000))[0] for seed in range(70, 100)]
        outcomes, _ = _outcomes(_parts()[0], *others)
        assert outcomes == [Outcome.NEW, *[Outcome.FOREIGN] * 30]

    def test_one_whole_message_that_stays_takes_over_from_a_stray_frame(self):
        whole = encode_ur(_KIND, _MESSAGE[:100])
        outcomes, collector = _outcomes(_parts(_OTHER)[0], *[whole] * 10)
        assert outcomes[-1] is Outcome.SWITCHED
        assert collector.result().data == _MESSAGE[:100]

    def test_a_rival_that_contradicts_itself_begins_anew(self):
        forged = _forged_last_part(_parts(_OTHER))
        outcomes, collector = _outcomes(_parts()[0], *forged, *_parts()[1:])
        assert Outcome.SWITCHED not in outcomes
        assert collector.result().data == _MESSAGE

    def test_after_a_message_is_complete_nothing_takes_over(self):
        outcomes, collector = _outcomes(*_parts()[:10], *_parts(_OTHER))
        assert Outcome.SWITCHED not in outcomes
        assert collector.result().data == _MESSAGE

    def test_wrong_codes_are_named(self):
        collector = Collector([_KIND])
        (wrong,) = collector.receive(Frame("a", (encode_ur("eth-sign-request", b"x"),)))
        assert (wrong.outcome, wrong.code) == (Outcome.WRONG_TYPE, "ur-wrong-type")
        assert '"eth-sign-request"' in wrong.detail
        assert f'"{_KIND}"' in wrong.detail
        (damaged,) = collector.receive(Frame("a", (encode_ur(_KIND, b"x")[:-1] + "A",)))
        assert damaged.outcome is Outcome.DAMAGED
        (malformed,) = collector.receive(Frame("a", ("ur:nothing",)))
        assert (malformed.outcome, malformed.code) == (Outcome.DAMAGED, "ur-malformed")
        (page,) = collector.receive(Frame("a", ("https://example.org/pay?id=1",)))
        assert (page.outcome, page.code) == (Outcome.NOT_OURS, "qr-not-ours")
        assert page.detail == 'this is a web address ("https://example.... (12 more characters)")'
        assert not collector.complete
        assert collector.tally.needed == 0

    def test_a_frame_without_a_code_is_counted(self):
        collector = Collector(None)
        assert collector.receive(Frame("a.png", ())) == [
            Sighting("a.png", Outcome.NO_CODE, "qr-not-found", "no QR code was found")
        ]
        collector.receive(Frame("a.png", ()))
        assert collector.tally.blank == 2
        collector.receive(Frame("a.png", ("x",)))
        assert collector.tally.blank == 0
        (noted,) = collector.receive(Frame("line 1", (), "a line too long"))
        assert (noted.outcome, noted.detail) == (Outcome.NOT_OURS, "a line too long")

    def test_several_codes_in_one_frame_are_all_taken(self):
        collector = Collector([_KIND])
        sightings = collector.receive(Frame("a", (*_parts()[:9], "x", _parts()[9])))
        assert [s.outcome for s in sightings].count(Outcome.NEW) == 10
        assert collector.complete
        assert collector.tally.frames == 1

    def test_a_json_document_is_a_message(self):
        document = json.dumps({"kind": "coldlever/signed", "note": "é"}, ensure_ascii=False)
        outcomes, collector = _outcomes(document, document, '{"other": 1}', encode_ur(_KIND, b"x"))
        assert outcomes == [
            Outcome.NEW,
            Outcome.REPEATED,
            Outcome.OTHER_MESSAGE,
            Outcome.OTHER_MESSAGE,
        ]
        assert collector.result() == ScanResult(None, document.encode())
        assert collector.tally.solved == collector.tally.needed == 1

    @pytest.mark.parametrize(
        "text", ["{", '{"a": 1, "a": 2}', '["\udcff"]', "[" * 100, '{"a": "\x1b[2J'.ljust(99)]
    )
    def test_a_broken_json_document_is_named_and_not_taken(self, text):
        collector = Collector(None)
        (sighting,) = collector.receive(Frame("a.png", (text,)))
        assert sighting.outcome is Outcome.DAMAGED
        assert sighting.code.startswith("json-")
        assert sighting.detail.isprintable()
        assert not collector.complete

    def test_a_message_that_does_not_fit_its_checksum_is_discarded_and_can_be_scanned_again(self):
        outcomes, collector = _outcomes(*_forged_last_part(_parts()))
        assert outcomes[-1] is Outcome.DISCARDED
        assert collector.tally.needed == 0
        for frame in _frames(*_parts()[:10]):
            collector.receive(frame)
        assert collector.result().data == _MESSAGE

    @given(
        st.lists(
            st.one_of(
                st.text(max_size=40),
                st.sampled_from(_parts()[:4]),
                st.builds("ur:{}".format, st.text(max_size=20)),
                st.builds("{{{}".format, st.text(max_size=20)),
            )
        )
    )
    @settings(max_examples=150, deadline=None)
    def test_no_text_makes_it_fail_or_show_what_is_not_printable(self, texts):
        collector = Collector([_KIND])
        for sighting in collector.receive(Frame("a", tuple(texts))):
            assert sighting.detail.isprintable() or not sighting.detail
            assert (sighting.code == "") == (sighting.detail == "")


class TestNames:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("HTTPS://EXAMPLE.ORG", "a web address"),
            ("bitcoin:bc1q?amount=1", "a payment request"),
            ("0x" + "aB" * 20, "an account's address"),
            ("wc:abc@2?relay", "an invitation to WalletConnect"),
            ("B$2P0A00ABCDEF", "a frame of a BBQr animation"),
            ("p3of7 abcdef", "a frame of a Specter animation"),
            ("hello", "neither a UR nor a JSON document"),
            ("", "neither a UR nor a JSON document"),
            ("\x1b[31m\u202e", "neither a UR nor a JSON document"),
        ],
    )
    def test_codes_of_others_have_names(self, text, name):
        assert name_of(text).startswith(name)
        assert name_of(text).isprintable()

    @pytest.mark.parametrize(
        "text",
        [
            "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP",
            "WIFI:S:home;P:correct horse;;",
            "abandon abandon abandon abandon about",
        ],
    )
    def test_secrets_are_not_shown(self, text):
        assert "JBSWY" not in name_of(text)
        assert "horse" not in name_of(text)
        assert name_of(text).count("abandon") <= 2

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            (" ".join(["abandon"] * 11 + ["about"]), "words like those of a seed phrase"),
            (" ".join(["Zoo"] * 24), "words like those of a seed phrase"),
            ("0012" * 12, "digits like those of a seed phrase"),
            ("0x" + "5f" * 32, "something like a private key"),
            ("xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3", "an extended private key"),
        ],
    )
    def test_keys_and_seed_phrases_are_named_without_a_letter_of_them(self, text, name):
        assert name_of(text) == name

    def test_what_another_program_wants_signed_is_named_and_not_taken(self):
        typed_data = json.dumps(
            {"types": {}, "primaryType": "Permit", "domain": {}, "message": {"value": 7}}, indent=1
        )
        collector = Collector([_KIND])
        (sighting,) = collector.receive(Frame("here", (typed_data,)))
        assert sighting.outcome is Outcome.NOT_OURS
        assert "EIP-712" in sighting.detail
        assert "Permit" not in sighting.detail
        assert not collector.complete

    def test_a_line_of_braces_costs_no_more_than_its_length(self):
        # Two MiB, which a pipe may hand over as one line; at the square of it, it would not end.
        assert name_of_json("{" * (1 << 21)) is None


class TestScan:
    def test_it_stops_at_the_complete_message(self):
        endless = iter(_frames(*_parts(count=500)))
        assert _scan(endless).data == _MESSAGE
        assert next(endless).place == "frame 11"

    def test_sources_follow_each_other(self):
        parts = _parts()
        assert _scan(_frames(*parts[:5]), [Frame("b", ())], _frames(*parts[5:])).data == _MESSAGE

    def test_files_with_two_messages_are_refused(self):
        one, two = encode_ur(_KIND, b"one"), encode_ur(_KIND, b"two")
        assert _refusal(_frames(one), _frames(two)).code == "qr-several-messages"
        assert _refusal(_frames(one), _frames('{"a": 1}')).code == "qr-several-messages"
        assert _refusal([Frame("both.png", (one, two))]).code == "qr-several-messages"
        assert _scan(_frames(one), _frames(one)).data == b"one"
        assert _scan([Frame("camera", (one, two))], one_message_only=False).data == b"one"

    def test_an_incomplete_scan_says_what_is_missing(self):
        refusal = _refusal(_frames(*_parts()[:4]))
        assert refusal.code == "scan-incomplete"
        assert "4 of 10 different frames" in refusal.message
        assert "4 of 10 fragments" in refusal.message
        assert "keep scanning" in refusal.remedy

    def test_the_most_telling_reason_is_given(self):
        wrong_type = encode_ur("crypto-psbt", b"x")
        damaged = encode_ur(_KIND, b"x") + "A"
        nothing = [Frame("desk.jpg", ())]
        assert _refusal(nothing).code == "qr-not-found"
        assert _refusal(nothing).message.startswith("desk.jpg: ")
        assert "white border" in _refusal(nothing).remedy
        assert _refusal(nothing, _frames("hello")).code == "qr-not-ours"
        assert _refusal(nothing, _frames("hello", damaged)).code == "ur-malformed"
        assert _refusal(_frames("hello", damaged, wrong_type)).code == "ur-wrong-type"
        assert _refusal().code == "qr-not-found"

    def test_every_frame_is_reported(self):
        seen = []
        _scan(_frames(*_parts()[:10]), watch=lambda *report: seen.append(report))
        assert [tally.solved for _, tally in seen] == list(range(1, 11))


class TestProgress:
    def _watched(self, *frames, replaceable=True):
        said, ticked = [], []
        watcher = Watcher(said.append, ticked.append if replaceable else None)
        collector = Collector([_KIND])
        for frame in frames:
            watcher.watch(collector.receive(frame), collector.tally)
        return said, ticked

    def test_it_says_solved_of_needed_and_to_keep_scanning(self):
        said, ticked = self._watched(*_frames(*_parts()[:3]))
        assert said == []
        assert ticked[-1] == "3 of 10 fragments solved, 3 useful frames +++ keep scanning"
        assert (
            self._watched(*_frames(*_parts()[:10]))[1][-1]
            == "complete: 10 of 10 fragments " + 10 * "+"
        )

    def test_mixed_frames_move_the_useful_ones_when_nothing_is_solved(self):
        _, ticked = self._watched(*_frames(*_parts(count=200)[61:64]))
        assert "3 useful frames +++ keep scanning" in ticked[-1]

    def test_a_discarded_message_begins_again_without_marks(self):
        said, ticked = [], []
        watcher = Watcher(said.append, ticked.append)
        tally = Tally(1, 2, 1, 1, 0)
        watcher.watch([Sighting("a", Outcome.NEW)], tally)
        watcher.watch([Sighting("a", Outcome.DISCARDED, "ur-message-checksum", "wrong")], tally)
        watcher.watch([Sighting("a", Outcome.NEW)], tally)
        assert said == ["a: wrong"]
        assert ticked[-1] == "1 of 2 fragments solved, 1 useful frame + keep scanning"

    def test_nothing_is_said_twice(self):
        said, ticked = self._watched(*_frames("hello", "hello", "bye", "hello"))
        assert [line.partition('("')[2] for line in said] == ['hello")', 'bye")']
        assert len(ticked) == 4
        said, _ = self._watched(*_frames(*(f"text {number}" for number in range(200))))
        assert len(said) == 50

    def test_a_camera_that_sees_nothing_gets_advice(self):
        _, ticked = self._watched(*[Frame("camera", ())] * 70)
        assert ticked[0] == "looking for a code, 1 frames so far"
        assert ticked[-1].startswith("no code in sight: go closer")
        assert len(ticked) == 60

    def test_without_a_line_to_replace_only_wrong_codes_are_said(self):
        said, _ = self._watched(*_frames(*_parts()[:9], "hello"), replaceable=False)
        assert len(said) == 1
        assert progress_line(Tally(1, 1, 1, 1, 0)) == "complete: 1 of 1 fragments"
