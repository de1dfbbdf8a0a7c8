import json
from pathlib import Path
from typing import Any

import pytest

from coldlever.shared.errors import InputRefused
from coldlever.shared.ur import bytewords
from coldlever.shared.ur.bytewords import WORDS, Style

_OWN = Path(__file__).resolve().parents[1] / "vectors" / "ur.json"
_REFERENCE = (
    Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "ur" / "bytewords.json"
)
_EVERY_BYTE = bytes(range(256))


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    if not _REFERENCE.is_file():
        pytest.skip("reference vectors not present")
    return json.loads(_REFERENCE.read_text())


def test_the_word_list_is_that_of_the_specification(reference):
    assert list(WORDS) == reference["words"]


def test_the_reference_vectors_encode_and_decode(reference):
    for vector in reference["vectors"]:
        data = bytes.fromhex(vector["hex"])
        for style in Style:
            text = vector.get(style.name.lower())
            if text is not None:
                assert bytewords.encode(data, style) == text
                assert bytewords.decode(text, style) == data


def test_the_reference_checksums_are_the_last_four_words(reference):
    for vector in reference["vectors"]:
        if "crc32" in vector:
            words = bytewords.words_of(bytes.fromhex(vector["crc32"]))
            assert vector["minimal"].endswith("".join(word[0] + word[-1] for word in words))


def test_the_reference_examples_of_invalid_words_are_refused(reference):
    for example in reference["invalid"]:
        with pytest.raises(InputRefused, match=r"bytewords|checksum"):
            bytewords.decode(example["text"], Style[example["style"].upper()])


@pytest.mark.parametrize("vector", json.loads(_OWN.read_text())["bytewords"])
@pytest.mark.parametrize("style", Style)
def test_our_own_vectors_encode_and_decode(vector, style):
    data, text = bytes.fromhex(vector["hex"]), vector[style.name.lower()]
    assert bytewords.encode(data, style) == text
    assert bytewords.decode(text, style) == data


def test_each_word_is_known_by_its_first_and_last_letter():
    assert len({word[0] + word[-1] for word in WORDS}) == 256
    assert {len(word) for word in WORDS} == {4}
    assert list(WORDS) == sorted(WORDS)


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("data", [b"", b"\0", _EVERY_BYTE])
def test_every_style_gives_the_bytes_back(style, data):
    assert bytewords.decode(bytewords.encode(data, style), style) == data


@pytest.mark.parametrize("style", Style)
def test_case_does_not_matter(style):
    text = bytewords.encode(_EVERY_BYTE, style)
    assert bytewords.decode(text.upper(), style) == _EVERY_BYTE
    assert bytewords.decode(text.title(), style) == _EVERY_BYTE


def test_the_minimal_style_takes_two_letters_a_byte():
    assert len(bytewords.encode(_EVERY_BYTE)) == 2 * (256 + 4)


def test_check_words_have_no_checksum():
    assert bytewords.words_of(b"\x00\xff") == ("able", "zoom")


@pytest.mark.parametrize("position", range(0, 2 * 12, 2))
def test_one_misread_byte_is_refused_by_the_checksum(position):
    text = bytewords.encode(b"leverage")
    other = "ae" if text[position : position + 2] != "ae" else "zm"
    with pytest.raises(InputRefused) as caught:
        bytewords.decode(text[:position] + other + text[position + 2 :])
    assert caught.value.code == "bytewords-checksum"
    assert caught.value.remedy == "scan or copy them again"


@pytest.mark.parametrize(
    ("text", "style", "found"),
    [
        ("aeadaolazmjendeot", Style.MINIMAL, "odd number"),
        ("aeadaolazmjendeozz", Style.MINIMAL, "two letters"),
        ("ae ad", Style.MINIMAL, "odd number"),
        ("aeadao", Style.MINIMAL, "found 3 words"),
        ("", Style.MINIMAL, "found 0 words"),
        ("able acid also", Style.STANDARD, "found 3 words"),
        ("able acid also lava zoom jade need echo wxyz", Style.STANDARD, "no byteword"),
        ("able  acid", Style.STANDARD, "no byteword"),
        ("able acid also lava", Style.URI, "no byteword"),
        ("", Style.URI, "no byteword"),
        ("\N{KELVIN SIGN}pkpkpkpkp", Style.MINIMAL, "outside ASCII"),
        ("\ud800", Style.STANDARD, "outside ASCII"),
    ],
)
def test_what_is_no_bytewords_is_refused(text, style, found):
    with pytest.raises(InputRefused, match=found) as caught:
        bytewords.decode(text, style)
    assert caught.value.code == "bytewords-malformed"
