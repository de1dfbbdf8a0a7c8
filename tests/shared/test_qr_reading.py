"""Reading codes from picture files, videos, cameras and lines, hostile ones included."""

import io
import random
import struct
import subprocess
import sys
import types
import warnings
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from benchmarks.camera import DAMAGES, photographed
from coldlever.shared.errors import EnvironmentFault, InputRefused
from coldlever.shared.qr.draw.density import Density
from coldlever.shared.qr.draw.frames import ur_frames
from coldlever.shared.qr.draw.picture import picture
from coldlever.shared.qr.scan import stills, video
from coldlever.shared.qr.scan.collector import Collector
from coldlever.shared.qr.scan.decoder import code_reader
from coldlever.shared.qr.scan.files import file_frames
from coldlever.shared.qr.scan.frame import Frame
from coldlever.shared.qr.scan.typed import MAX_LINE_BYTES, line_frames
from coldlever.shared.qr.scan.video import camera_frames, video_frames
from coldlever.shared.ur import UrEncoder, decode_ur, encode_ur

_KIND = "x-coldlever-test"
_MESSAGE = random.Random(120).randbytes(120)
_TEXT = encode_ur(_KIND, _MESSAGE)
_LONG_MESSAGE = random.Random(1200).randbytes(1200)
(_CODE,) = ur_frames(_KIND, _MESSAGE, Density.MEDIUM)


def _texts(path):
    return [frame.texts for frame in file_frames(str(path))]


def _refused(path):
    with pytest.raises(InputRefused) as refusal:
        _texts(path)
    assert refusal.value.message.isprintable()
    return refusal.value


def _photo(scale=4):
    return photographed(_CODE, scale)


