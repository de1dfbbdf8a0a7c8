"""The player's keys and manners, with a terminal, a clock and fingers of our own."""

import contextlib
import io
import os
import pty
import random
import re
import signal
import termios

import pytest

from coldlever.shared.qr.draw.caption import Caption
from coldlever.shared.qr.draw.density import Density
from coldlever.shared.qr.draw.frames import json_frame, static_stream, ur_stream
from coldlever.shared.qr.play import keyboard
from coldlever.shared.qr.play.blocks import Size
from coldlever.shared.qr.play.keyboard import KeyReader
from coldlever.shared.qr.play.player import STATUS_ROWS, Player
from coldlever.shared.qr.play.screen import Screen

_MESSAGE = random.Random(900).randbytes(900)
_ROOM = Size(200, 100)
_CAPTION = Caption(("1 of 3: request, to the offline machine", "MAINNET, BTC to 5x", "able acid"))


class _Fingers:
    """Presses each key after a while, and lets the time pass meanwhile."""

    def __init__(self, *presses):
        self.presses = list(presses)
        self.now = 0
        self.waits = []

    def clock(self):
        return self.now

    def read(self, timeout_ms):
        self.waits.append(timeout_ms)
        after, key = self.presses[0] if self.presses else (0, "q")
        if after >= timeout_ms:
            self.presses[0] = (after - timeout_ms, key)
            self.now += timeout_ms
            return None
        self.now += after
        self.presses[:1] = []
        return key


def _played(*presses, streams=None, room=lambda: _ROOM, density=Density.MEDIUM, wide=False):
    out, fingers = io.StringIO(), _Fingers(*presses)
    if streams is None:

        def streams(density):
            return ur_stream("x-test", _MESSAGE, density)

    with Screen(out, room) as screen:
        player = Player(
            streams,
            screen,
            fingers,
            fingers.clock,
            caption=_CAPTION,
            density=density,
            wide=wide,
            frame_ms=200,
        )
        shown = player.play()
    frames = [part.partition("\x1b[J")[0] for part in out.getvalue().split("\x1b[H")[1:]]
    return frames, fingers, shown


def _bare(frame):
    return re.sub(r"\x1b\[[\d;]*[mK]", "", frame)


