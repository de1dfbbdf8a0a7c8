"""Whether 32 bytes are an Ed25519 key that one person can hold: a canonical point of prime order.

Libraries verify with the eight points of small order too, and with sums of such a point and a
good one; under such a key a signature may fit many messages, or fit for one program and not for
another. The arithmetic is on public data alone, so its time may vary. Source: RFC 8032, 5.1.
"""

from __future__ import annotations

_P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
# Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z.
_Point = tuple[int, int, int, int]
_NEUTRAL: _Point = (0, 1, 1, 0)


def point_problem(encoded: bytes) -> str | None:
    """Why these 32 bytes are no sound key, in words that follow "the key is"; None when they are.

    Args:
        encoded: the y coordinate, lowest byte first, with the sign of x in the top bit.
    """
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= _P:
        return "not in canonical form"
    x = _recover_x(y)
    if x is None:
        return "no point of the curve"
    if x == 0 and sign:
        return "not in canonical form"
    point = (x, y, 1, x * y % _P)
    if _is_neutral(_multiply(8, point)):
        return "of small order: everybody could sign with it"
    if not _is_neutral(_multiply(ORDER, point)):
        return "of mixed order"
    return None


def _recover_x(y: int) -> int | None:
    """One of the two x that belong to y, or None."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    return None if (x * x - square) % _P else x


def _add(one: _Point, two: _Point) -> _Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % _P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _P
    c = 2 * one[3] * two[3] * _D % _P
    d = 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _multiply(factor: int, point: _Point) -> _Point:
    result = _NEUTRAL
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _is_neutral(point: _Point) -> bool:
    return point[0] == 0 and (point[1] - point[2]) % _P == 0
