"""Messages drawn into picture files and read back from the pictures, not from the texts."""

import base64
import functools
import hashlib
import io
import json
import random
import re
import struct
import sys
import zlib
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from coldlever.shared.errors import EnvironmentFault, InputRefused, UsageRefused
from coldlever.shared.qr.draw import pace
from coldlever.shared.qr.draw.bitmap import packed_rows
from coldlever.shared.qr.draw.density import Density
from coldlever.shared.qr.draw.frames import (
    json_frame,
    static_stream,
    ur_frames,
    ur_parts,
    ur_stream,
)
from coldlever.shared.qr.draw.matrix import (
    FIXED_MASK,
    MAX_VERSION,
    QUIET_ZONE,
    matrix_of,
    version_of,
)
from coldlever.shared.qr.draw.picture import ENDINGS, ending_of, picture
from coldlever.shared.qr.draw.png import png
from coldlever.shared.qr.scan.collector import Collector, Outcome
from coldlever.shared.qr.scan.decoder import code_reader
from coldlever.shared.qr.scan.files import file_frames
from coldlever.shared.qr.scan.frame import Frame
from coldlever.shared.ur import UrEncoder, encode_ur

_KIND = "x-coldlever-test"
# What one request takes as CBOR, about; so 120 B to 24 kB are 1 to 200 requests.
_REQUEST = 120


def _message(length):
    return random.Random(length).randbytes(length)


def _scanned(tmp_path, data, ending):
    """What a scanner makes of a picture file."""
    path = tmp_path / f"code{ending}"
    path.write_bytes(data)
    return _collected(file_frames(str(path)))


def _collected(frames):
    collector = Collector({_KIND})
    for frame in frames:
        collector.receive(frame)
        if collector.complete:
            break
    return collector


def _read_png(data):
    return code_reader()(Image.open(io.BytesIO(data)).convert("L"))


@functools.cache
def _loop(length, density):
    return ur_frames(_KIND, _message(length), density)


class TestMatrix:
    def test_an_upper_case_ur_is_stored_alphanumerically(self):
        # ISO/IEC 18004, table 7: version 9 at level L holds 335 alphanumeric characters, 230 bytes.
        assert version_of("UR:X/" + "A" * 330) == 9
        assert version_of("UR:X/" + "A" * 331) == 10
        assert version_of("ur:x/" + "a" * 225) == 9
        assert version_of("ur:x/" + "a" * 226) == 10

    def test_a_quiet_zone_of_four_modules_surrounds_it(self):
        matrix = matrix_of("HELLO")
        assert matrix.version == 1
        assert matrix.size == 21 + 2 * QUIET_ZONE
        assert all(len(row) == matrix.size for row in matrix.rows)
        edges = [*matrix.rows[:4], *matrix.rows[-4:], *(r[:4] + r[-4:] for r in matrix.rows)]
        assert not any(map(any, edges))
        assert matrix.rows[4][4:11] == b"\1" * 7

    def test_a_fixed_mask_and_the_best_one_hold_the_same_text(self):
        for mask in (None, *range(8)):
            assert _read_png(png(matrix_of("UR:X/SAME", mask=mask), 4)) == ("UR:X/SAME",)

    def test_the_smallest_version_can_be_raised(self):
        assert matrix_of("HELLO", min_version=11).version == 11

    def test_nothing_above_version_20_is_drawn(self):
        assert matrix_of("A" * 1249).version == MAX_VERSION
        for text in ("A" * 1250, "a" * 859, "a" * 10_000):
            with pytest.raises(InputRefused) as refusal:
                matrix_of(text)
            assert refusal.value.code == "qr-too-large"

    @given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=80))
    @settings(max_examples=60, deadline=None)
    def test_any_text_comes_back(self, text):
        assert _read_png(png(matrix_of(text, mask=FIXED_MASK), 3)) == (text,)