class TestPlayer:
    @pytest.mark.parametrize("key", ["q", keyboard.ENTER, keyboard.ESCAPE, keyboard.GONE])
    def test_frames_change_at_the_pace_until_an_ending_key(self, key):
        frames, fingers, shown = _played((1050, key))
        assert len(frames) == shown == 6
        assert len(set(frames)) == 6
        assert fingers.now == 1050
        assert "frame 6, 5 are needed, medium density, 200 ms" in frames[-1]

    def test_other_keys_do_nothing_and_do_not_shorten_a_frame(self):
        frames, fingers, _ = _played((50, "x"), (50, "ö"), (50, "x"), (300, "q"))
        assert len(frames) == 3
        assert fingers.waits == [200, 150, 100, 50, 200, 200]

    def test_plus_and_minus_change_the_pace(self):
        frames, _, _ = _played((10, "+"), (10, "+"), (5, "q"))
        assert "130 ms" in frames[-1]
        frames, _, _ = _played((10, "-"), (5, "q"))
        assert "250 ms" in frames[-1]
        frames, _, _ = _played(*[(1, "+")] * 20, (1, "q"))
        assert "100 ms" in frames[-1]

    def test_a_density_key_begins_anew_with_frames_of_that_density(self):
        frames, _, shown = _played((450, "l"), (10, "q"))
        assert "frame 1, 9 are needed, low density" in frames[-1]
        assert shown == 1
        for key, word in (("3", "high"), ("h", "high"), ("1", "low"), ("2", "medium")):
            assert word in _played((450, key), (10, "q"))[0][-1]

    def test_the_same_density_again_changes_nothing(self):
        assert "frame 3," in _played((450, "m"), (10, "q"))[0][-1]

    def test_w_switches_between_the_sizes(self):
        frames, _, _ = _played((10, "w"), (10, "w"), (10, "q"))
        small, wide, again = frames
        assert "▄" in small
        assert "▄" not in wide
        assert wide.count("\r\n") > 1.5 * small.count("\r\n")
        assert again == small

    def test_a_static_code_is_drawn_once_and_follows_the_density(self):
        def streams(density):
            return ur_stream("x-test", _MESSAGE[:240], density)

        frames, _, _ = _played((1700, "q"), streams=streams, density=Density.HIGH)
        assert len(frames) == 1
        assert "one code, high density" in frames[0]
        frames, _, _ = _played((700, "l"), (10, "q"), streams=streams, density=Density.HIGH)
        assert "3 are needed, low density" in frames[-1]

    def test_a_message_of_one_form_has_no_density(self):
        matrix = json_frame(b"{}")
        frames, _, _ = _played(
            (10, "l"), (10, "q"), streams=lambda _: static_stream(matrix), density=None
        )
        assert len(frames) == 1
        assert "density" not in frames[0]

    def test_a_terminal_that_shrinks_gets_words_instead_of_half_a_code(self):
        sizes = [_ROOM] * 4 + [Size(50, 20)] * 4 + [_ROOM] * 100
        frames, _, _ = _played((700, "q"), room=lambda: sizes.pop(0))
        small = [
            frame
            for frame in frames
            if "needs 69 columns and 35 rows" in "".join(frame.replace("\x1b[K", "").split("\r\n"))
        ]
        assert small
        assert all(len(line.replace("\x1b[K", "")) <= 50 for line in small[0].split("\r\n"))
        assert "▄" not in small[0]
        assert "▄" in frames[0]
        assert "▄" in frames[-1]

    @pytest.mark.parametrize("columns", [69 + 24, 200])
    def test_the_caption_stands_beside_the_code_where_there_are_columns(self, columns):
        frames, _, _ = _played((10, "q"), room=lambda: Size(columns, 100))
        lines = _bare(frames[0]).split("\r\n")
        assert len(lines) == 35 + 2
        assert all(len(line) <= columns for line in lines)
        words = " ".join(line[69:].strip() for line in lines[:35]).split()
        assert words == " ".join(_CAPTION.lines).split()

    def test_the_caption_stands_below_the_code_where_there_are_rows(self):
        frames, _, _ = _played((10, "q"), room=lambda: Size(75, 40))
        lines = _bare(frames[0]).split("\r\n")
        assert lines[35:38] == list(_CAPTION.lines)

    def test_the_caption_gives_way_to_the_code(self):
        frames, _, _ = _played((10, "q"), room=lambda: Size(75, 36))
        assert "MAINNET" not in frames[0]
        assert "frame 1" in frames[0]

    def test_the_advice_fits_the_situation(self):
        def advice(**options):
            frames, _, _ = _played((10, "q"), room=lambda: Size(300, 3), **options)
            return frames[-1]

        assert "t and l lower the density" in advice()
        assert "w makes it smaller" not in advice()
        assert "w makes it smaller" in advice(wide=True)
        matrix = json_frame(b"{}")
        assert "density" not in advice(density=None, streams=lambda _: static_stream(matrix))

    def test_lines_and_status_fill_no_more_than_the_terminal(self):
        fitting = Size(69, 35 + STATUS_ROWS)
        frames, _, _ = _played((10, "q"), room=lambda: fitting)
        assert len(frames[0].split("\r\n")) == fitting.rows
        for line in frames[0].replace("\x1b[K", "").split("\r\n")[-STATUS_ROWS:]:
            assert len(line) <= 69

    @pytest.mark.parametrize("room", [Size(0, 0), Size(1, 1), Size(5, 2)])
    def test_no_terminal_is_too_small_for_the_player_itself(self, room):
        assert _played((500, "q"), room=lambda: room)[0]


