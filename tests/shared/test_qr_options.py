"""The options of both command lines, on commands that do nothing else."""

import contextlib
import fcntl
import io
import json
import os
import pty
import random
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from coldlever.shared.cli import qr_draw, qr_scan
from coldlever.shared.cli.console import emit_json, json_option
from coldlever.shared.cli.group import ColdleverGroup
from coldlever.shared.cli.qr_options import (
    drawing_options,
    prove_drawing,
    require_drawable,
    scan_message,
    scanning_options,
)
from coldlever.shared.errors import UsageRefused
from coldlever.shared.qr.choices import Drawing, Scanning
from coldlever.shared.qr.draw.caption import Caption
from coldlever.shared.qr.draw.density import Density
from coldlever.shared.qr.draw.drawable import Drawable
from coldlever.shared.qr.draw.frames import ur_frames
from coldlever.shared.qr.draw.picture import picture
from coldlever.shared.qr.play.blocks import Size
from coldlever.shared.qr.scan import line_frames
from coldlever.shared.ur import UrEncoder, encode_ur

_ROOT = Path(__file__).parents[2]
_KIND = "x-coldlever-test"
_MESSAGE = random.Random(120).randbytes(120)
_LONG_MESSAGE = random.Random(900).randbytes(900)
_DOCUMENT = b'{"kind": "coldlever/test"}'


def show_message(kind, message, document, drawing):
    drawable = Drawable(kind, message, document, Caption(("what it is", "and what it does")))
    prove_drawing(drawable, drawing).show(drawable)


@click.group(cls=ColdleverGroup)
def _commands():
    pass


@_commands.command()
@click.option("--long", is_flag=True)
@drawing_options()
def draw(drawing, *, long):
    require_drawable(drawing)
    if drawing.wanted:
        show_message(_KIND, _LONG_MESSAGE if long else _MESSAGE, _DOCUMENT, drawing)
    emit_json({"wanted": drawing.wanted})


@_commands.command()
@click.option("--force", is_flag=True)
@drawing_options(own_force=True)
def forced(drawing, *, force):
    emit_json({"force": force, "picture": drawing.force})


@_commands.command()
@click.argument("files", nargs=-1)
@scanning_options()
@json_option
def scan(files, scanning, *, as_json):
    if not scanning.wanted:
        emit_json({"files": files})
        return
    result = scan_message({_KIND}, files, scanning)
    emit_json({"type": result.ur_type, "data": result.data.hex()})


@_commands.command()
@click.argument("files", nargs=-1)
@scanning_options(always=True)
def read(files, scanning):
    emit_json({"data": scan_message({_KIND}, files, scanning).data.hex()})


def _run(*arguments, stdin=None, status=0):
    result = CliRunner().invoke(_commands, [str(word) for word in arguments], input=stdin)
    assert result.exit_code == status, (result.stdout, result.stderr)
    return result


def _written(path, message, density=Density.MEDIUM):
    path.write_bytes(picture(ur_frames(_KIND, message, density), path.suffix))
    return path


def _drain(descriptor):
    with contextlib.suppress(OSError):
        while os.read(descriptor, 1 << 16):
            pass


def _press(keys, ended):
    """Again and again, because what is typed too early is thrown away."""
    while not ended.wait(0.1):
        keys.write(b"q")