class TestFrames:
    def test_one_signed_action_is_one_static_code_of_version_9_or_smaller(self):
        for density in set(Density) - {Density.TINY}:
            (matrix,) = ur_frames("x-coldlever-signed", _message(125 - 5), density)
            assert matrix.version <= 9

    def test_what_fits_the_version_of_a_fragment_is_not_animated(self):
        versions = {Density.TINY: 4, Density.LOW: 8, Density.MEDIUM: 11, Density.HIGH: 16}
        for density, version in versions.items():
            longest = max(
                n
                for n in range(20, 420)
                if len(encode_ur(_KIND, bytes(n))) <= density.static_characters
            )
            (matrix,) = ur_frames(_KIND, _message(longest), density)
            assert matrix.version == version
            assert len(ur_frames(_KIND, _message(longest + 1), density)) > 1

    @pytest.mark.parametrize("density", Density)
    def test_all_frames_of_a_loop_have_one_size_and_three_show_each_fragment(self, density):
        frames = ur_frames(_KIND, _message(1500), density)
        # A tiny frame stays in version 4 however long its numbers get, and carries a little less.
        carried = 24 if density is Density.TINY else density.fragment_bytes
        fragments = -(-1500 // carried)
        assert len(frames) == 3 * fragments
        assert len({matrix.size for matrix in frames}) == 1
        stream = ur_stream(_KIND, _message(1500), density)
        assert stream.fragments == fragments
        assert len({stream.next_frame().size for _ in range(4)}) == 1

    @pytest.mark.parametrize("size", [60, 145, 300, 1462, 3600])
    def test_a_tiny_code_fits_a_terminal_of_24_rows_however_long_it_plays(self, size):
        for kind in ("x-coldlever-signed", "x-coldlever-request", "x-coldlever-approvals"):
            stream = ur_stream(kind, _message(size), Density.TINY)
            assert {stream.next_frame().size for _ in range(30)} == {33 + 2 * 4}

    def test_a_signed_payload_of_a_vault_takes_six_tiny_codes(self):
        assert ur_stream("x-coldlever-signed", _message(145), Density.TINY).fragments == 6

    def test_the_texts_of_a_message_are_its_fragments(self):
        texts = ur_parts(_KIND, _message(500), Density.MEDIUM)
        assert texts == list(UrEncoder(_KIND, _message(500), 200).parts(3))
        assert ur_parts(_KIND, b"short", Density.LOW) == [encode_ur(_KIND, b"short")]

    def test_a_loop_of_thousands_of_frames_is_refused_and_a_stream_is_not(self):
        message = bytes(101_000)
        with pytest.raises(InputRefused) as refusal:
            ur_frames(_KIND, message, Density.LOW)
        assert refusal.value.code == "qr-too-many"
        assert ur_stream(_KIND, message, Density.LOW).fragments == 1010

    def test_a_tiny_message_is_a_code_too(self):
        (matrix,) = ur_frames(_KIND, b"\xf6", Density.MEDIUM)
        assert _read_png(png(matrix, 4)) == (encode_ur(_KIND, b"\xf6"),)

    def test_a_json_document_is_one_code_without_the_white_space_around_it(self):
        assert _read_png(png(json_frame(b'{"note": "\xc3\xa9"}\n'), 4)) == ('{"note": "é"}',)
        assert static_stream(json_frame(b"[]")).fragments == 1
        with pytest.raises(InputRefused) as refusal:
            json_frame(b'["' + b"a" * 860 + b'"]')
        assert "--qr-format ur" in refusal.value.remedy

    def test_paces_run_from_100_ms_to_a_second(self):
        assert pace.faster(200) == 160
        assert pace.slower(200) == 250
        assert pace.faster(100) == 100
        assert pace.slower(1000) == 1000


class TestStillPictures:
    @pytest.mark.parametrize("ending", [".png", ".apng", ".gif"])
    @pytest.mark.parametrize("scale", [1, 3, 8])
    def test_a_static_code_comes_back(self, tmp_path, ending, scale):
        frames = ur_frames(_KIND, _message(_REQUEST), Density.MEDIUM)
        collector = _scanned(tmp_path, picture(frames, ending, scale=scale), ending)
        assert collector.result().data == _message(_REQUEST)
        assert collector.result().ur_type == _KIND

    def test_a_png_has_one_bit_a_pixel_and_stays_small(self):
        data = picture(ur_frames(_KIND, _message(_REQUEST), Density.MEDIUM), ".png")
        image = Image.open(io.BytesIO(data))
        assert (image.mode, image.size) == ("1", (57 * 8, 57 * 8))
        assert len(data) < 2000

    def test_an_svg_holds_the_same_modules(self):
        (matrix,) = ur_frames(_KIND, _message(_REQUEST), Density.MEDIUM)
        root = ET.fromstring(picture([matrix], ".svg", scale=5))
        assert root.get("width") == str(5 * matrix.size)
        white, dark = root.findall("{http://www.w3.org/2000/svg}path")
        assert (white.get("fill"), dark.get("fill")) == ("#fff", "#000")
        image = Image.new("L", (4 * matrix.size, 4 * matrix.size), 255)
        pen = ImageDraw.Draw(image)
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", dark.get("d")):
            left, top = 4 * int(x), 4 * int(y)
            pen.rectangle((left, top, left + 4 * int(length) - 1, top + 3), 0)
        assert code_reader()(image) == (encode_ur(_KIND, _message(_REQUEST)),)

    @pytest.mark.parametrize("ending", [".png", ".svg"])
    def test_several_frames_do_not_fit_a_still_picture(self, ending):
        with pytest.raises(UsageRefused) as refusal:
            picture(_loop(500, Density.LOW), ending)
        assert refusal.value.code == "qr-out-still"
        assert ".html" in refusal.value.remedy

    def test_the_ending_decides(self):
        assert [ending_of(f"Code{ending.upper()}") for ending in ENDINGS] == list(ENDINGS)
        for name in ("code", "code.jpg", "png", "code.png.exe", ".png\x1b[2J"):
            with pytest.raises(UsageRefused) as refusal:
                ending_of(name)
            assert refusal.value.code == "qr-out-ending"
            assert refusal.value.message.isprintable()

    def test_only_a_gif_needs_pillow_and_its_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "PIL.Image", None)
        for ending in (".png", ".svg", ".apng", ".html"):
            assert picture([matrix_of("A")], ending_of("x" + ending))
        with pytest.raises(EnvironmentFault) as fault:
            ending_of("code.gif")
        assert fault.value.code == "extra-missing"
        assert "coldlever-signer[scan]" in fault.value.remedy
        assert "coldlever-broadcaster[scan]" in fault.value.remedy


