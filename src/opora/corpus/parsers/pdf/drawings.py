"""Rulings and images of a page: the lines that a reader sees, from stroked paths and thin filled rectangles."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from opora.corpus.parsers.pdf.geometry import PageFrame

MAX_RULING = 3.0
"""Largest thickness, in points, of a filled rectangle that counts as a ruling."""
MIN_RULING = 3.0
"""Smallest length of a ruling, in points; shorter strokes are parts of letters and of drawings."""
MAX_SLANT = 0.7
"""Largest difference, in points, between the ends of a horizontal or vertical segment."""
MAX_OBJECTS = 30_000
"""Number of objects of a page that are looked at; maps and plots hold more, tables do not."""
MAX_SEGMENTS = 400
"""Number of segments of a path that are looked at."""
MAX_DEPTH = 6
"""Depth of forms inside forms that are looked at."""
NEAR_WHITE = 250
"""Smallest value of red, green and blue of a colour that counts as that of the page."""

Box = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Ruling(NamedTuple):
    """A visible horizontal (`y0 == y1`) or vertical (`x0 == x1`) segment; `x0 <= x1` and `y0 <= y1`, in points."""

    x0: float
    y0: float
    x1: float
    y1: float
    width: float = 1.0


def read_drawings(page: pdfium.PdfPage, frame: PageFrame) -> tuple[list[Ruling], list[Box]]:
    """Return the visible rulings and the images of a page."""
    rulings: list[Ruling] = []
    images: list[Box] = []
    reader = _PathReader(frame)
    for kind, raw, matrix in _objects(page):
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            if (box := reader.bounds(raw, matrix)) is not None:
                images.append(box)
        else:
            rulings += reader.rulings(raw, matrix)
    return list(dict.fromkeys(rulings)), images


def _objects(page: pdfium.PdfPage) -> Iterator[tuple[int, Any, Matrix]]:
    """Yield the paths and images of a page, and of the forms on it, with the matrix of their form."""
    left = MAX_OBJECTS
    stack: list[tuple[Any, Matrix, int]] = []
    for index in range(min(pdfium_c.FPDFPage_CountObjects(page.raw), MAX_OBJECTS)):
        stack.append((pdfium_c.FPDFPage_GetObject(page.raw, index), IDENTITY, 0))
        while stack and left > 0:
            raw, matrix, depth = stack.pop()
            left -= 1
            kind = pdfium_c.FPDFPageObj_GetType(raw)
            if kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
                inner = _multiply(_matrix(raw), matrix)
                count = min(max(0, pdfium_c.FPDFFormObj_CountObjects(raw)), left)
                stack += [(pdfium_c.FPDFFormObj_GetObject(raw, i), inner, depth + 1) for i in reversed(range(count))]
            elif kind in (pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_IMAGE):
                yield kind, raw, matrix


def _matrix(raw: Any) -> Matrix:
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(raw, ctypes.byref(matrix)):
        return IDENTITY
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _multiply(m: Matrix, n: Matrix) -> Matrix:
    """Return the matrix that applies `m`, then `n`."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