class TestDrawing:
    def test_without_a_wish_nothing_is_drawn(self):
        result = _run("draw")
        assert json.loads(result.stdout) == {"wanted": False}
        assert result.stderr == ""

    def test_a_picture_is_written_once_and_replaced_by_force(self, tmp_path):
        path = tmp_path / "code.png"
        result = _run("draw", "--qr-out", path)
        assert result.stderr == f"{path}: 1 QR code of version 8\n"
        assert path.stat().st_mode & 0o777 == 0o600
        assert "output-exists" in _run("draw", "--qr-out", path, status=2).stderr
        path.write_bytes(b"")
        _run("draw", "--qr-out", path, "--force")
        assert json.loads(_run("read", path).stdout) == {"data": _MESSAGE.hex()}

    def test_density_and_time_reach_the_loop(self, tmp_path):
        path = tmp_path / "code.gif"
        result = _run("draw", "--long", "--qr-out", path, "--density", "low", "--frame-time", "500")
        assert "a loop of 27 QR codes of version 8" in result.stderr
        from PIL import Image

        with Image.open(path) as image:
            assert image.info["duration"] == 500
        assert json.loads(_run("read", path).stdout) == {"data": _LONG_MESSAGE.hex()}

    def test_json_is_one_code(self, tmp_path):
        path = tmp_path / "code.svg"
        _run("draw", "--long", "--qr-format", "json", "--qr-out", path)
        _run("draw", "--long", "--qr-format", "json", "--qr-out", tmp_path / "code.png")
        found = json.loads(_run("scan", "--scan", tmp_path / "code.png").stdout)
        assert found == {"type": None, "data": _DOCUMENT.hex()}

    def test_what_cannot_be_drawn_is_refused_and_leaves_nothing(self, tmp_path):
        result = _run("draw", "--long", "--qr-out", tmp_path / "code.png", status=2)
        assert "qr-out-still" in result.stderr
        assert "qr-out-ending" in _run("draw", "--qr-out", tmp_path / "x.jpg", status=2).stderr
        _run("draw", "--qr-out", tmp_path / "none" / "x.png", status=8)
        _run("draw", "--frame-time", "99", status=2)
        assert list(tmp_path.iterdir()) == []

    def test_without_a_terminal_a_code_is_printed_on_stderr(self):
        result = _run("draw", "--qr", "--wide")
        assert json.loads(result.stdout) == {"wanted": True}
        lines = result.stderr.splitlines()
        assert len(lines) == 57 + 2
        assert all(line.endswith("\x1b[0m") for line in lines[:57])
        assert lines[57:] == ["what it is", "and what it does"]
        assert "no-terminal" in _run("draw", "--qr", "--long", status=2).stderr

    def test_a_terminal_without_keys_gets_the_code_if_it_fits(self, monkeypatch):
        stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        stderr.isatty = lambda: True
        stdin = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(qr_draw, "_TERMINAL", "/nonexistent")
        monkeypatch.setattr(qr_draw, "_terminal_size", lambda: Size(57, 29))
        drawing = Drawing(True, False, None, Density.MEDIUM, False, 200, False)
        show_message(_KIND, _MESSAGE, _DOCUMENT, drawing)
        stderr.flush()
        assert stderr.buffer.getvalue().decode().count("\n") == 29 + 2
        monkeypatch.setattr(qr_draw, "_terminal_size", lambda: Size(56, 29))
        with pytest.raises(Exception, match="57 columns") as fault:
            show_message(_KIND, _MESSAGE, _DOCUMENT, drawing)
        assert fault.value.code == "terminal-too-small"

    @pytest.mark.parametrize("from_stdin", [True, False])
    @pytest.mark.parametrize("as_json", [True, False])
    def test_on_a_terminal_it_plays_until_a_key(self, monkeypatch, from_stdin, as_json):
        outer, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
        with os.fdopen(inner, "w", encoding="utf-8") as stderr, os.fdopen(outer, "wb", 0) as keys:
            monkeypatch.setattr(sys, "stderr", stderr)
            if from_stdin:
                monkeypatch.setattr(sys, "stdin", os.fdopen(os.dup(inner)))
            else:
                monkeypatch.setattr(sys, "stdin", io.StringIO())
                monkeypatch.setattr(qr_draw, "_TERMINAL", os.ttyname(inner))
            ended = threading.Event()
            press = threading.Thread(target=_press, args=[keys, ended], daemon=True)
            drain = threading.Thread(target=_drain, args=[outer], daemon=True)
            drain.start()
            press.start()
            drawing = Drawing(True, True, None, Density.LOW, as_json, 100, False)
            show_message(_KIND, _LONG_MESSAGE, _DOCUMENT, drawing)
            assert press.is_alive(), "it ended before a key was pressed"
            ended.set()
            press.join()
            sys.stdin.close()
        drain.join(5)

    def test_a_terminal_without_block_characters_gets_spaces(self, monkeypatch):
        stderr = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
        monkeypatch.setattr(sys, "stderr", stderr)
        drawing = Drawing(True, False, None, Density.MEDIUM, False, 200, False)
        show_message(_KIND, _MESSAGE, _DOCUMENT, drawing)
        stderr.flush()
        assert stderr.buffer.getvalue().count(b"\n") == 57 + 2

    def test_a_force_of_the_command_s_own_counts_for_the_picture(self):
        assert json.loads(_run("forced", "--force").stdout) == {"force": True, "picture": True}
        assert json.loads(_run("forced").stdout) == {"force": False, "picture": False}
        assert _run("forced", "--help").stdout.count("--force") == 1
        assert _run("draw", "--help").stdout.count("--force") == 1