class TestMovingPictures:
    @pytest.mark.parametrize("density", Density)
    @pytest.mark.parametrize("ending", [".apng", ".gif"])
    def test_ten_requests_come_back_from_a_loop(self, tmp_path, ending, density):
        frames = _loop(10 * _REQUEST, density)
        collector = _scanned(tmp_path, picture(frames, ending), ending)
        assert collector.result().data == _message(10 * _REQUEST)
        assert collector.tally.frames == len(frames) // 3

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("ending", "density"), [(".apng", Density.HIGH), (".gif", Density.MEDIUM)]
    )
    def test_two_hundred_requests_come_back_from_a_loop(self, tmp_path, ending, density):
        frames = _loop(200 * _REQUEST, density)
        collector = _scanned(tmp_path, picture(frames, ending, scale=3), ending)
        assert collector.result().data == _message(200 * _REQUEST)

    def test_every_frame_stays_as_long_as_told_and_the_loop_never_ends(self):
        frames = _loop(500, Density.LOW)
        for ending in (".gif", ".apng"):
            image = Image.open(io.BytesIO(picture(frames, ending, frame_ms=250)))
            assert image.n_frames == len(frames)
            assert image.info["loop"] == 0
            for number in range(image.n_frames):
                image.seek(number)
                image.load()
                assert image.info["duration"] == 250

    def test_the_first_frame_of_an_apng_is_an_ordinary_png(self):
        frames = _loop(500, Density.LOW)
        data = picture(frames, ".apng")
        kept, at = [data[:8]], 8
        while at < len(data):
            (length,) = struct.unpack(">I", data[at : at + 4])
            chunk = data[at : at + 12 + length]
            checksum = zlib.crc32(chunk[4:-4])
            assert chunk[-4:] == struct.pack(">I", checksum)
            if chunk[4:8] not in (b"acTL", b"fcTL", b"fdAT"):
                kept.append(chunk)
            at += len(chunk)
        assert b"".join(kept) == png(frames[0], 8)


