"""Rulings and specks of scanned pages: what is taken off before a page is read, and what stays."""

import numpy as np
import pypdfium2 as pdfium
import pytest
from fpdf import FPDF

from opora.corpus.parsers.ocr.rulings import find_rulings
from opora.corpus.parsers.ocr.specks import without_specks
from tests.corpus.parsers.pdf.papers import FONT

DPI = 300


def render(draw):
    pdf = FPDF(unit="pt", format=(400, 200))
    pdf.add_font("Serif", "B", FONT.with_name("DejaVuSerif-Bold.ttf"))
    pdf.set_font("Serif", "B", 10)
    pdf.add_page()
    draw(pdf)
    bitmap = pdfium.PdfDocument(bytes(pdf.output()))[0].render(scale=DPI / 72, grayscale=True)
    return bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width].copy()


@pytest.mark.parametrize("word", ["Минимум активов", "Выручка пшеницы", "ЦЕНА ШТУКИ", "Illinois minimum"])
def test_the_tops_of_bold_letters_are_no_rulings(word):
    assert find_rulings(render(lambda pdf: pdf.text(40, 60, word)), DPI) == []


def test_the_borders_of_small_cells_are_rulings():
    def draw(pdf):
        pdf.rect(40, 50, 30, 20)
        pdf.text(44, 64, "мин")

    assert len(find_rulings(render(draw), DPI)) == 4


def test_specks_go_and_points_stay():
    pixels = render(lambda pdf: pdf.text(40, 60, "Итого: 5,7. Имей"))
    dirty = pixels.copy()
    for row, column in ((20, 30), (300, 500), (301, 501), (400, 90)):
        dirty[row, column] = 40
    assert np.array_equal(without_specks(dirty), pixels)
    assert np.array_equal(without_specks(pixels), pixels)