class _PathReader:
    """Reads rulings from paths; keeps the buffers that pdfium writes into, and the colour of the page."""

    def __init__(self, frame: PageFrame) -> None:
        self.frame = frame
        self.paper = (255, 255, 255)
        self._rgba = [ctypes.c_uint() for _ in range(4)]
        self._sides = [ctypes.c_float() for _ in range(4)]

    def bounds(self, raw: Any, matrix: Matrix) -> Box | None:
        """Return the box of an object as it is shown; None if it has none."""
        if not pdfium_c.FPDFPageObj_GetBounds(raw, *map(ctypes.byref, self._sides)):
            return None
        left, bottom, right, top = (side.value for side in self._sides)
        if matrix is not IDENTITY:
            xs, ys = zip(*(_apply(matrix, x, y) for x in (left, right) for y in (bottom, top)), strict=True)
            left, bottom, right, top = min(xs), min(ys), max(xs), max(ys)
        x0, y0, x1, y1 = self.frame.place(left, bottom, right, top)
        return round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1)

    def rulings(self, raw: Any, matrix: Matrix) -> list[Ruling]:
        """Return the rulings that a path draws."""
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        if not pdfium_c.FPDFPath_GetDrawMode(raw, ctypes.byref(fill), ctypes.byref(stroke)):
            return []
        if stroke.value and self._is_visible(pdfium_c.FPDFPageObj_GetStrokeColor, raw):
            return self._stroked(raw, matrix)
        if fill.value:
            return self._filled(raw, matrix)
        return []

    def _is_visible(self, get_colour: Any, raw: Any) -> bool:
        if not get_colour(raw, *map(ctypes.byref, self._rgba)):
            return True
        red, green, blue, alpha = (value.value for value in self._rgba)
        if alpha < 8:
            return False
        return max(abs(red - self.paper[0]), abs(green - self.paper[1]), abs(blue - self.paper[2])) > 255 - NEAR_WHITE

    def _filled(self, raw: Any, matrix: Matrix) -> list[Ruling]:
        """Return the thin rectangles of a filled path as rulings; a fill of the whole page is its colour."""
        box = self.bounds(raw, matrix)
        if box is None:
            return []
        width, height = box[2] - box[0], box[3] - box[1]
        if width * height > 0.9 * self.frame.width * self.frame.height > 0:
            if pdfium_c.FPDFPageObj_GetFillColor(raw, *map(ctypes.byref, self._rgba)) and self._rgba[3].value > 250:
                self.paper = (self._rgba[0].value, self._rgba[1].value, self._rgba[2].value)
            return []
        if not self._is_visible(pdfium_c.FPDFPageObj_GetFillColor, raw):
            return []
        if pdfium_c.FPDFPath_CountSegments(raw) <= 6:
            return list(self._thin(box))
        return [ruling for part in self._rectangles(raw, matrix) for ruling in self._thin(part)]

    def _thin(self, box: Box) -> Iterator[Ruling]:
        x0, y0, x1, y1 = box
        if not all(abs(side) < 1e5 for side in box):
            return
        if y1 - y0 <= MAX_RULING and x1 - x0 >= MIN_RULING and x1 - x0 > 2 * (y1 - y0):
            yield _ruling(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2, y1 - y0)
        elif x1 - x0 <= MAX_RULING and y1 - y0 >= MIN_RULING and y1 - y0 > 2 * (x1 - x0):
            yield _ruling((x0 + x1) / 2, y0, (x0 + x1) / 2, y1, x1 - x0)

    def _stroked(self, raw: Any, matrix: Matrix) -> list[Ruling]:
        width = ctypes.c_float()
        pdfium_c.FPDFPageObj_GetStrokeWidth(raw, ctypes.byref(width))
        rulings: list[Ruling] = []
        for (xa, ya), (xb, yb) in self._segments(raw, matrix):
            x0, x1, y0, y1 = min(xa, xb), max(xa, xb), min(ya, yb), max(ya, yb)
            if not -1e5 < x0 <= x1 < 1e5 or not -1e5 < y0 <= y1 < 1e5:
                continue
            if y1 - y0 <= MAX_SLANT and x1 - x0 >= MIN_RULING:
                rulings.append(_ruling(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2, width.value))
            elif x1 - x0 <= MAX_SLANT and y1 - y0 >= MIN_RULING:
                rulings.append(_ruling((x0 + x1) / 2, y0, (x0 + x1) / 2, y1, width.value))
        return rulings

    def _rectangles(self, raw: Any, matrix: Matrix) -> Iterator[Box]:
        """Yield the boxes of the closed parts of a path."""
        part: list[tuple[float, float]] = []
        for (xa, ya), (xb, yb) in self._segments(raw, matrix):
            if part and part[-1] != (xa, ya):
                yield _box(part)
                part = []
            part += [(xa, ya), (xb, yb)] if not part else [(xb, yb)]
        if part:
            yield _box(part)

    def _segments(self, raw: Any, matrix: Matrix) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
        """Yield the straight segments of a path, from point to point as shown."""
        full = _multiply(_matrix(raw), matrix)
        x, y = ctypes.c_float(), ctypes.c_float()
        start = last = None
        for index in range(min(pdfium_c.FPDFPath_CountSegments(raw), MAX_SEGMENTS)):
            segment = pdfium_c.FPDFPath_GetPathSegment(raw, index)
            if not pdfium_c.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y)):
                continue
            point = self.frame.point(*_apply(full, x.value, y.value))
            kind = pdfium_c.FPDFPathSegment_GetType(segment)
            if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
                start = point
            elif kind == pdfium_c.FPDF_SEGMENT_LINETO and last is not None:
                yield last, point
            last = point
            if pdfium_c.FPDFPathSegment_GetClose(segment) and start is not None and start != point:
                yield point, start
                last = start


def _apply(m: Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _box(points: list[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _ruling(x0: float, y0: float, x1: float, y1: float, width: float) -> Ruling:
    return Ruling(round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1), round(width, 1))
