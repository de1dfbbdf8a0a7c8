"""The fields of SSH's binary formats: u32, byte strings with a length, integers (RFC 4251)."""

from __future__ import annotations

from coldlever.shared.errors import RuleRefused

_LENGTH_BYTES = 4
_NEGATIVE = 0x80


def invalid(reason: str) -> RuleRefused:
    """``approval-invalid``, for whatever is wrong with a signature."""
    return RuleRefused(
        "approval-invalid",
        f"not a signature that counts: {reason}",
        "have its author sign the statement again",
    )


class Reader:
    """Takes fields from the front of some bytes.

    Args:
        data: foreign bytes.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes.

        Raises:
            RuleRefused: ``approval-invalid`` when there are fewer.
        """
        if len(self._data) < size:
            raise invalid("it is cut short")
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def u32(self) -> int:
        """Four bytes, the highest first."""
        return int.from_bytes(self.take(_LENGTH_BYTES), "big")

    def string(self) -> bytes:
        """A length and as many bytes."""
        return self.take(self.u32())

    def natural(self) -> int:
        """A positive integer (``mpint``) in its one shortest form."""
        raw = self.string()
        value = int.from_bytes(raw, "big")
        if natural(value) != string(raw):
            raise invalid("a number is negative or not in its shortest form")
        return value

    def end(self) -> None:
        """Refuse anything that is left.

        Raises:
            RuleRefused: ``approval-invalid``.
        """
        if self._data:
            raise invalid("bytes follow its end")


def string(data: bytes) -> bytes:
    """A byte string with its length in front."""
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data


def natural(value: int) -> bytes:
    """A positive integer as ``mpint``; a zero byte keeps the sign bit clear."""
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return string(b"\0" + raw if raw and raw[0] & _NEGATIVE else raw)
