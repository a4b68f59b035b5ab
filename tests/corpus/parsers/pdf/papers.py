"""Small PDFs that tests make: with DejaVu, with rulings, as scans, without a table of letters."""

import io
import re
from pathlib import Path

import pypdfium2 as pdfium
from fpdf import FPDF
from matplotlib import get_data_path

from opora.corpus.parsers.registry import parse_document

FONT = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
ORDER = (
    "Приказ о хранении архивных дел",
    "Архив принимает дела на постоянное хранение в течение трёх лет",
    "после завершения работы с ними. Ответственный хранитель проверяет",
    "состояние документов каждую весну и составляет подробный отчёт.",
)


def make_paper(draw, size=(595, 842)):
    """Bytes of a PDF of one page that `draw` draws on, in points."""
    pdf = FPDF(unit="pt", format=size)
    pdf.set_auto_page_break(False)
    pdf.add_font("DejaVu", "", FONT)
    pdf.set_font("DejaVu", "", 11)
    pdf.set_compression(False)
    pdf.add_page()
    draw(pdf)
    return bytes(pdf.output())


def write_lines(pdf, lines=ORDER, x=70, y=80, step=16):
    for number, line in enumerate(lines):
        pdf.text(x, y + number * step, line)


def draw_table(pdf, rows, x=70, y=100, widths=(160, 100, 100), height=20, lines="all", rotate=()):
    """Draw a table: `lines` are "all", "few" (after every fifth row and the header), "inner" or "none"."""
    right, bottom = x + sum(widths), y + height * len(rows)
    borders = [x + sum(widths[:n]) for n in range(len(widths) + 1)]
    for number in range(len(rows) + 1):
        if lines in ("all", "inner") or (lines == "few" and (number == 1 or number % 5 == 1 or number == len(rows))):
            pdf.line(x, y + number * height, right, y + number * height)
    if lines == "few":
        pdf.line(x, y, right, y)
    for border in borders[1:-1] if lines == "inner" else borders if lines != "none" else ():
        pdf.line(border, y, border, bottom)
    for number, row in enumerate(rows):
        for border, cell in zip(borders, row, strict=False):
            pdf.text(border + 4, y + number * height + 0.7 * height, cell)


def without_letters(data):
    """The PDF without the tables that tell which letters the glyphs of its fonts are."""
    return re.sub(rb"/ToUnicode \d+ 0 R", lambda match: b" " * len(match.group()), data)


def scan(data, angle=0.0, dpi=200):
    """The first page as a PDF that holds only its picture, turned counterclockwise by `angle` degrees."""
    from PIL import Image

    image = pdfium.PdfDocument(data)[0].render(scale=dpi / 72).to_pil().convert("L")
    image = image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    width, height = (size * 72 / dpi for size in image.size)
    pdf = FPDF(unit="pt", format=(width, height))
    pdf.add_page()
    pdf.image(image, 0, 0, width, height)
    return bytes(pdf.output())


def picture(data, dpi=200, format="PNG"):
    """The first page as an image file."""
    buffer = io.BytesIO()
    pdfium.PdfDocument(data)[0].render(scale=dpi / 72).to_pil().convert("L").save(buffer, format)
    return buffer.getvalue()


def parse(data, name="a.pdf", **settings):
    from opora.corpus.settings import ParseSettings

    return parse_document(data, name, 2**25, ParseSettings(**settings))
