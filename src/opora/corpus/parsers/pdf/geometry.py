"""Frame of a page: from the coordinates of the file to those of the page as it is shown."""

from __future__ import annotations

import ctypes
import math
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

DEFAULT_PAGE = (0.0, 0.0, 612.0, 792.0)
"""Box of a page without a usable one (left, bottom, right, top), as pdfium assumes."""

MAX_TILT = 3.0
"""Largest angle, in degrees, between a line and a quarter turn that it still counts as."""


class PageFrame(NamedTuple):
    """Visible box of a page in the coordinates of the file, and its rotation in quarter turns clockwise."""

    left: float
    bottom: float
    right: float
    top: float
    turns: int

    @classmethod
    def of(cls, page: pdfium.PdfPage) -> PageFrame:
        """Return the frame of a page."""
        rect = pdfium_c.FS_RECTF()
        if not pdfium_c.FPDF_GetPageBoundingBox(page.raw, ctypes.byref(rect)):
            return cls(*DEFAULT_PAGE, 0)
        return cls(rect.left, rect.bottom, rect.right, rect.top, pdfium_c.FPDFPage_GetRotation(page.raw) % 4)

    @property
    def width(self) -> float:
        """Width of the page as it is shown, in points."""
        return self.top - self.bottom if self.turns % 2 else self.right - self.left

    @property
    def height(self) -> float:
        """Height of the page as it is shown, in points."""
        return self.right - self.left if self.turns % 2 else self.top - self.bottom

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of the file as it is shown, from the top left corner."""
        if self.turns == 0:
            return x - self.left, self.top - y
        if self.turns == 1:
            return y - self.bottom, x - self.left
        if self.turns == 2:
            return self.right - x, y - self.bottom
        return self.top - y, self.right - x

    def place(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """Return a box of the file as it is shown: x0, y0, x1, y1."""
        if self.turns == 0:
            return left - self.left, self.top - top, right - self.left, self.top - bottom
        (xa, ya), (xb, yb) = self.point(left, bottom), self.point(right, top)
        return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)

    def angle(self, dx: float, dy: float) -> int:
        """Return the angle of a direction of the file as it is shown, in degrees counterclockwise, below 360.

        Directions within `MAX_TILT` of a quarter turn count as one: scans that were read by OCR are tilted.
        """
        if not (math.isfinite(dx) and math.isfinite(dy)) or dx == dy == 0:
            return 0
        angle = math.degrees(math.atan2(dy, dx)) - 90 * self.turns
        quarter = 90 * round(angle / 90)
        return round(quarter if abs(angle - quarter) <= MAX_TILT else angle) % 360
