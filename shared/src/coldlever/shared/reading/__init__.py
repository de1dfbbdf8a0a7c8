"""Strict readers of bytes, values and times; nothing here knows what an action is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.reading.fields import (
        SAFE_INTEGER_MAX,
        U32_MAX,
        Where,
        as_choice,
        as_integer,
        as_object,
        as_string,
        describe,
        elements,
    )
    from coldlever.shared.reading.strict_json import JsonValue, loads
    from coldlever.shared.reading.times import moment
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "SAFE_INTEGER_MAX": "fields",
            "U32_MAX": "fields",
            "Where": "fields",
            "as_choice": "fields",
            "as_integer": "fields",
            "as_object": "fields",
            "as_string": "fields",
            "describe": "fields",
            "elements": "fields",
            "JsonValue": "strict_json",
            "loads": "strict_json",
            "moment": "times",
        },
    )

__all__ = [
    "SAFE_INTEGER_MAX",
    "U32_MAX",
    "JsonValue",
    "Where",
    "as_choice",
    "as_integer",
    "as_object",
    "as_string",
    "describe",
    "elements",
    "loads",
    "moment",
]
