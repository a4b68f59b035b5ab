"""Skew of a scanned page: the angle at which its lines of text are sharpest in the sums of the rows of pixels.

Method: projection profiles (Postl, 1986), on a small copy of the image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

MAX_ANGLE, STEP = 3.0, 0.1
"""Range and step of the angles that are tried, in degrees."""
MIN_ANGLE = 0.15
"""Smaller angles change nothing."""
SMALL_WIDTH = 600
"""Width of the small copy, in pixels."""
BLOCK = 8
"""Columns of the small copy that are moved together."""


def straighten(pixels: Pixels) -> Pixels:
    """Return the grey image turned so that its lines are level."""
    angle = find_skew(pixels)
    if abs(angle) < MIN_ANGLE:
        return pixels
    import numpy as np
    from PIL import Image

    image = Image.fromarray(pixels).rotate(-angle, Image.Resampling.BICUBIC, fillcolor=int(np.median(pixels)))
    return np.asarray(image)


def find_skew(pixels: Pixels) -> float:
    """Return the angle of the lines in degrees, positive where they climb to the right."""
    import numpy as np

    factor = max(1, pixels.shape[1] // SMALL_WIDTH)
    height, width = (size // factor * factor for size in pixels.shape)
    small = 255.0 - pixels[:height, :width].reshape(height // factor, factor, width // factor, factor).mean(axis=(1, 3))
    blocks = small.shape[1] // BLOCK
    if blocks < 4 or small.shape[0] < 50:
        return 0.0
    sums = small[:, : blocks * BLOCK].reshape(small.shape[0], blocks, BLOCK).sum(axis=2)

    def sharpness(angle: float) -> float:
        shifts = np.rint(np.tan(np.radians(angle)) * BLOCK * (np.arange(blocks) - blocks / 2)).astype(int)
        rows = (np.arange(sums.shape[0])[:, None] - shifts) % sums.shape[0]
        profile = np.take_along_axis(sums, rows, axis=0).sum(axis=1)
        return float(np.square(np.diff(profile)).sum())

    coarse = max(np.arange(-MAX_ANGLE, MAX_ANGLE + 0.01, 0.5), key=sharpness)
    best = max(np.arange(coarse - 0.5, coarse + 0.51, STEP), key=sharpness)
    return float(best) if sharpness(best) > 1.05 * sharpness(0.0) else 0.0
