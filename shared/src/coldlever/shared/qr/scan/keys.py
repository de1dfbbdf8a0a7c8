"""What a scanner that poses as a keyboard makes of a code, and how to undo it."""

from __future__ import annotations

import re

# ISO/IEC 15424: "]", the symbology and a modifier, before each code where a scanner is told so.
_AIM = r"\][A-Za-z][0-9A-Za-z]"
_CODE_BEGINS = re.compile(rf"(?:{_AIM})?(?=ur:)", re.IGNORECASE)
_AIM_BEFORE = re.compile(rf"{_AIM}(?=ur|[{{\[])", re.IGNORECASE)
# A scanner presses the keys of a US keyboard, and the machine's layout says what they mean: from
# what appears in lower case to what was meant. ":" is the first that differs, and tells them apart.
_LAYOUTS = {
    "urö": str.maketrans("zyö-ß", "yz:/-"),
    "urm": str.maketrans("qazwm!),?à&é\"'(-è_ç", "aqwz:/-mm0123456789"),
}
_OTHER_LAYOUT = re.compile(r"ur[^\x00-\x7f]\S{8}", re.IGNORECASE)
_ADVICE = (
    "a code in the letters of another keyboard layout; set the scanner, or the keyboard for as "
    "long as you scan, to US"
)


def codes_of(line: str) -> tuple[tuple[str, ...], str | None]:
    """Take a line of a scanner apart.

    Args:
        line: anything, with or without its line end.

    Returns:
        The texts of its codes, and a note in their place where it holds one that cannot be read.
    """
    text = line.strip()
    bare = _AIM_BEFORE.sub("", text, count=1) if text.startswith("]") else text
    layout = _LAYOUTS.get(bare[:3].lower())
    if layout is not None:
        bare = bare.lower().translate(layout)
    elif _OTHER_LAYOUT.match(bare):
        return (), _ADVICE
    if bare[:3].lower() != "ur:":
        # Only between URs is it known where one code ends.
        return ((bare,) if bare else ()), None
    return tuple(code.strip() for code in _CODE_BEGINS.split(bare) if code.strip()), None
