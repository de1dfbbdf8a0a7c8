"""A 20-byte account address and its two spellings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from coldlever.shared.action.keccak import keccak256
from coldlever.shared.errors import InputRefused
from coldlever.shared.printable import quoted
from coldlever.shared.reading import JsonValue, Where, describe
from coldlever.shared.reading.hexadecimal import to_0x

# EIP-55: a letter is upper-case where the hash of the lower-case spelling has a digit from 8 up.
_UPPER_FROM = 8
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
ADDRESS_BYTES = 20


@lru_cache(maxsize=4096)
def _checksummed(raw: bytes) -> str:
    digits = raw.hex()
    mask = keccak256(digits.encode("ascii")).hex()
    return "0x" + "".join(
        d.upper() if int(m, 16) >= _UPPER_FROM else d for d, m in zip(digits, mask, strict=False)
    )


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """An account, agent, vault or sub-account.

    Args:
        raw: exactly 20 bytes.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != ADDRESS_BYTES:
            raise InputRefused(
                "bad-address", f"an address has 20 bytes, this one has {len(self.raw)}"
            )

    @property
    def lower(self) -> str:
        """``0x`` and 40 lower-case digits: the spelling the exchange hashes and expects."""
        return to_0x(self.raw)

    @property
    def checksummed(self) -> str:
        """The mixed-case spelling of EIP-55: the one people compare."""
        return _checksummed(self.raw)

    def __str__(self) -> str:
        return self.checksummed


def parse_address(text: str) -> Address:
    """Read an address.

    All-lower and all-upper digits are taken as they are; mixed case must satisfy EIP-55, because
    then the writer meant the case to protect against a typing error.

    Raises:
        InputRefused: ``bad-address`` for a wrong form, ``bad-address-checksum`` for wrong case.
    """
    if _ADDRESS.fullmatch(text) is None:
        raise InputRefused(
            "bad-address",
            f"found {quoted(text, limit=60)}, expected 0x and 40 hexadecimal digits",
        )
    digits = text[2:]
    address = Address(bytes.fromhex(digits))
    if digits in (digits.lower(), digits.upper()):
        return address
    if address.checksummed != text:
        raise InputRefused(
            "bad-address-checksum",
            f'"{text}" does not satisfy its EIP-55 checksum: a digit or its case is wrong',
            "copy the address again from where it came from",
        )
    return address


def as_address(value: JsonValue, where: Where) -> Address:
    """An address, see `parse_address`."""
    if not isinstance(value, str):
        raise where.refusal("wrong-type", describe(value), "an address as a string")
    try:
        return parse_address(value)
    except InputRefused as error:
        raise error.at(where) from None


def as_optional_address(value: JsonValue, where: Where) -> Address | None:
    """An address, or null for none."""
    return None if value is None else as_address(value, where)
