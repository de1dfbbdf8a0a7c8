"""Codes drawn in terminals, rendered as those would show them, and read from that picture."""

import codecs
import fcntl
import os
import random
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import uuid
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.qr.draw.density import Density
from coldlever.shared.qr.draw.frames import ur_frames, ur_stream
from coldlever.shared.qr.play.blocks import Size, draw, drawn_size, require_room
from coldlever.shared.qr.scan.collector import Collector
from coldlever.shared.qr.scan.decoder import code_reader
from coldlever.shared.qr.scan.frame import Frame
from coldlever.shared.ur import encode_ur

_ROOT = Path(__file__).parents[2]
_KIND = "x-coldlever-test"
_MESSAGE = random.Random(120).randbytes(120)
_LONG_MESSAGE = random.Random(600).randbytes(600)
_LEFT = "\x1b[?25h\x1b[?1049l"

# Foreground and background that a terminal uses where none is asked for.
_THEMES = {
    "black on white": ((0, 0, 0), (255, 255, 255)),
    "white on black": ((255, 255, 255), (0, 0, 0)),
    "solarized light": ((101, 123, 131), (253, 246, 227)),
    "solarized dark": ((131, 148, 150), (0, 43, 54)),
}
_TOKEN = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]")
_CELL = (8, 16)


