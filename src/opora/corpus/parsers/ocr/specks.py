"""Specks of a scanned page: dark dots smaller than any point of a letter, with nothing around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

INK = 0.8
"""Grey value below which a pixel may belong to a letter, as a share of the value of the paper."""
INNER, OUTER = 2, 5
"""Distance from the middle of a speck within which all its ink lies, and within which there is no other, in pixels."""
MAX_PIXELS = 9
"""Largest speck at 300 dpi; the dots of small letters have 12 pixels and more."""
MAX_SPECKS = 20_000
"""A page with more of them is a halftone picture."""


def without_specks(pixels: Pixels) -> Pixels:
    """Return the grey image (rows, columns; 0 is black) without its specks."""
    import numpy as np

    paper = int(np.median(pixels))
    ink = pixels < INK * paper
    inner, outer = _sums(ink, INNER), _sums(ink, OUTER)
    rows, columns = np.nonzero(ink & (inner == outer) & (outer <= MAX_PIXELS))
    if not len(rows) or len(rows) > MAX_SPECKS:
        return pixels
    copy = pixels.copy()
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        copy[max(0, row - INNER) : row + INNER + 1, max(0, column - INNER) : column + INNER + 1] = paper
    return copy


def _sums(ink: np.ndarray[Any, np.dtype[np.bool_]], reach: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the number of dark pixels in the square around each pixel, `reach` pixels to each side."""
    import numpy as np

    padded = np.pad(ink.astype(np.uint8), reach)
    size = 2 * reach + 1
    across = sum(padded[:, at : at + ink.shape[1]] for at in range(1, size)) + padded[:, : ink.shape[1]]
    total: np.ndarray[Any, np.dtype[np.uint8]] = across[: ink.shape[0]].copy()
    for at in range(1, size):
        total += across[at : at + ink.shape[0]]
    return total
