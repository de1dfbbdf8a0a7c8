"""Key derivation of V3 keystores: which settings are taken, and at what cost.

Bounded both ways. Below the floor a stolen file is opened by guessing; above the ceiling a foreign
file could make this machine allocate until it fails, so it is refused before anything is allocated.

Source: the Web3 Secret Storage definition (version 3), RFC 7914 (scrypt), RFC 8018 (PBKDF2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import (
    U32_MAX,
    JsonValue,
    Where,
    as_choice,
    as_integer,
    as_string,
    describe,
)

DERIVED_BYTES = 32
# What new keystores get: 256 MiB and about a second.
DEFAULT_SCRYPT_N = 1 << 18

# The weakest setting of a wallet in wide use (go-ethereum's "light" keystores: N 4096, r 8).
_SCRYPT_MIN_N = 1 << 12
_SCRYPT_MIN_BLOCKS = 1 << 15
# What a keystore should have; below it the signer recommends to import the key again.
_SCRYPT_GOOD_BLOCKS = 1 << 18
_SCRYPT_MAX_MEMORY = 1 << 30
# 32 times the work of a new keystore: under a minute.
_SCRYPT_MAX_WORK = 1 << 26
_PBKDF2_MIN_ROUNDS = 10_000
_PBKDF2_GOOD_ROUNDS = 200_000
_PBKDF2_MAX_ROUNDS = 20_000_000

_SALT = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){8,64})")
_REIMPORT = "open it in the wallet that made it, and import the key here with a new passphrase"


@dataclass(frozen=True, slots=True)
class Scrypt:
    """Settings of scrypt.

    Args:
        n: cost, a power of two.
        r: block size factor; the memory is 128 * n * r bytes.
        p: how many times over.
        salt: 8 to 64 bytes.
    """

    n: int
    r: int
    p: int
    salt: bytes

    @property
    def name(self) -> str:
        """The name in the file."""
        return "scrypt"

    @property
    def is_weak(self) -> bool:
        """Whether it may be opened, but the key deserves a better keystore."""
        return self.n * self.r * self.p < _SCRYPT_GOOD_BLOCKS

    def to_wire(self) -> dict[str, object]:
        """``kdfparams`` of the file."""
        return {
            "dklen": DERIVED_BYTES,
            "n": self.n,
            "r": self.r,
            "p": self.p,
            "salt": self.salt.hex(),
        }

    def __str__(self) -> str:
        return f"scrypt N={self.n} r={self.r} p={self.p}"


@dataclass(frozen=True, slots=True)
class Pbkdf2:
    """Settings of PBKDF2 with HMAC-SHA-256; opened, never made here.

    Args:
        rounds: iterations.
        salt: 8 to 64 bytes.
    """

    rounds: int
    salt: bytes

    @property
    def name(self) -> str:
        """The name in the file."""
        return "pbkdf2"

    @property
    def is_weak(self) -> bool:
        """Whether it may be opened, but the key deserves a better keystore."""
        return self.rounds < _PBKDF2_GOOD_ROUNDS

    def to_wire(self) -> dict[str, object]:
        """``kdfparams`` of the file."""
        return {
            "dklen": DERIVED_BYTES,
            "c": self.rounds,
            "prf": "hmac-sha256",
            "salt": self.salt.hex(),
        }

    def __str__(self) -> str:
        return f"pbkdf2 c={self.rounds} hmac-sha256"


Kdf = Scrypt | Pbkdf2


def parse_kdf(name: JsonValue, parameters: dict[str, JsonValue], where: Where) -> Kdf:
    """Read ``kdf`` and ``kdfparams`` and refuse costs out of bounds.

    Args:
        name: the value of ``kdf``.
        parameters: the value of ``kdfparams``, keys in lower case.
        where: the place of the object that holds both.

    Raises:
        InputRefused: wrong form.
        RuleRefused: ``kdf-too-weak`` or ``kdf-too-costly``.
    """
    kind = as_choice(name, where.key("kdf"), ("scrypt", "pbkdf2"))
    place = where.key("kdfparams")
    as_integer(parameters.get("dklen"), place.key("dklen"), DERIVED_BYTES, DERIVED_BYTES)
    salt = _parse_salt(parameters.get("salt"), place.key("salt"))
    if kind == "scrypt":
        return _parse_scrypt(parameters, salt, place)
    as_choice(parameters.get("prf"), place.key("prf"), ("hmac-sha256",))
    rounds = as_integer(parameters.get("c"), place.key("c"), 1, U32_MAX)
    _refuse_cost(
        place,
        f"pbkdf2 with c={rounds}",
        too_weak=rounds < _PBKDF2_MIN_ROUNDS,
        too_costly=rounds > _PBKDF2_MAX_ROUNDS,
    )
    return Pbkdf2(rounds, salt)


def _parse_scrypt(parameters: dict[str, JsonValue], salt: bytes, place: Where) -> Scrypt:
    n = as_integer(parameters.get("n"), place.key("n"), 2, U32_MAX)
    r = as_integer(parameters.get("r"), place.key("r"), 1, U32_MAX)
    p = as_integer(parameters.get("p"), place.key("p"), 1, U32_MAX)
    if n & (n - 1):
        raise place.key("n").refusal("out-of-range", describe(n), "a power of two")
    blocks = n * r
    _refuse_cost(
        place,
        f"scrypt with n={n}, r={r}, p={p}",
        too_weak=n < _SCRYPT_MIN_N or blocks < _SCRYPT_MIN_BLOCKS,
        too_costly=128 * blocks > _SCRYPT_MAX_MEMORY or blocks * p > _SCRYPT_MAX_WORK,
    )
    return Scrypt(n, r, p, salt)


def _refuse_cost(place: Where, found: str, *, too_weak: bool, too_costly: bool) -> None:
    if too_weak:
        raise RuleRefused(
            "kdf-too-weak",
            f"{place}: found {found}: whoever gets this file would soon guess its passphrase",
            _REIMPORT,
        )
    if too_costly:
        raise RuleRefused(
            "kdf-too-costly",
            f"{place}: found {found}: opening it would take more memory or time than is sensible "
            "(at most 1 GiB)",
            _REIMPORT,
        )


def _parse_salt(value: JsonValue, where: Where) -> bytes:
    expected = "8 to 64 bytes in hexadecimal"
    match = _SALT.fullmatch(as_string(value, where, 130, expected))
    if match is None:
        raise where.refusal("bad-hex", describe(value), expected)
    return bytes.fromhex(match[1])