class _Terminal:
    """As much of a terminal as is needed to see what a program drew."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self._clear()
        self._colours = [None, None]

    def _clear(self):
        self.cells = [[(" ", None, None)] * self.columns for _ in range(self.rows)]
        self._x = self._y = 0

    def feed(self, text):
        for token in _TOKEN.finditer(text):
            character = token.group()
            if character == "\r":
                self._x = 0
            elif character == "\n":
                self._y += 1
            elif token[2]:
                self._control(token[1], token[2])
            else:
                assert self._x < self.columns, "a line is too long"
                assert self._y < self.rows, "too many lines"
                self.cells[self._y][self._x] = (character, *self._colours)
                self._x += 1
        return self

    def _control(self, arguments, command):
        if command == "m":
            self._select([int(number or 0) for number in arguments.split(";")])
        elif command == "H":
            self._x = self._y = 0
        elif (command, arguments) == ("J", "2"):
            self._clear()
        elif command == "J":
            for row in self.cells[self._y + 1 :]:
                row[:] = [(" ", None, None)] * self.columns
        elif command == "K":
            self.cells[self._y][self._x :] = [(" ", None, None)] * (self.columns - self._x)
        else:
            assert command in "hl", command
            assert arguments in ("?25", "?1049", "?2026")

    def _select(self, numbers):
        while numbers:
            number = numbers.pop(0)
            if number == 0:
                self._colours = [None, None]
            elif number in (39, 49):
                self._colours[number == 49] = None
            else:
                assert number in (38, 48)
                assert numbers.pop(0) == 2, "only 24-bit colours look the same everywhere"
                self._colours[number == 48] = tuple(numbers[:3])
                del numbers[:3]

    def text(self):
        return "\n".join("".join(cell[0] for cell in row).rstrip() for row in self.cells)

    def picture(self, theme, line_height=1.0):
        """What a person (or a camera) sees; glyphs stay as high as the font is."""
        width, height = _CELL[0], round(_CELL[1] * line_height)
        image = Image.new("RGB", (width * self.columns, height * self.rows), theme[1])
        pen = ImageDraw.Draw(image)
        for y, row in enumerate(self.cells):
            for x, (character, ink, paper) in enumerate(row):
                left, top = x * width, y * height
                if paper is not None:
                    pen.rectangle((left, top, left + width - 1, top + height - 1), paper)
                top += (height - _CELL[1]) // 2
                first, last = _GLYPHS.get(character, (4, 11))
                if character != " ":
                    pen.rectangle(
                        (left, top + first, left + width - 1, top + last), ink or theme[0]
                    )
        return image.convert("L")


_GLYPHS = {"█": (0, 15), "▀": (0, 7), "▄": (8, 15)}


def _drawn(matrix, wide):
    size = drawn_size(matrix, wide=wide)
    # On a terminal with something around it.
    terminal = _Terminal(size.columns + 10, size.rows + 4)
    return terminal.feed("$ sign\r\n" + "".join(f"{x}\r\n" for x in draw(matrix, wide=wide)) + "$ ")


class TestDrawing:
    @pytest.mark.parametrize("theme", _THEMES.values(), ids=_THEMES)
    @pytest.mark.parametrize("wide", [False, True], ids=["half blocks", "wide"])
    def test_a_code_is_read_whatever_the_theme(self, theme, wide):
        (matrix,) = ur_frames(_KIND, _MESSAGE, Density.MEDIUM)
        image = _drawn(matrix, wide).picture(theme)
        assert code_reader()(image) == (encode_ur(_KIND, _MESSAGE),)

    @pytest.mark.parametrize("theme", _THEMES.values(), ids=_THEMES)
    @pytest.mark.parametrize("line_height", [1.0, 1.1, 1.2, 1.3, 1.4])
    def test_a_wide_code_is_read_whatever_the_line_height(self, theme, line_height):
        (matrix,) = ur_frames(_KIND, _MESSAGE, Density.MEDIUM)
        image = _drawn(matrix, wide=True).picture(theme, line_height)
        assert code_reader()(image) == (encode_ur(_KIND, _MESSAGE),)

    @pytest.mark.parametrize("theme", _THEMES.values(), ids=_THEMES)
    @pytest.mark.parametrize("line_height", [1.0, 1.1, 1.2])
    @pytest.mark.parametrize("density", Density)
    def test_half_blocks_are_read_up_to_a_line_height_of_six_fifths(
        self, density, theme, line_height
    ):
        matrix = ur_stream(_KIND, _LONG_MESSAGE, density).next_frame()
        image = _drawn(matrix, wide=False).picture(theme, line_height)
        # As a camera sees it: never pixel by pixel.
        (text,) = code_reader()(image.filter(ImageFilter.GaussianBlur(1.2)))
        assert text.startswith(f"UR:{_KIND.upper()}/1-")

    @pytest.mark.parametrize("density", Density)
    def test_every_frame_of_an_animation_is_read(self, density):
        for wide in (False, True):
            collector = Collector({_KIND})
            for matrix in ur_frames(_KIND, _LONG_MESSAGE, density)[:30]:
                image = _drawn(matrix, wide).picture(_THEMES["white on black"])
                collector.receive(Frame("terminal", code_reader()(image)))
            assert collector.result().data == _LONG_MESSAGE

    def test_each_line_ends_in_a_reset_and_has_the_announced_width(self):
        (matrix,) = ur_frames(_KIND, _MESSAGE, Density.MEDIUM)
        for wide in (False, True):
            lines = draw(matrix, wide=wide)
            size = drawn_size(matrix, wide=wide)
            assert len(lines) == size.rows
            for line in lines:
                assert line.endswith("\x1b[0m")
                assert len(re.sub(r"\x1b\[[\d;]*m", "", line)) == size.columns
        assert drawn_size(matrix, wide=False) == Size(57, 29)
        assert draw(matrix, wide=True)[0].isascii()

    def test_a_terminal_that_is_too_small_is_told_what_is_needed(self):
        (matrix,) = ur_frames(_KIND, _MESSAGE, Density.MEDIUM)
        require_room(matrix, Size(57, 29), wide=False, lower_density=True)
        for room in (Size(56, 29), Size(57, 28)):
            with pytest.raises(EnvironmentFault) as fault:
                require_room(matrix, room, wide=False, lower_density=False)
            assert fault.value.code == "terminal-too-small"
            assert "57 columns and 29 rows" in fault.value.message
            assert "--qr-out" in fault.value.remedy
            assert "--wide" not in fault.value.remedy
            assert "--density" not in fault.value.remedy
        with pytest.raises(EnvironmentFault) as fault:
            require_room(matrix, Size(113, 57), wide=True, lower_density=True)
        assert "114 columns and 57 rows" in fault.value.message
        assert "leave --wide out" in fault.value.remedy
        assert "--density tiny" in fault.value.remedy


# The program under test: takes the terminal it was started in, as a login would have given it.
_PROGRAM = """
import fcntl, sys, termios
if {take_terminal}:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from coldlever.shared.cli.group import ColdleverGroup
from coldlever.shared.qr.draw.caption import Caption
from coldlever.shared.qr.draw.density import Density
from coldlever.shared.qr.draw.drawable import Drawable
from coldlever.shared.cli.qr_options import Drawing, prove_drawing
commands = ColdleverGroup()
@commands.command()
def show():
    message = bytes.fromhex({message!r})
    drawable = Drawable({kind!r}, message, b'{{"kind": "x"}}', Caption(("step one", "to 5x")))
    prove_drawing(drawable, Drawing(
        on_terminal=True, wide={wide}, out=None, density={density},
        as_json={as_json}, frame_ms=100, force=False)).show(drawable)
