"""Film an animated QR code: what a camera in front of the screen would record."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageSequence

_WIDTH, _HEIGHT = 960, 720
_SHOTS_A_FRAME = 2
_FRAMES_A_SECOND = 10
# A person films until the scan is complete; a short loop has gone round several times by then.
_LOOPS = 4


def film(animation: Path, video: Path, *, drop: float = 0.0, seed: int = 1) -> int:
    """Record a GIF or APNG as a video: from a slight angle, with noise, not quite sharp.

    Args:
        animation: the looping picture.
        video: the file to make, .mp4 or .avi.
        drop: share of the animation's frames that the camera misses.
        seed: of the noise and the losses.

    Returns:
        How many frames the video has.
    """
    luck = np.random.default_rng(seed)
    codec = "mp4v" if video.suffix == ".mp4" else "MJPG"
    writer = cv2.VideoWriter(
        str(video), cv2.VideoWriter.fourcc(*codec), _FRAMES_A_SECOND, (_WIDTH, _HEIGHT)
    )
    count = 0
    with Image.open(animation) as picture:
        screens = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(picture)]
    for screen in screens * _LOOPS:
        if luck.random() < drop:
            continue
        for _ in range(_SHOTS_A_FRAME):
            writer.write(_shot(screen, luck))
            count += 1
    writer.release()
    return count


def _shot(screen: np.ndarray, luck: np.random.Generator) -> np.ndarray:
    height, width = screen.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    # A hand never keeps quite still.
    seen = np.array([[170, 50], [800, 70], [780, 670], [190, 650]]) + luck.normal(0, 3, (4, 2))
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    image = cv2.warpPerspective(screen, matrix, (_WIDTH, _HEIGHT), borderValue=90)
    image = cv2.GaussianBlur(image, (3, 3), 0)
    noisy = image.astype(np.float32) + luck.normal(0, 8, image.shape)
    return cv2.cvtColor(np.clip(noisy, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