class TestScanning:
    def test_without_a_wish_the_files_are_ordinary_ones(self):
        assert json.loads(_run("scan", "a.json").stdout) == {"files": ["a.json"]}

    def test_several_pictures_make_one_message(self, tmp_path):
        paths = []
        for number, matrix in enumerate(ur_frames(_KIND, _LONG_MESSAGE, Density.MEDIUM)[1:9]):
            paths.append(tmp_path / f"IMG_{number}.png")
            paths[-1].write_bytes(picture([matrix], ".png"))
        result = _run("scan", "--scan", *paths, "--json")
        assert json.loads(result.stdout) == {"type": _KIND, "data": _LONG_MESSAGE.hex()}
        assert result.stderr == "complete: 5 of 5 fragments\n"
        few = _run("scan", "--scan", *paths[:3], "--json", status=3)
        assert json.loads(few.stdout)["error"]["code"] == "scan-incomplete"
        assert "3 of 5" in json.loads(few.stdout)["error"]["message"]

    def test_a_scanner_that_types_is_read_from_stdin(self):
        parts = list(UrEncoder(_KIND, _LONG_MESSAGE, 200).parts())
        typed = "\r\n".join(["https://example.org", *parts[7:], *parts])
        result = _run("read", "-", stdin=typed)
        assert json.loads(result.stdout) == {"data": _LONG_MESSAGE.hex()}
        assert "line 1: this is a web address" in result.stderr

    def test_a_wrong_code_is_named(self, tmp_path):
        path = tmp_path / "other.png"
        path.write_bytes(picture(ur_frames("crypto-psbt", b"x", Density.LOW), ".png"))
        result = _run("scan", "--scan", path, status=3)
        assert '"crypto-psbt", expected "x-coldlever-test"' in result.stderr
        assert "ur-wrong-type" in result.stderr

    def test_two_files_with_two_messages_are_refused_and_two_lines_are_not(self, tmp_path):
        one = _written(tmp_path / "one.png", _MESSAGE)
        two = _written(tmp_path / "two.png", _MESSAGE[::-1])
        assert "qr-several-messages" in _run("read", one, two, status=3).stderr
        both = f"{encode_ur(_KIND, b'one')}\n{encode_ur(_KIND, b'two')}\n"
        assert json.loads(_run("read", "-", stdin=both).stdout) == {"data": b"one".hex()}

    def test_sources_must_be_named_and_not_mixed(self):
        assert "scan-nothing" in _run("scan", "--scan", status=2).stderr
        assert "scan-nothing" in _run("read", status=2).stderr
        with pytest.raises(UsageRefused) as refusal:
            scan_message({_KIND}, ["a.png"], Scanning(wanted=True, camera=0))
        assert refusal.value.code == "scan-sources"

    def test_a_camera_is_looked_through(self, monkeypatch):
        from coldlever.shared.qr.scan import video
        from coldlever.shared.qr.scan.frame import Frame

        texts = UrEncoder(_KIND, _LONG_MESSAGE, 200).parts()
        monkeypatch.setattr(
            video,
            "camera_frames",
            lambda number, _opened: (Frame(f"camera {number}", (t,)) for t in texts),
        )
        result = _run("scan", "--camera", "2")
        assert json.loads(result.stdout)["data"] == _LONG_MESSAGE.hex()
        assert "camera 2; Ctrl-C ends" in result.stderr

    def test_on_a_terminal_progress_is_one_line(self, monkeypatch, tmp_path):
        stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        stderr.isatty = lambda: True
        stderr.fileno = lambda: 2
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((40, 0)))
        outer, inner = pty.openpty()
        before = termios.tcgetattr(inner)
        echoes = []
        typed = "".join(
            f"{x}\n" for x in ["x", *UrEncoder(_KIND, _LONG_MESSAGE, 200, upper=False).parts(5)]
        )
        press = threading.Thread(target=os.write, args=[outer, typed.encode()], daemon=True)

        def lines(stream):
            echoes.append(termios.tcgetattr(inner)[3] & termios.ECHO)
            press.start()
            return line_frames(stream)

        monkeypatch.setattr(qr_scan, "line_frames", lines)
        with os.fdopen(inner, encoding="utf-8") as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            scanning = Scanning(wanted=True, camera=None)
            assert qr_scan.scan_message({_KIND}, ["-"], scanning).data == _LONG_MESSAGE
            assert echoes == [0]
            assert termios.tcgetattr(inner) == before
            press.join()
        os.close(outer)
        stderr.flush()
        shown = stderr.buffer.getvalue().decode().replace("\x1b[0m", "")
        assert shown.startswith("Scan with the scanner that types; Ctrl-D\n  ends.\n")
        assert "\r\x1b[Kline 1: this is neither" in shown
        assert "\r\x1b[K1 of 5 fragments solved, 1 useful frame" in shown
        assert max(len(part) for part in shown.split("\r\x1b[K")[2:-1]) <= 39
        assert shown.endswith("complete: 5 of 5 fragments\n")

    def test_an_interruption_leaves_130_and_nothing_else(self, monkeypatch):
        from coldlever.shared.qr.scan import video

        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(video, "camera_frames", interrupted)
        result = _run("scan", "--camera", "0", status=130)
        assert result.stdout == ""


@pytest.mark.unmeasured
def test_importing_the_options_loads_neither_what_draws_nor_what_reads():
    code = (
        "import sys, coldlever.shared.cli.qr_options\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}"
        " & {'PIL', 'cv2', 'numpy', 'qrcode', 'zxingcpp', 'termios', 'json'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