class TestPage:
    _CSP = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')

    def _parsed(self, frames, **options):
        text = picture(frames, ".html", **options).decode("ascii")
        data = json.loads(re.search(r'id="frames">(.*?)</script>', text, re.DOTALL)[1])
        image = re.search(r'src="data:image/png;base64,([^"]+)"', text)[1]
        return text, data, base64.b64decode(image)

    def test_the_frames_of_the_script_come_back(self):
        frames = _loop(10 * _REQUEST, Density.MEDIUM)
        _, data, _ = self._parsed(frames)
        stride = -(-data["size"] // 8)
        collector = Collector({_KIND})
        for text in data["frames"]:
            bits = base64.b64decode(text)
            assert len(bits) == stride * data["size"]
            code = Image.frombytes("1", (data["size"], data["size"]), bits).convert("L")
            # As the page's style sheet does: stretched without smoothing.
            shown = code.resize((4 * code.width, 4 * code.height), Image.Resampling.NEAREST)
            collector.receive(Frame("page", code_reader()(shown)))
        assert collector.result().data == _message(10 * _REQUEST)

    def test_without_scripts_the_animated_png_plays(self, tmp_path):
        _, _, image = self._parsed(_loop(10 * _REQUEST, Density.MEDIUM))
        collector = _scanned(tmp_path, image, ".apng")
        assert collector.result().data == _message(10 * _REQUEST)

    def test_a_static_code_is_a_page_with_one_frame(self, tmp_path):
        text, data, image = self._parsed(ur_frames(_KIND, _message(_REQUEST), Density.MEDIUM))
        assert len(data["frames"]) == 1
        assert _scanned(tmp_path, image, ".png").complete
        assert "{" not in re.sub(r"<(style|script).*?</\1>", "", text, flags=re.DOTALL)

    def test_the_page_may_load_nothing_and_run_only_its_own_script(self):
        text, _, _ = self._parsed(_loop(500, Density.LOW))
        policy = dict(part.strip().split(" ", 1) for part in self._CSP.search(text)[1].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["img-src"] == "data:"
        for kind, pattern in (
            ("style-src", "<style>(.*?)</style>"),
            ("script-src", "<script>(.*?)</script>"),
        ):
            content = re.search(pattern, text, re.DOTALL)[1]
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert policy[kind] == f"'sha256-{digest}'"
        without_data = re.sub(r"[A-Za-z0-9+/=]{60,}", "", text)
        assert not re.search(r"https?:|//[a-z]|@import|url\(|\bon[a-z]+=", without_data)

    def test_a_title_is_text_and_nothing_else(self):
        text, _, _ = self._parsed([matrix_of("A")], title="<script>é&")
        assert "&lt;script&gt;&#233;&amp;" in text
        assert text.count("<script") == 2


@pytest.mark.parametrize("density", Density)
@pytest.mark.parametrize(
    "length", [1 * _REQUEST, 50 * _REQUEST, pytest.param(200 * _REQUEST, marks=pytest.mark.slow)]
)
def test_frames_lost_doubled_and_out_of_order_still_make_the_message(length, density):
    chance = random.Random(length)
    read = code_reader()
    collector = Collector({_KIND})
    stream = ur_stream(_KIND, _message(length), density)
    shown, held_back = 0, []
    while not collector.complete:
        shown += 1
        held_back.append(stream.next_frame())
        if len(held_back) < 5:
            continue
        matrix = held_back.pop(chance.randrange(len(held_back)))
        if chance.random() < 0.3:
            continue
        side = 3 * matrix.size
        pixels = b"".join(row * 3 for row in packed_rows(matrix, 3))
        texts = read(Image.frombytes("1", (side, side), pixels).convert("L"))
        for _ in range(chance.choice((1, 1, 2))):
            collector.receive(Frame("camera", texts))
        assert shown < 12 + 3 * stream.fragments
    assert collector.result().data == _message(length)
    assert collector.count(Outcome.NEW) == stream.fragments