commands.main(["show"])
"""


def _program(message, *, wide=False, density="medium", as_json=False, take_terminal=True):
    return _PROGRAM.format(
        kind=_KIND,
        message=message.hex(),
        wide=wide,
        density=None if density == "auto" else f"Density({density!r})",
        as_json=as_json,
        take_terminal=take_terminal,
    )


class _Session:
    """The program in a real pseudo-terminal."""

    def __init__(self, columns, rows, message, **options):
        self.size = (columns, rows)
        self._outer, self._inner = os.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self._inner)
        self.output = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _program(message, **options)],
            stdin=self._inner,
            stdout=self._inner,
            stderr=self._inner,
            start_new_session=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )

    def resize(self, columns, rows):
        fcntl.ioctl(self._inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, text):
        os.write(self._outer, text.encode())

    def read_until(self, wanted, seconds=10):
        """Read until the output since the last call has what is wanted; returns that output."""
        fresh, deadline = "", time.monotonic() + seconds
        while not (more := self._read()) or not re.search(wanted, fresh + more, re.DOTALL):
            assert time.monotonic() < deadline, f"no {wanted!r} in {fresh[-300:]!r}"
            fresh += more
        fresh += more
        self.output += fresh
        return fresh

    def _read(self):
        if not select.select([self._outer], [], [], 0.05)[0]:
            return ""
        return self._decoder.decode(os.read(self._outer, 1 << 16))

    def end(self):
        """The exit status; the terminal must be as it was."""
        # It may be writing a screen, which has to be read before it can end.
        deadline = time.monotonic() + 10
        while self.process.poll() is None:
            assert time.monotonic() < deadline
            self.output += self._read()
        status = self.process.returncode
        while more := self._read():
            self.output += more
        assert _LEFT in self.output[-400:]
        assert self.output.count("\x1b[?1049h") == self.output.count("\x1b[?1049l") == 1
        assert termios.tcgetattr(self._inner) == self.before
        return status

    def screens(self):
        """The texts of the codes on each screen that was shown whole."""
        terminal = _Terminal(*self.size)
        for shown in self.output.split("\x1b[?2026h")[1:]:
            if "\x1b[?2026l" in shown:
                terminal.feed(shown.partition("\x1b[?2026l")[0])
                yield code_reader()(terminal.picture(_THEMES["white on black"]))

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self._outer)
        os.close(self._inner)


@pytest.fixture
def session():
    started = []

    def start(*arguments, **options):
        started.append(_Session(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


class TestPseudoTerminal:
    def test_a_static_code_stays_until_a_key_is_pressed(self, session):
        one = session(80, 40, _MESSAGE)
        one.read_until("q end")
        assert list(one.screens()) == [(encode_ur(_KIND, _MESSAGE),)]
        assert one.process.poll() is None
        one.send("q")
        assert one.end() == 0

    def test_an_animation_is_read_from_the_screen_and_ends_by_enter(self, session):
        one = session(80, 45, _LONG_MESSAGE)
        for _ in range(5):
            one.read_until("frame .*2026l")
        one.send("\r")
        assert one.end() == 0
        collector = Collector({_KIND})
        for texts in one.screens():
            collector.receive(Frame("terminal", texts))
        assert collector.result().data == _LONG_MESSAGE

    def test_a_json_document_is_shown_wide(self, session):
        one = session(80, 45, _MESSAGE, as_json=True, wide=True)
        assert "density" not in one.read_until("q end")
        one.send("\x1b")
        assert one.end() == 0
        assert list(one.screens()) == [('{"kind": "x"}',)]

    def test_ctrl_c_gives_the_terminal_back(self, session):
        one = session(80, 45, _LONG_MESSAGE)
        one.read_until("frame 2")
        one.send("\x03")
        assert one.end() == 130

    def test_a_termination_gives_the_terminal_back(self, session):
        one = session(80, 45, _LONG_MESSAGE)
        one.read_until("frame 2")
        one.process.send_signal(signal.SIGTERM)
        assert one.end() == 128 + signal.SIGTERM

    def test_a_window_that_shrinks_says_so_and_recovers(self, session):
        one = session(80, 45, _LONG_MESSAGE)
        one.read_until("frame 2")
        one.resize(60, 20)
        one.read_until("this terminal has")
        one.resize(80, 45)
        one.read_until("▄.*frame")
        one.send("q")
        assert one.end() == 0

    @pytest.mark.parametrize(
        ("columns", "rows", "density"),
        [(80, 24, "tiny"), (80, 33, "low"), (80, 60, "medium"), (300, 100, "medium")],
    )
    def test_an_animation_takes_the_density_that_there_is_room_for(
        self, session, columns, rows, density
    ):
        one = session(columns, rows, _LONG_MESSAGE, density="auto")
        one.read_until(f"{density} density")
        for _ in range(8):
            one.read_until("frame .*2026l")
        one.send("q")
        assert one.end() == 0
        screens = list(one.screens())
        assert len(screens) >= 8
        assert all(text.startswith(f"UR:{_KIND.upper()}/") for (text,) in screens)

    def test_a_window_too_small_is_refused_before_anything_is_drawn(self, session):
        one = session(60, 20, _MESSAGE)
        assert one.process.wait(10) == 8
        text = one.read_until("remedy")
        assert "terminal-too-small" in text
        assert "\x1b[?1049h" not in text


class TestWithoutKeyboard:
    def _run(self, message, **options):
        return subprocess.run(
            [sys.executable, "-c", _program(message, take_terminal=False, **options)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            start_new_session=True,
            env={**os.environ, "PYTHONUTF8": "1", "NO_COLOR": "1"},
        )

    def test_a_static_code_is_printed_with_its_colours(self):
        done = self._run(_MESSAGE)
        assert (done.returncode, done.stdout) == (0, b"")
        terminal = _Terminal(80, 40).feed(done.stderr.decode().replace("\n", "\r\n"))
        image = terminal.picture(_THEMES["solarized dark"])
        assert code_reader()(image) == (encode_ur(_KIND, _MESSAGE),)

    def test_an_animation_is_refused(self):
        done = self._run(_LONG_MESSAGE)
        assert done.returncode == 2
        assert b"no-terminal" in done.stderr
        assert b"--qr-out code.html" in done.stderr


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
@pytest.mark.parametrize("wide", [False, True], ids=["half blocks", "wide"])
def test_tmux_shows_a_code_that_is_read_in_every_theme(tmp_path, wide):
    # The path of a socket is short; tmp_path may not be.
    tmux = ["tmux", "-L", f"coldlever-{uuid.uuid4().hex[:8]}", "-f", os.devnull]
    columns, rows = 130, 70
    script = tmp_path / "show.py"
    script.write_text(_program(_MESSAGE, wide=wide, take_terminal=False))
    command = shlex.join(["env", "PYTHONUTF8=1", sys.executable, str(script)])
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "TMUX_TMPDIR": "/tmp",
        "LC_ALL": "C.UTF-8",
        # Else tmux takes the account's, and that of a service account may be nologin.
        "SHELL": "/bin/sh",
    }
    environment.pop("TMUX", None)

    def run(*arguments):
        return subprocess.run(
            [*tmux, *arguments], check=True, capture_output=True, env=environment
        ).stdout.decode()

    run("-u", "new-session", "-d", "-x", str(columns), "-y", str(rows), command)
    try:
        deadline = time.monotonic() + 10
        while "q end" not in (shown := run("capture-pane", "-e", "-p", "-N")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        run("kill-server")
    terminal = _Terminal(columns, rows).feed(shown.rstrip("\n").replace("\n", "\r\n"))
    for theme in _THEMES.values():
        for line_height in (1.0, 1.4) if wide else (1.0,):
            image = terminal.picture(theme, line_height)
            assert code_reader()(image) == (encode_ur(_KIND, _MESSAGE),)
