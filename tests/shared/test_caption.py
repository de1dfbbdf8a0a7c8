"""The words beside a code: what it is, what it changes, and what two people compare."""

import html
import io
import json
import random
import re
import subprocess
import sys

import pytest
from PIL import Image

from coldlever.shared.cli.caption import caption_of
from coldlever.shared.message.any import load_message
from coldlever.shared.message.check_words import Subject, check_words
from coldlever.shared.qr.draw import font
from coldlever.shared.qr.draw.caption import Caption
from coldlever.shared.qr.draw.density import Density
from coldlever.shared.qr.draw.frames import ur_frames
from coldlever.shared.qr.draw.picture import picture
from coldlever.shared.qr.scan.decoder import code_reader
from coldlever.shared.ur import encode_ur
from coldlever.shared.ur.bytewords import WORDS

_KIND = "x-coldlever-test"
_MESSAGE = random.Random(1).randbytes(120)
_CAPTION = Caption(("2 of 3: signed payload, to the online machine", "MAINNET, BTC = asset 0: 5x"))
_SIGNER = "0x1111111111111111111111111111111111111111"
_LEVERAGE = {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 5}


def _request(**members):
    return {
        "network": "mainnet",
        "action": _LEVERAGE,
        "nonce": 1795340000000,
        "vaultAddress": None,
        "expiresAfter": 1795343600000,
        **members,
    }


def _lines(document):
    return caption_of(load_message(json.dumps(document).encode(), "here")).lines


class TestWords:
    def test_a_request_says_step_change_and_words(self):
        message = load_message(json.dumps(_request(signer=_SIGNER)).encode(), "here")
        (request,) = message.requests
        words = check_words([Subject(request.signable.digest(), request.signer)])
        step, change, *rest = caption_of(message).lines
        assert step == "1 of 3: request, to the offline machine"
        assert change.startswith("MAINNET, ")
        assert "BTC" in change
        assert change.endswith("set leverage to cross 5x")
        assert rest == [" ".join(words[at : at + 4]) for at in (0, 4, 8, 12)]

    def test_without_a_signer_there_are_no_words(self):
        assert len(_lines(_request())) == 2

    def test_a_batch_says_how_many_and_the_words_of_all(self):
        documents = [_request(signer=_SIGNER, nonce=1795340000000 + n) for n in range(3)]
        message = load_message(json.dumps(documents).encode(), "here")
        subjects = [Subject(one.signable.digest(), one.signer) for one in message.requests]
        step, *rest = caption_of(message).lines
        assert step == "1 of 3: 3 requests, to the offline machine"
        assert " ".join(rest).split() == list(check_words(subjects))


class TestFont:
    def test_every_letter_of_the_words_and_figures_is_drawn(self):
        needed = set("".join(WORDS).upper()) | set("0123456789.,:-+/()%=_ ")
        for letter in needed - {"?"}:
            drawn = [font.drawn_row(letter, row) for row in range(font.HEIGHT)]
            assert drawn != [font.drawn_row("?", row) for row in range(font.HEIGHT)], letter
            assert {len(row) for row in drawn} == {font.WIDTH}

    def test_no_two_letters_look_the_same(self):
        letters = [chr(code) for code in range(0x20, 0x7F) if not chr(code).islower()]
        shapes = {}
        for letter in letters:
            shape = tuple(font.drawn_row(letter, row) for row in range(font.HEIGHT))
            shapes.setdefault(shape, []).append(letter)
        unknown = shapes.pop(tuple(font.drawn_row("?", row) for row in range(font.HEIGHT)))
        assert "?" in unknown
        assert not set(unknown) & set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:-+/()%=_ ")
        assert all(len(alike) == 1 for alike in shapes.values())


class TestPictures:
    @pytest.mark.parametrize("ending", [".png", ".gif"])
    def test_the_words_stand_below_the_code_which_is_read_as_before(self, ending):
        frames = ur_frames(_KIND, _MESSAGE, Density.MEDIUM)
        bare = Image.open(io.BytesIO(picture(frames, ending))).convert("L")
        image = Image.open(io.BytesIO(picture(frames, ending, caption=_CAPTION))).convert("L")
        assert image.width == bare.width
        assert image.height > bare.height
        assert image.crop((0, 0, *bare.size)).tobytes() == bare.tobytes()
        below = image.crop((0, bare.height, image.width, image.height))
        assert below.getextrema() == (0, 255)
        assert code_reader()(image) == (encode_ur(_KIND, _MESSAGE),)

    @pytest.mark.parametrize("ending", [".apng", ".gif"])
    def test_the_words_stay_while_the_frames_change(self, ending, tmp_path):
        message = random.Random(2).randbytes(500)
        frames = ur_frames(_KIND, message, Density.LOW)
        image = Image.open(io.BytesIO(picture(frames, ending, caption=_CAPTION)))
        side = frames[0].size * 8
        words = set()
        for number in range(len(frames)):
            image.seek(number)
            grey = image.convert("L")
            words.add(grey.crop((0, side, side, grey.height)).tobytes())
            assert len(code_reader()(grey)) == 1
        assert len(words) == 1

    def test_a_drawing_and_a_page_carry_the_words_as_text(self):
        odd = Caption(("to <the> online & machine",))
        frames = ur_frames(_KIND, _MESSAGE, Density.MEDIUM)
        for ending in (".svg", ".html"):
            text = picture(frames, ending, caption=odd).decode("ascii")
            assert "<the>" not in text
            assert odd.lines[0] in html.unescape(re.sub(r"<[^>]*>", "", text))

    def test_a_code_too_narrow_for_words_has_none(self):
        frames = ur_frames(_KIND, b"x", Density.MEDIUM)
        image = Image.open(io.BytesIO(picture(frames, ".png", scale=1, caption=_CAPTION)))
        assert code_reader()(image.convert("L").resize((8 * image.width, 8 * image.height)))


def test_the_picture_of_a_request_on_the_command_line_says_what_it_is(tmp_path):
    request = tmp_path / "request.json"
    request.write_text(json.dumps(_request(signer=_SIGNER)))
    code = tmp_path / "code.svg"
    command = [sys.executable, "-P", "-m", "coldlever.broadcaster", "qr", "show", request]
    subprocess.run([*command, "--qr-out", code], check=True, capture_output=True)
    words = " ".join(re.sub(r"<[^>]*>", " ", code.read_text()).split())
    assert "1 of 3: request, to the offline machine MAINNET, BTC" in words
