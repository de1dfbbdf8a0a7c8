"""What a camera does to a QR code, simulated: blur, noise, rotation, perspective."""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageFilter

from coldlever.shared.qr.draw.bitmap import packed_rows
from coldlever.shared.qr.draw.matrix import Matrix

# A desk behind the code, neither black nor white.
_SURROUNDINGS = 150
_MARGIN = 24


def photographed(matrix: Matrix, scale: int = 4) -> Image.Image:
    """The code straight from the front, on a grey background.

    Args:
        matrix: the code.
        scale: camera pixels a module.
    """
    side = matrix.size * scale
    pixels = b"".join(row * scale for row in packed_rows(matrix, scale))
    code = Image.frombytes("1", (side, side), pixels).convert("L")
    # Screens and cameras reach neither black nor white.
    code = code.point([30 + 195 * value // 255 for value in range(256)])
    photo = Image.new("L", (side + 2 * _MARGIN, side + 2 * _MARGIN), _SURROUNDINGS)
    photo.paste(code, (_MARGIN, _MARGIN))
    return photo


def blurred(photo: Image.Image, chance: random.Random) -> Image.Image:
    """Out of focus by up to half a module of 4 pixels (standard deviation 1 to 2 pixels)."""
    return photo.filter(ImageFilter.GaussianBlur(chance.uniform(1.0, 2.0)))


def noisy(photo: Image.Image, chance: random.Random) -> Image.Image:
    """A dark room: noise of standard deviation 20 to 40 of 255."""
    noise = Image.effect_noise(photo.size, chance.uniform(20, 40))
    return Image.blend(photo, noise, 0.5).point([min(255, max(0, 2 * v - 64)) for v in range(256)])


def rotated(photo: Image.Image, chance: random.Random) -> Image.Image:
    """Held askew, by any angle."""
    return photo.rotate(
        chance.uniform(0, 360),
        Image.Resampling.BICUBIC,
        expand=True,
        fillcolor=_SURROUNDINGS,
    )


def tilted(photo: Image.Image, chance: random.Random) -> Image.Image:
    """Held at a slant: each corner moves inwards by up to 8 % of the side."""
    side = photo.width
    reach = 0.08 * side
    corners = [
        (x + sign_x * chance.uniform(0, reach), y + sign_y * chance.uniform(0, reach))
        for x, y, sign_x, sign_y in (
            (0, 0, 1, 1),
            (side, 0, -1, 1),
            (side, side, -1, -1),
            (0, side, 1, -1),
        )
    ]
    whole = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)]
    return photo.transform(
        photo.size,
        Image.Transform.PERSPECTIVE,
        _perspective(corners, whole),
        Image.Resampling.BICUBIC,
        fillcolor=_SURROUNDINGS,
    )


def hand_held(photo: Image.Image, chance: random.Random) -> Image.Image:
    """All of it at once, milder."""
    askew = photo.rotate(
        chance.uniform(-12, 12), Image.Resampling.BICUBIC, expand=True, fillcolor=_SURROUNDINGS
    )
    soft = tilted(askew, chance).filter(ImageFilter.GaussianBlur(chance.uniform(0.6, 1.2)))
    return noisy(soft, chance)


DAMAGES: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "blur": blurred,
    "noise": noisy,
    "rotation": rotated,
    "perspective": tilted,
    "hand-held": hand_held,
}


def _perspective(
    source: list[tuple[float, float]], target: list[tuple[float, float]]
) -> list[float]:
    """The eight coefficients that map ``source`` (in the result) to ``target`` (in the photo)."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    # Gauss-Jordan elimination with pivots; the system is 8 by 8.
    for column in range(8):
        pivot = max(range(column, 8), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        head = rows[column][column]
        rows[column] = [value / head for value in rows[column]]
        for row in range(8):
            if row != column:
                factor = rows[row][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [row[8] for row in rows]
