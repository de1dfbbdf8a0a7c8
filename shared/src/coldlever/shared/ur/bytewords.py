"""Bytewords: bytes as four-letter English words (BCR-2020-012).

Each byte has one word, and each word is known by its first and last letter alone, so that the
minimal style needs two letters a byte. The last four words are the CRC-32 of the data, big-endian.
"""

from __future__ import annotations

import enum
import sys
import zlib

from coldlever.shared.errors import InputRefused

_CHECKSUM_BYTES = 4

# BCR-2020-012, "The Bytewords word list": the word of byte 0 first.
WORDS = tuple(
    """
    able acid also apex aqua arch atom aunt away axis back bald barn belt beta bias
    blue body brag brew bulb buzz calm cash cats chef city claw code cola cook cost
    crux curl cusp cyan dark data days deli dice diet door down draw drop drum dull
    duty each easy echo edge epic even exam exit eyes fact fair fern figs film fish
    fizz flap flew flux foxy free frog fuel fund gala game gear gems gift girl glow
    good gray grim guru gush gyro half hang hard hawk heat help high hill holy hope
    horn huts iced idea idle inch inky into iris iron item jade jazz join jolt jowl
    judo jugs jump junk jury keep keno kept keys kick kiln king kite kiwi knob lamb
    lava lazy leaf legs liar limp lion list logo loud love luau luck lung main many
    math maze memo menu meow mild mint miss monk nail navy need news next noon note
    numb obey oboe omit onyx open oval owls paid part peck play plus poem pool pose
    puff puma purr quad quiz race ramp real redo rich road rock roof ruby ruin runs
    rust safe saga scar sets silk skew slot soap solo song stub surf swan taco task
    taxi tent tied time tiny toil tomb toys trip tuna twin ugly undo unit urge user
    vast very veto vial vibe view visa void vows wall wand warm wasp wave waxy webs
    what when whiz wolf work yank yawn yell yoga yurt zaps zero zest zinc zone zoom
    """.split()  # noqa: SIM905 - the table as the specification prints it
)


class Style(enum.Enum):
    """How the words are written."""

    STANDARD = " "
    """Whole words with spaces between."""
    URI = "-"
    """Whole words with hyphens between."""
    MINIMAL = ""
    """The first and last letter of each word, nothing between."""


_BYTE_OF_WORD = {word: byte for byte, word in enumerate(WORDS)}
_FIRST_LETTERS = "".join(word[0] for word in WORDS).encode()
_LAST_LETTERS = "".join(word[-1] for word in WORDS).encode()
# Two letters read as one 16-bit number of this machine, as memoryview.cast("H") gives them:
# one dictionary look-up a byte and no slicing, which is what makes decoding quick.
_BYTE_OF_PAIR = {
    int.from_bytes(bytes(pair), sys.byteorder): byte
    for byte, pair in enumerate(zip(_FIRST_LETTERS, _LAST_LETTERS, strict=True))
}


def words_of(data: bytes) -> tuple[str, ...]:
    """The word of each byte, without a checksum: for two people comparing a hash by phone."""
    return tuple(WORDS[byte] for byte in data)


def encode(data: bytes, style: Style = Style.MINIMAL) -> str:
    """Write bytes and their CRC-32 as words.

    Args:
        data: any number of bytes.
        style: how the words are written.

    Returns:
        Lower-case ASCII; in the minimal style two letters a byte, four bytes more than ``data``.
    """
    body = data + zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "big")
    if style is not Style.MINIMAL:
        separator: str = style.value
        return separator.join(words_of(body))
    letters = bytearray(2 * len(body))
    letters[0::2] = body.translate(_FIRST_LETTERS)
    letters[1::2] = body.translate(_LAST_LETTERS)
    return letters.decode("ascii")


def decode(text: str, style: Style = Style.MINIMAL) -> bytes:
    """Read words back and check their CRC-32.

    Args:
        text: words in upper, lower or mixed case. The caller bounds its length.
        style: how the words are written.

    Returns:
        The data, four bytes shorter than the words say.

    Raises:
        InputRefused: ``bytewords-malformed`` (no such word, or too few of them) or
            ``bytewords-checksum``.
    """
    # Non-ASCII goes first: lower() would turn the Kelvin sign into a k.
    if not text.isascii():
        raise _malformed("found a letter outside ASCII")
    body = (_decode_minimal if style is Style.MINIMAL else _decode_words)(text.lower(), style)
    if len(body) < _CHECKSUM_BYTES:
        raise _malformed(f"found {len(body)} words, expected at least {_CHECKSUM_BYTES}")
    data, checksum = body[:-_CHECKSUM_BYTES], body[-_CHECKSUM_BYTES:]
    if zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "big") != checksum:
        raise InputRefused(
            "bytewords-checksum",
            "the checksum at the end of the bytewords does not fit: they were misread or cut off",
            "scan or copy them again",
        )
    return data


def _decode_minimal(text: str, _style: Style) -> bytes:
    if len(text) % 2:
        raise _malformed("found an odd number of letters, expected two a byte")
    try:
        return bytes(map(_BYTE_OF_PAIR.__getitem__, memoryview(text.encode("ascii")).cast("H")))
    except KeyError:
        raise _malformed("found two letters that begin and end no byteword") from None


def _decode_words(text: str, style: Style) -> bytes:
    try:
        return bytes([_BYTE_OF_WORD[word] for word in text.split(style.value)])
    except KeyError:
        raise _malformed("found a word that is no byteword") from None


def _malformed(found: str) -> InputRefused:
    return InputRefused("bytewords-malformed", f"not bytewords: {found}", "scan or copy them again")