class TestPictures:
    @pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "gif"])
    def test_each_kind_of_picture_is_told_by_its_content(self, tmp_path, ending):
        path = tmp_path / f"photo.{ending}"
        _photo().convert("RGB").save(path)
        renamed = path.rename(tmp_path / "photo.txt")
        assert _texts(renamed) == [(_TEXT,)]

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
    def test_every_way_to_store_colours_is_read(self, tmp_path, mode):
        photo = _photo()
        if mode == "I;16":
            array = np.asarray(photo).astype(np.uint16) << 8
            photo = Image.fromarray(array)
        path = tmp_path / ("photo.jpg" if mode == "CMYK" else "photo.png")
        (photo if photo.mode == mode else photo.convert(mode)).save(path)
        assert _texts(path) == [(_TEXT,)]

    def test_black_modules_on_nothing_are_read(self, tmp_path):
        photo = _photo()
        picture = Image.new("RGBA", photo.size, (0, 0, 0, 0))
        picture.putalpha(ImageOps.invert(photo).point(lambda value: 255 * (value > 128)))
        picture.save(tmp_path / "clear.png")
        assert _texts(tmp_path / "clear.png") == [(_TEXT,)]

    def test_dark_mode_is_read(self, tmp_path):
        ImageOps.invert(_photo()).save(tmp_path / "dark.png")
        assert _texts(tmp_path / "dark.png") == [(_TEXT,)]

    def test_several_codes_in_one_picture_are_all_read(self, tmp_path):
        frames = ur_frames(_KIND, _LONG_MESSAGE, Density.MEDIUM)[:6]
        tiles = [photographed(matrix) for matrix in frames]
        side = tiles[0].width
        sheet = Image.new("L", (3 * side, 2 * side), 200)
        for number, tile in enumerate(tiles):
            sheet.paste(tile, (number % 3 * side, number // 3 * side))
        sheet.save(tmp_path / "sheet.jpg")
        (frame,) = file_frames(str(tmp_path / "sheet.jpg"))
        collector = Collector([_KIND])
        collector.receive(frame)
        assert collector.result().data == _LONG_MESSAGE

    def test_a_large_photograph_is_read(self, tmp_path):
        desk = Image.new("L", (5000, 3600), 140)
        desk.paste(_photo(12).rotate(20, expand=True, fillcolor=140), (2000, 900))
        desk.save(tmp_path / "photo.jpg")
        assert _texts(tmp_path / "photo.jpg") == [(_TEXT,)]

    def test_a_picture_without_a_code_gives_a_frame_without_texts(self, tmp_path):
        Image.new("L", (300, 200), 255).save(tmp_path / "empty.png")
        assert list(file_frames(str(tmp_path / "empty.png"))) == [
            Frame(str(tmp_path / "empty.png"), ())
        ]

    def test_frames_of_an_animation_are_numbered(self, tmp_path):
        path = tmp_path / "loop.gif"
        path.write_bytes(picture(ur_frames(_KIND, _LONG_MESSAGE, Density.HIGH), ".gif"))
        assert [frame.place for frame in file_frames(str(path))] == [
            f"{path}, frame {number}" for number in range(1, 10)
        ]

    def test_bytes_that_are_no_text_come_as_what_every_parser_refuses(self):
        import zxingcpp

        code = zxingcpp.create_barcode(b"\xff\xfe{}", zxingcpp.QRCode)
        image = Image.fromarray(np.array(code.to_image(scale=4)))
        (text,) = code_reader()(ImageOps.expand(image, 20, 255))
        assert text == "\udcff\udcfe{}"
        assert text.encode("utf-8", "surrogateescape") == b"\xff\xfe{}"


def test_screenshots_scaled_by_odd_factors_are_read_from_two_pixels_a_module_on():
    for length, density in ((145, Density.LOW), (300, Density.HIGH)):
        message = random.Random(length).randbytes(length)
        matrix = ur_frames("x-coldlever-signed", message, density)[0]
        pixels = b"".join(bytes(255 * (1 - dark) for dark in row) for row in matrix.rows)
        code = Image.frombytes("L", (matrix.size, matrix.size), pixels)
        for step in range(21):
            side = round(matrix.size * (2.1 + 0.07 * step))
            screen = Image.new("L", (side + 100, side + 100), 200)
            screen.paste(code.resize((side, side), Image.Resampling.NEAREST), (37, 41))
            assert code_reader()(screen), (length, step)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    ("length", "density"),
    [(120, Density.MEDIUM), (2000, Density.LOW), (2000, Density.MEDIUM), (4000, Density.HIGH)],
    ids=["static", "low", "medium", "high"],
)
def test_damaged_pictures_are_read_at_four_pixels_a_module(damage, length, density):
    read = code_reader()
    frames = ur_frames(_KIND, random.Random(length).randbytes(length), density)[:10]
    count = 0
    for number in range(20):
        photo = photographed(frames[number % len(frames)], 4)
        count += len(read(DAMAGES[damage](photo, random.Random(number)))) == 1
    # The simulated noise is not seeded; benchmarks/bench_qr.py shows the rates.
    assert count >= 17


def _png_header(width, height):
    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


class TestHostilePictures:
    @pytest.mark.parametrize("side", [8_000, 20_000, 2**31 - 1])
    def test_a_bomb_is_refused_before_it_is_unpacked(self, tmp_path, side):
        path = tmp_path / "bomb.png"
        path.write_bytes(_png_header(side, side))
        assert _refused(path).code == "picture-too-large"

    def test_a_gif_whose_frames_grow_is_refused(self, tmp_path):
        small = io.BytesIO()
        first, second = Image.new("P", (10, 10), 0), Image.new("P", (10, 10), 1)
        first.save(small, "GIF", save_all=True, append_images=[second], duration=100)
        data = bytearray(small.getvalue())
        at = data.rindex(b"\x2c")
        data[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
        path = tmp_path / "grows.gif"
        path.write_bytes(data)
        assert _refused(path).code in ("picture-too-large", "picture-damaged")

    def test_an_endless_animation_is_refused(self, tmp_path, monkeypatch):
        images = [Image.new("1", (10, 10), number % 2) for number in range(30)]
        path = tmp_path / "long.gif"
        images[0].save(path, save_all=True, append_images=images[1:], duration=10)
        monkeypatch.setattr(stills, "MAX_FRAMES", 20)
        assert _refused(path).code == "picture-too-large"
        monkeypatch.setattr(stills, "MAX_FRAMES", 10_000)
        monkeypatch.setattr(stills, "MAX_PIXELS_OF_ALL_FRAMES", 2_000)
        refusal = _refused(path)
        assert "more than 20 frames" in refusal.message

    def test_a_huge_file_is_refused_before_it_is_read(self, tmp_path):
        path = tmp_path / "huge.png"
        with path.open("wb") as stream:
            stream.write(b"\x89PNG\r\n\x1a\n")
            stream.truncate(stills.MAX_FILE_BYTES + 1)
        assert _refused(path).code == "file-too-large"

    @pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a", bytes(999)])
    def test_what_is_no_picture_is_named(self, tmp_path, data):
        path = tmp_path / "picture.png"
        path.write_bytes(data)
        assert _refused(path).code in ("picture-unknown", "picture-damaged")

    def test_a_heic_picture_is_not_taken_for_a_video(self, tmp_path):
        path = tmp_path / "IMG_1.HEIC"
        path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
        refusal = _refused(path)
        assert refusal.code == "picture-unknown"
        assert "HEIC" in refusal.message
        assert "JPEG" in refusal.remedy

    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (b"\0\0\0\x1cftypavif", "AVIF"),
            (b"II*\0", "TIFF"),
            (b"MM\0*", "TIFF"),
            (b"%PDF-1.7", "PDF"),
        ],
    )
    def test_what_is_not_read_here_is_named_with_what_to_do(self, tmp_path, data, name):
        path = tmp_path / "photo"
        path.write_bytes(data + bytes(100))
        refusal = _refused(path)
        assert refusal.code == "picture-unknown"
        assert name in refusal.message
        assert "screenshot" in refusal.remedy

    def test_a_file_that_cannot_be_read_is_named(self, tmp_path):
        assert _refused(tmp_path / "none.png").code == "file-unreadable"
        assert _refused(tmp_path).code == "file-unreadable"
        assert _refused("http://example.org/x.png").code == "file-unreadable"

    def test_a_machine_out_of_memory_says_so(self, tmp_path, monkeypatch):
        _photo().save(tmp_path / "a.png")

        def fail(*_):
            raise MemoryError

        monkeypatch.setattr(Image.Image, "convert", fail)
        assert _refused(tmp_path / "a.png").code == "picture-too-large"

    def test_pillow_s_own_bomb_alarm_is_a_refusal_too(self, tmp_path, monkeypatch):
        _photo().save(tmp_path / "a.png")
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
        assert _refused(tmp_path / "a.png").code == "picture-too-large"

    def test_an_interruption_is_no_damage(self, tmp_path, monkeypatch):
        _photo().save(tmp_path / "a.png")

        def interrupt(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(Image.Image, "convert", interrupt)
        with pytest.raises(KeyboardInterrupt):
            _texts(tmp_path / "a.png")

    @pytest.mark.parametrize("kind", ["png", "jpg", "webp", "gif", "apng"])
    def test_truncated_and_mutated_pictures_are_read_or_refused(self, tmp_path, kind):
        whole = tmp_path / f"whole.{kind}"
        if kind == "apng":
            whole.write_bytes(picture(ur_frames(_KIND, _LONG_MESSAGE, Density.HIGH), ".apng"))
        else:
            _photo().convert("RGB").save(whole)
        data = whole.read_bytes()
        chance = random.Random(kind)
        path = tmp_path / "hostile"
        refusals = 0
        for _ in range(40):
            hostile = bytearray(data[: chance.randrange(20, len(data))])
            if chance.random() < 0.6:
                hostile = bytearray(data)
            for _ in range(chance.randrange(1, 8)):
                hostile[chance.randrange(len(hostile))] = chance.randrange(256)
            path.write_bytes(hostile)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    _texts(path)
            except InputRefused:
                refusals += 1
        assert refusals > 3

    @given(
        st.binary(max_size=200),
        st.sampled_from(
            [b"", b"GIF89a", b"BM", b"RIFF\0\0\0\0WEBP", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"]
        ),
    )
    @settings(
        max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    def test_no_file_makes_another_error_than_ours(self, tmp_path, data, head):
        path = tmp_path / "any"
        path.write_bytes(head + data)
        try:
            found = _texts(path)
        except InputRefused as refusal:
            assert refusal.message.isprintable()  # noqa: PT017 - reading it is fine too
        else:
            assert not any(found), "nothing like a QR code was in these bytes"


def _film(path, fourcc, frames, *, repeat=3, scale=6):
    """A video as a camera takes it: each frame several times, small movements, some noise."""
    side = 640
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*fourcc), 15, (side, side))
    assert writer.isOpened()
    chance = random.Random(1)
    for matrix in frames:
        photo = photographed(matrix, scale)
        for _ in range(repeat):
            view = Image.new("L", (side, side), 120)
            moved = photo.rotate(chance.uniform(-4, 4), Image.Resampling.BICUBIC, fillcolor=150)
            view.paste(moved, (chance.randrange(60), chance.randrange(60)))
            writer.write(cv2.cvtColor(np.asarray(view), cv2.COLOR_GRAY2BGR))
    writer.release()


class TestVideo:
    @pytest.mark.parametrize(("name", "fourcc"), [("clip.mp4", "mp4v"), ("clip.avi", "MJPG")])
    def test_a_video_of_an_animation_makes_the_message(self, tmp_path, name, fourcc):
        path = tmp_path / name
        # Begun in the middle, and every fourth frame was covered by a hand.
        frames = ur_frames(_KIND, _LONG_MESSAGE, Density.MEDIUM)
        _film(path, fourcc, [m for number, m in enumerate(frames[4:]) if number % 4][:10])
        collector = Collector([_KIND])
        for frame in file_frames(str(path)):
            collector.receive(frame)
            if collector.complete:
                break
        assert collector.result().data == _LONG_MESSAGE
        assert frame.place.startswith(f"{path}, frame ")

    def test_a_video_is_read_to_its_end(self, tmp_path):
        _film(tmp_path / "clip.avi", "MJPG", [_CODE], repeat=3)
        assert _texts(tmp_path / "clip.avi") == [(_TEXT,)] * 3

    def test_a_damaged_video_is_refused(self, tmp_path):
        path = tmp_path / "clip.mp4"
        _film(path, "mp4v", [_CODE], repeat=2)
        data = path.read_bytes()
        for hostile in (data[:40], data[: len(data) // 2], b"\x1a\x45\xdf\xa3" + bytes(100)):
            path.write_bytes(hostile)
            assert _refused(path).code == "video-unreadable"

    def test_a_video_of_too_many_pixels_is_refused_before_it_is_unpacked(
        self, tmp_path, monkeypatch
    ):
        path = tmp_path / "clip.avi"
        _film(path, "MJPG", [_CODE], repeat=1)
        monkeypatch.setattr(video, "MAX_PIXELS", 640 * 640 - 1)
        assert _refused(path).code == "picture-too-large"

    def test_a_video_without_frames_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(video, "opencv", lambda: _Camera(frames=[]).library())
        with pytest.raises(InputRefused) as refusal:
            list(video_frames(tmp_path / "clip.mp4"))
        assert refusal.value.code == "video-unreadable"


class _Camera:
    """What OpenCV would be with this camera."""

    def __init__(self, frames, *, opens=True):
        self.frames = iter(frames)
        self.opens = opens
        self.released = False
        self.settings = {}

    def library(self):
        return types.SimpleNamespace(
            CAP_ANY=0,
            CAP_FFMPEG=1900,
            CAP_PROP_FRAME_WIDTH=3,
            CAP_PROP_FRAME_HEIGHT=4,
            COLOR_BGR2GRAY=cv2.COLOR_BGR2GRAY,
            cvtColor=cv2.cvtColor,
            error=cv2.error,
            VideoCapture=lambda *_: self,
        )

    def isOpened(self):  # noqa: N802 - OpenCV's name
        return self.opens

    def set(self, key, value):
        self.settings[key] = value

    def get(self, key):
        return self.settings.get(key, 0)

    def read(self):
        frame = next(self.frames, None)
        if frame is cv2.error:
            raise cv2.error
        return frame is not None, frame

    def release(self):
        self.released = True


class TestCamera:
    def _seen(self, monkeypatch, camera, opened=lambda: None):
        monkeypatch.setattr(video, "opencv", camera.library)
        return camera_frames(1, opened)

    def test_it_is_looked_through_until_nobody_looks_any_more(self, monkeypatch):
        picture = cv2.cvtColor(np.asarray(_photo()), cv2.COLOR_GRAY2BGR)
        camera = _Camera([None, np.zeros((40, 40, 3), np.uint8), cv2.error, picture, picture])
        frames = self._seen(monkeypatch, camera)
        assert next(frames) == Frame("camera 1", ())
        assert next(frames) == Frame("camera 1", (_TEXT,))
        assert camera.settings[3] == 1280
        frames.close()
        assert camera.released

    def test_who_waits_for_it_is_told_before_its_first_picture_is_read(self, monkeypatch):
        camera = _Camera([np.zeros((40, 40, 3), np.uint8)])
        camera.read = lambda: (told == ["open"], next(camera.frames))
        told = []
        next(self._seen(monkeypatch, camera, lambda: told.append("open")))
        assert told == ["open"]

    def test_a_camera_that_does_not_open_is_named(self, monkeypatch):
        with pytest.raises(EnvironmentFault) as fault:
            next(self._seen(monkeypatch, _Camera([], opens=False)))
        assert (fault.value.code, fault.value.exit_status) == ("camera-failed", 8)

    def test_a_camera_that_is_unplugged_is_noticed(self, monkeypatch):
        camera = _Camera([])
        with pytest.raises(EnvironmentFault) as fault:
            list(self._seen(monkeypatch, camera))
        assert "no pictures any more" in fault.value.message
        assert camera.released


# What a machine with another layout makes of the keys that a scanner presses, which are those of a
# US keyboard with Shift for capitals.
_KEYBOARDS = {
    "German": {
        **dict(zip("yzYZ", "zyZY", strict=True)),
        ":": "Ö",
        "/": "-",
        "-": "ß",
    },
    "French": {
        **dict(zip("aqwzAQWZ", "qazwQAZW", strict=True)),
        ":": "M",
        "/": "!",
        "-": ")",
        "m": ",",
        "M": "?",
        **dict(zip("0123456789", "à&é\"'(-è_ç", strict=True)),
    },
}


class TestLines:
    def _read(self, data):
        return list(line_frames(io.BytesIO(data)))

    def test_each_line_is_a_frame(self):
        assert self._read(b'UR:A/B\r\n\n  {"a": 1} \nlast') == [
            Frame("line 1", ("UR:A/B",)),
            Frame("line 3", ('{"a": 1}',)),
            Frame("line 4", ("last",)),
        ]

    def test_a_line_without_end_is_skipped_in_bounded_memory(self):
        class Endless(io.RawIOBase):
            largest = 0
            left = 3 * MAX_LINE_BYTES

            def readable(self):
                return True

            def readline(self, limit):
                self.largest = max(self.largest, limit)
                size = min(limit, self.left)
                self.left -= size
                return b"A" * size if size else b"\n" if self.left == 0 and self._end() else b""

            def _end(self):
                self.left = -1
                return True

        stream = Endless()
        (frame,) = line_frames(stream)
        assert frame.texts == ()
        assert "more than" in frame.note
        assert stream.largest == MAX_LINE_BYTES + 1

    def test_the_line_after_a_long_one_is_read(self):
        frames = self._read(b"A" * (MAX_LINE_BYTES + 5) + b"\nUR:A/B\n")
        assert [frame.texts for frame in frames] == [(), ("UR:A/B",)]
        assert frames[1].place == "line 2"

    def test_the_prefixes_of_a_scanner_are_left_out_and_joined_codes_taken_apart(self):
        (frame,) = self._read(b"]Q1UR:A/B]Q3ur:c/d UR:E/F\n")
        assert frame.texts == ("UR:A/B", "ur:c/d", "UR:E/F")
        assert self._read(b']Q1{"a": "our: b"}\n')[0].texts == ('{"a": "our: b"}',)
        assert self._read(b"]Q1 or so\n")[0].texts == ("]Q1 or so",)

    @pytest.mark.parametrize("upper", [True, False])
    @pytest.mark.parametrize("layout", _KEYBOARDS)
    def test_another_keyboard_layout_is_undone(self, layout, upper):
        keys = _KEYBOARDS[layout]
        for message in (_MESSAGE, bytes(range(256))):
            text = encode_ur(_KIND, message, upper=upper)
            typed = "".join(keys.get(letter, letter) for letter in text)
            (frame,) = self._read(typed.encode() + b"\r\n")
            assert decode_ur(frame.texts[0]).message == message

    def test_a_part_of_an_animation_is_undone_too(self):
        encoder = UrEncoder(_KIND, bytes(range(256)) * 4, 100)
        for layout in _KEYBOARDS.values():
            collector = Collector([_KIND])
            for number in (1, 3, *range(5, 60)):
                typed = "".join(layout.get(letter, letter) for letter in encoder.part(number))
                for frame in self._read(typed.encode()):
                    collector.receive(frame)
            assert collector.result().data == bytes(range(256)) * 4

    def test_a_layout_that_is_not_known_is_named(self):
        (frame,) = self._read("URÑX'COLDLEVER'SIGNED-LSAD\n".encode())
        assert frame.texts == ()
        assert "keyboard layout" in frame.note

    def test_bytes_that_are_no_text_do_not_stop_it(self):
        assert self._read(b"\xff\xfe\n")[0].texts == ("\udcff\udcfe",)


class TestExtras:
    @pytest.mark.parametrize(
        ("module", "extra"),
        [("zxingcpp", "scan"), ("PIL.Image", "scan"), ("cv2", "camera")],
    )
    def test_a_missing_extra_is_named(self, tmp_path, monkeypatch, module, extra):
        path = tmp_path / "clip.avi"
        path.write_bytes(b"RIFF\0\0\0\0AVI ")
        if module != "cv2":
            _photo().save(path, "PNG")
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(EnvironmentFault) as fault:
            _texts(path)
        assert (fault.value.code, fault.value.exit_status) == ("extra-missing", 8)
        assert f"coldlever-signer[{extra}]" in fault.value.remedy


_ISOLATED = """
import sys
from coldlever.signer.isolation import engage
engage()
from coldlever.shared.errors import InputRefused
from coldlever.shared.qr.scan.files import file_frames
for name in sys.argv[1:]:
    try:
        print(*(text for frame in file_frames(name) for text in frame.texts[:1]))
    except InputRefused as refusal:
        print(refusal.code)
"""


def test_the_signer_s_isolation_lets_pictures_and_videos_be_read_and_nothing_else_is_said(tmp_path):
    for name in ("code.png", "code.gif", "code.jpg", "code.webp"):
        _photo().save(tmp_path / name)
    _film(tmp_path / "clip.mp4", "mp4v", [_CODE], repeat=1)
    _film(tmp_path / "clip.avi", "MJPG", [_CODE], repeat=1)
    (tmp_path / "damaged.mp4").write_bytes((tmp_path / "clip.mp4").read_bytes()[:5000])
    paths = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(
        [sys.executable, "-c", _ISOLATED, *paths],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    found = dict(zip(paths, done.stdout.splitlines(), strict=True))
    assert found.pop(str(tmp_path / "damaged.mp4")) == "video-unreadable"
    assert set(found.values()) == {_TEXT}
