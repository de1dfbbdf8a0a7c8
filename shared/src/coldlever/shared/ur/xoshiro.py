"""Xoshiro256**, the pseudo-random generator that encoder and decoder agree on.

Source: BCR-2024-001, "The Xoshiro256** Pseudorandom Number Generator". It hides nothing and
protects nothing: it only decides which fragments a part mixes. The specification draws through
IEEE 754 doubles, so they cannot be avoided here.
"""

from __future__ import annotations

import hashlib
import struct

_MASK = (1 << 64) - 1
_TO_UNIT = 2.0**-64


class Xoshiro256:
    """A generator in one state.

    Args:
        seed: any bytes; the SHA-256 of them is the state, four big-endian 64-bit numbers.
    """

    __slots__ = ("_s0", "_s1", "_s2", "_s3")

    _s0: int
    _s1: int
    _s2: int
    _s3: int

    def __init__(self, seed: bytes) -> None:
        self._s0, self._s1, self._s2, self._s3 = struct.unpack(">4Q", hashlib.sha256(seed).digest())

    def next(self) -> int:
        """The next number, 0 to 2^64 - 1."""
        s1 = self._s1
        scrambled = s1 * 5 & _MASK
        scrambled = (scrambled << 7 | scrambled >> 57) * 9 & _MASK
        s2 = self._s2 ^ self._s0
        s3 = self._s3 ^ s1
        self._s1 = s1 ^ s2
        self._s0 ^= s3
        self._s2 = s2 ^ (s1 << 17 & _MASK)
        self._s3 = (s3 << 45 | s3 >> 19) & _MASK
        return scrambled

    def next_double(self) -> float:
        """The next number divided by 2^64: 0.0 to 1.0, where 1.0 itself comes by rounding only."""
        return self.next() * _TO_UNIT

    def below(self, bound: int) -> int:
        """The next integer, 0 to ``bound`` - 1."""
        # One draw in 2^54 rounds up to 1.0; the reference would then read past its list.
        return min(int(self.next() * _TO_UNIT * bound), bound - 1)
