"""Pages that tests of the layout write, and their blocks."""

from pathlib import Path

import matplotlib
from fpdf import FPDF

from opora.corpus.parsers.base import ParseContext
from opora.corpus.parsers.pdf.parser import parse
from opora.corpus.settings import ParseSettings

FONTS = Path(matplotlib.__file__).parent / "mpl-data" / "fonts" / "ttf"
CONTEXT = ParseContext("a.pdf", ParseSettings(ocr="off"), 1 << 20, lambda data, name: None)
LEFT = ["The harbour opens at six in the", "morning. Pilots board off the", "northern pier and wait for the",
        "tide, which the harbour office", "posts on the evening before."]  # fmt: skip
RIGHT = ["Fees are due on the day of the", "arrival. Boats under six metres", "pay half of the fee, and fishing",
         "boats of the town pay nothing at", "all in the months of winter."]  # fmt: skip


class Paper:
    """A PDF under construction; `text` places a line by the top left corner, in points."""

    def __init__(self):
        self.pdf = FPDF(unit="pt", format=(400, 600))
        self.pdf.set_auto_page_break(False)
        self.pdf.add_font("sans", fname=FONTS / "DejaVuSans.ttf")
        self.pdf.add_font("sans", "B", fname=FONTS / "DejaVuSans-Bold.ttf")

    def page(self):
        self.pdf.add_page()
        return self

    def text(self, x, y, *lines, size=10, style="", leading=1.3):
        self.pdf.set_font("sans", style, size)
        for number, line in enumerate(lines):
            self.pdf.text(x, y + size + leading * size * number, line)
        return self

    def justified(self, x, y, width, *lines, size=10, leading=1.3):
        """Place lines word by word, without space characters, with equal gaps; the last line has usual gaps."""
        self.pdf.set_font("sans", size=size)
        for number, line in enumerate(lines):
            words = line.split()
            free = width - sum(map(self.pdf.get_string_width, words))
            gap = 0.24 * size if number + 1 == len(lines) or len(words) < 2 else free / (len(words) - 1)
            at = x
            for word in words:
                self.pdf.text(at, y + size + leading * size * number, word)
                at += self.pdf.get_string_width(word) + gap
        return self

    def bytes(self):
        return bytes(self.pdf.output())

    def read(self):
        return parse(self.bytes(), CONTEXT)

    def blocks(self, *kinds):
        return [(block.kind, block.text) for block in self.read().blocks if not kinds or block.kind in kinds]


def texts(paper):
    return [text for _, text in paper.blocks()]
