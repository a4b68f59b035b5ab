"""Rulings of a scanned page: long straight runs of dark pixels. They bound tables, and disturb OCR if they stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    Mask = np.ndarray[Any, np.dtype[np.bool_]]

POOL = 3
"""Pixels are pooled by three, so that lines that are slightly askew do not break."""
DARK = 0.62
"""Grey value below which a pixel is dark, as a share of the value of the paper."""
MIN_WIDTH, MIN_HEIGHT = 0.3, 0.25
"""Smallest lengths of horizontal and vertical rulings, in inches: longer than the strokes of letters."""
MAX_THICKNESS = 0.06
"""Largest thickness of a ruling, in inches; thicker areas are pictures and black margins."""
MAX_SERIFS, MAX_STEMS = 1.5, 0.3
"""Length of the tops of letters that look like a ruling, in inches, at most, and share of them with ink below."""
MAX_GROUPED, MIN_GRID = 2000, 5
"""Number of rulings that are looked at for grids, and the smallest number that is one."""
MARGIN = 3
"""Pixels around a ruling that are grey."""
MAX_RUNS = 20_000
"""A page with more runs is a picture."""


class PixelRuling(NamedTuple):
    """Box of a horizontal or vertical ruling in pixels, thickness included; the ends are exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def is_horizontal(self) -> bool:
        return self.x1 - self.x0 > self.y1 - self.y0


def find_rulings(pixels: Pixels, dpi: int) -> list[PixelRuling]:
    """Return the rulings of a grey image (rows, columns; 0 is black)."""
    import numpy as np

    height, width = (size // POOL * POOL for size in pixels.shape)
    if not height or not width:
        return []
    pooled = pixels[:height, :width].reshape(height // POOL, POOL, width // POOL, POOL).min(axis=(1, 3))
    dark = pooled < DARK * float(np.median(pooled))
    width, height, thickness = (max(2, int(size * dpi / POOL)) for size in (MIN_WIDTH, MIN_HEIGHT, MAX_THICKNESS))
    across = [PixelRuling(x0, y0, x1, y1) for y0, x0, y1, x1 in _find_lines(dark, width, thickness)]
    down = [PixelRuling(x0, y0, x1, y1) for x0, y0, x1, y1 in _find_lines(dark.T, height, thickness)]
    rulings = [PixelRuling(*(POOL * side for side in ruling)) for ruling in (*across, *down)]
    ink = pixels < DARK * float(np.median(pooled))
    return [ruling for ruling in rulings if not _has_stems(ink, ruling, int(MAX_SERIFS * dpi))]


def _has_stems(ink: Mask, ruling: PixelRuling, length: int) -> bool:
    """Return True if a short ruling has much ink beside it: the tops of bold letters look like one."""
    x0, y0, x1, y1 = ruling
    if not ruling.is_horizontal:
        ink, x0, y0, x1, y1 = ink.T, y0, x0, y1, x1
    if x1 - x0 > length:
        return False
    sides = (ink[max(0, y0 - 2 * POOL) : max(0, y0 - 1), x0:x1], ink[y1 + 1 : y1 + 2 * POOL, x0:x1])
    return any(side.size > 0 and float(side.any(axis=0).mean()) > MAX_STEMS for side in sides)


def without_rulings(pixels: Pixels, rulings: list[PixelRuling]) -> Pixels:
    """Return a copy of the image in which the rulings have the colour of the paper."""
    import numpy as np

    copy = pixels.copy()
    paper = int(np.median(copy))
    for x0, y0, x1, y1 in rulings:
        copy[max(0, y0 - MARGIN) : y1 + MARGIN, max(0, x0 - MARGIN) : x1 + MARGIN] = paper
    return copy


def find_grids(rulings: list[PixelRuling]) -> list[PixelRuling]:
    """Return the boxes of groups of rulings that touch, with several in both directions: tables, most likely."""
    groups: list[tuple[PixelRuling, int, int]] = []
    for ruling in rulings[:MAX_GROUPED]:
        box, across, down = ruling, int(ruling.is_horizontal), int(not ruling.is_horizontal)
        apart = []
        for group in groups:
            if _touch(box, group[0]):
                box = PixelRuling(*map(min, box[:2], group[0][:2]), *map(max, box[2:], group[0][2:]))
                across, down = across + group[1], down + group[2]
            else:
                apart.append(group)
        groups = [*apart, (box, across, down)]
    return [box for box, across, down in groups if across >= 2 and down >= 2 and across + down >= MIN_GRID]


def _touch(first: PixelRuling, second: PixelRuling) -> bool:
    slack = 3 * POOL
    return (
        first.x0 <= second.x1 + slack
        and second.x0 <= first.x1 + slack
        and first.y0 <= second.y1 + slack
        and second.y0 <= first.y1 + slack
    )


def _find_lines(dark: Mask, length: int, thickness: int) -> list[tuple[int, int, int, int]]:
    """Return first row, first column, end row, end column of long thin areas along the rows."""
    open_lines: list[list[int]] = []
    lines = []
    for row, start, end in _runs(dark, length):
        match = next((line for line in open_lines if line[2] >= row and line[1] < end and start < line[3]), None)
        if match:
            match[1], match[2], match[3] = min(match[1], start), row + 1, max(match[3], end)
        else:
            lines.append([row, start, row + 1, end])
            open_lines = [line for line in open_lines if line[2] >= row]
            open_lines.append(lines[-1])
    return [
        (top, left, bottom, right)
        for top, left, bottom, right in lines
        # a line that is askew is as thick as it climbs
        if bottom - top <= thickness + 0.01 * (right - left)
    ]


def _runs(dark: Mask, length: int) -> list[tuple[int, int, int]]:
    """Return row, start and end of the runs of at least `length` dark pixels along the rows; none of a picture."""
    import numpy as np

    padded = np.zeros((dark.shape[0], dark.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = dark
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    long = ends - starts >= length
    if int(long.sum()) > MAX_RUNS:
        return []
    return [
        (int(row), int(start), int(end)) for row, start, end in zip(rows[long], starts[long], ends[long], strict=True)
    ]