class TestScreen:
    @pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
    def test_it_is_given_back_whatever_happens(self, error):
        out = io.StringIO()
        before = signal.getsignal(signal.SIGTERM)
        with pytest.raises(error), Screen(out, lambda: _ROOM):
            raise error
        assert out.getvalue().startswith("\x1b[?1049h\x1b[?25l")
        assert out.getvalue().endswith("\x1b[0m\x1b[?25h\x1b[?1049l")
        assert signal.getsignal(signal.SIGTERM) is before

    def test_a_terminal_that_is_gone_at_once_leaves_the_signals_as_they_were(self):
        out = io.StringIO()
        out.close()
        before = signal.getsignal(signal.SIGHUP)
        with pytest.raises(ValueError, match="closed"), Screen(out, lambda: _ROOM):
            pass
        assert signal.getsignal(signal.SIGHUP) is before

    def test_a_beginning_that_fails_is_undone(self):
        class Hiccup(io.StringIO):
            def write(self, text):
                super().write(text)
                if text.startswith("\x1b[?1049h"):
                    raise OSError

        out = Hiccup()
        with pytest.raises(OSError), Screen(out, lambda: _ROOM):
            pass
        assert out.getvalue().endswith("\x1b[?1049l")

    def test_what_is_shown_already_is_not_drawn_again(self):
        out = io.StringIO()
        with Screen(out, lambda: _ROOM) as screen:
            screen.show(["a"])
            once = len(out.getvalue())
            screen.show(["a"])
            assert len(out.getvalue()) == once
            screen.show(["b"])
            assert len(out.getvalue()) > once
            assert screen.size() == _ROOM

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_to_end_gives_it_back_too(self, number):
        out = io.StringIO()
        with pytest.raises(SystemExit) as ended, Screen(out, lambda: _ROOM):
            signal.raise_signal(number)
        assert ended.value.code == 128 + number
        assert out.getvalue().endswith("\x1b[?1049l")


class TestKeyReader:
    @pytest.fixture
    def terminal(self):
        outer, inner = pty.openpty()
        yield outer, inner
        for descriptor in (outer, inner):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def test_keys_arrive_at_once_without_echo_and_the_mode_is_restored(self, terminal):
        outer, inner = terminal
        before = termios.tcgetattr(inner)
        with KeyReader(inner) as reader:
            local = termios.tcgetattr(inner)[3]
            assert not local & (termios.ECHO | termios.ICANON)
            assert local & termios.ISIG, "Ctrl-C must interrupt"
            os.write(outer, b"wQ+\r\n")
            found = [reader.read(1000) for _ in range(5)]
            assert found == ["w", "q", "+", keyboard.ENTER, keyboard.ENTER]
            assert reader.read(0) is None
        assert termios.tcgetattr(inner) == before

    def test_escape_alone_is_a_key_and_an_arrow_is_none(self, terminal):
        outer, inner = terminal
        with KeyReader(inner) as reader:
            os.write(outer, b"\x1b")
            assert reader.read(1000) == keyboard.ESCAPE
            os.write(outer, b"\x1b[A")
            assert reader.read(1000) is None

    def test_ctrl_z_is_a_key_like_others(self, terminal):
        outer, inner = terminal
        with KeyReader(inner) as reader:
            os.write(outer, b"\x1a\xff")
            assert reader.read(1000) == "\x1a"

    def test_a_terminal_that_went_away_ends_it(self, terminal):
        outer, inner = terminal
        reader = KeyReader(inner)
        os.close(outer)
        assert reader.read(1000) == keyboard.GONE

    def test_a_terminal_that_cannot_be_read_ends_it(self, terminal, monkeypatch):
        outer, inner = terminal
        os.write(outer, b"q\n")

        def fail(*_):
            raise OSError

        monkeypatch.setattr(os, "read", fail)
        assert KeyReader(inner).read(1000) == keyboard.GONE

    def test_the_mode_is_restored_after_an_interruption(self, terminal):
        _, inner = terminal
        before = termios.tcgetattr(inner)
        with pytest.raises(KeyboardInterrupt), KeyReader(inner):
            raise KeyboardInterrupt
        assert termios.tcgetattr(inner) == before
