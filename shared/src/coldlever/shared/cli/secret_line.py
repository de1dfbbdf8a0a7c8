"""Secrets from files and open descriptors, one line each."""

from __future__ import annotations

import os
import re
from pathlib import Path

from coldlever.shared.errors import InputRefused, UsageRefused
from coldlever.shared.files import read_bounded
from coldlever.shared.printable import printable

_MAX_BYTES = 4096
_DESCRIPTOR = re.compile(r"[0-9]{1,6}")


def read_secret_line(name: str) -> str:
    """The first line of a secret file: a path, or ``fd:N`` for an open file descriptor.

    Raises:
        InputRefused: unreadable, empty, too long or not UTF-8.
    """
    if name.startswith("fd:"):
        data = _read_descriptor(name)
    else:
        data = read_bounded(Path(name), _MAX_BYTES)
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise InputRefused("secret-not-utf8", f"{printable(name)}: not UTF-8") from None
    line = text.removesuffix("\n").removesuffix("\r")
    if not line or "\n" in line:
        raise InputRefused(
            "secret-not-one-line", f"{printable(name)}: expected exactly one line, not empty"
        )
    return line


def _read_descriptor(name: str) -> bytes:
    digits = name.removeprefix("fd:")
    if _DESCRIPTOR.fullmatch(digits) is None:
        raise UsageRefused("bad-descriptor", f"{printable(name)}: expected fd: and a number")
    try:
        with os.fdopen(int(digits), "rb", closefd=False) as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputRefused(
            "file-unreadable", f"{printable(name)}: {printable(error.strerror or '')}"
        ) from None
    if len(data) > _MAX_BYTES:
        raise InputRefused("file-too-large", f"{printable(name)}: too long for one line")
    return data
