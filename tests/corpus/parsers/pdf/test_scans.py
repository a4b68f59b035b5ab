"""Scans and images are read by OCR where Tesseract is installed, and named with a reason where it is not."""

import io
import shutil

import pytest
from fpdf import FPDF
from PIL import Image

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.ocr import tesseract
from opora.corpus.parsers.registry import parse_document
from opora.corpus.sandbox.process import SandboxedParser
from opora.corpus.settings import LimitSettings

from .papers import FONT, ORDER, draw_table, make_paper, parse, picture, scan, without_letters, write_lines

needs_tesseract = pytest.mark.skipif(not shutil.which("tesseract"), reason="tesseract is not installed")
PAIRS = [("Насос", "Расход", "Год"), ("Север", "125", "2017"), ("Запад", "63", "2021"), ("Восток", "1880", "1999")]
LINE = "Архив принимает дела на постоянное хранение"


@pytest.fixture
def no_tesseract(monkeypatch):
    tesseract.installed_languages.cache_clear()
    monkeypatch.setattr(tesseract, "PROGRAM", "no-such-program")
    yield
    tesseract.installed_languages.cache_clear()


@needs_tesseract
@pytest.mark.parametrize("angle", [0.8, 180])
def test_a_scan_is_read_and_marked(angle):
    parsed = parse(scan(make_paper(lambda pdf: write_lines(pdf, ORDER * 2)), angle))
    assert LINE in parsed.text
    [suspicion] = parsed.suspicions
    assert (suspicion.reason, suspicion.page) == ("read by OCR", 1)
    assert suspicion.value > 0.8


@needs_tesseract
def test_lines_of_a_scan_lie_where_they_are_shown():
    parsed = parse(scan(make_paper(write_lines)))
    line = next(line for line in parsed.lines if parsed.text[line.start : line.end].startswith("Архив"))
    assert line.page == 1
    assert line.x0 == pytest.approx(70, abs=3)
    assert line.y0 < 96 < line.y1 + 3  # its base line


@needs_tesseract
def test_a_table_of_a_scan_keeps_its_columns():
    parsed = parse(scan(make_paper(lambda pdf: draw_table(pdf, PAIRS)), angle=0.5))
    assert "| Запад | 63 | 2021 |\n| Восток | 1880 | 1999 |" in parsed.text


@needs_tesseract
def test_a_page_whose_letters_cannot_be_known_is_read_from_its_picture():
    parsed = parse(without_letters(make_paper(write_lines)))
    assert LINE in parsed.text
    assert [suspicion.reason for suspicion in parsed.suspicions] == ["read by OCR"]


@needs_tesseract
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_image_files_are_documents(kind):
    parsed = parse(picture(make_paper(write_lines), format=kind), f"scan.{kind.lower()}")
    assert parsed.format == "image"
    assert LINE in parsed.text


@needs_tesseract
def test_ocr_runs_in_the_sandbox(tmp_path):
    path = tmp_path / "scan.pdf"
    path.write_bytes(scan(make_paper(write_lines)))
    with SandboxedParser(LimitSettings()) as parser:
        assert LINE in parser.parse(path).text


@needs_tesseract
def test_pages_with_a_good_text_layer_are_not_read_by_ocr(monkeypatch):
    monkeypatch.setattr(tesseract, "read_words", None)
    assert parse(make_paper(write_lines)).suspicions == ()


@needs_tesseract
@pytest.mark.parametrize("languages", ["rus+xyz", "rus --tessdata-dir /"])
def test_unknown_languages_of_ocr_are_named(languages):
    with pytest.raises(ParseError, match="a scan; Tesseract has no data for"):
        parse(scan(make_paper(write_lines)), ocr_languages=languages)


@pytest.mark.usefixtures("no_tesseract")
def test_without_tesseract_a_scan_is_dropped_with_the_way_out():
    with pytest.raises(ParseError, match="no text: a scan; install tesseract-ocr and tesseract-ocr-rus to read it"):
        parse(scan(make_paper(write_lines)))
    with pytest.raises(ParseError, match="no text: an image; install tesseract-ocr"):
        parse(picture(make_paper(write_lines)), "scan.png")


@pytest.mark.usefixtures("no_tesseract")
def test_without_tesseract_the_readable_pages_are_kept():
    pdf = FPDF(unit="pt")
    pdf.add_font("DejaVu", "", FONT)
    pdf.set_font("DejaVu", "", 11)
    pdf.add_page()
    write_lines(pdf)
    pdf.add_page()
    pdf.image(io.BytesIO(picture(make_paper(write_lines), dpi=100)), 0, 0, 595, 842)
    parsed = parse(bytes(pdf.output()))
    assert LINE in parsed.text
    [suspicion] = parsed.suspicions
    assert (suspicion.reason, suspicion.page) == ("no text", 2)
    assert "install tesseract-ocr" in suspicion.detail


def test_ocr_can_be_turned_off():
    with pytest.raises(ParseError, match="no text: a scan; set ocr: auto to read it"):
        parse(scan(make_paper(write_lines)), ocr="off")


@needs_tesseract
@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"\xff\xd8\xff\xe0broken"])
def test_broken_images_are_corrupt(data):
    with pytest.raises(ParseError, match="corrupt"):
        parse(data, "scan.png")


@needs_tesseract
def test_an_image_without_text_is_dropped():
    with pytest.raises(ParseError, match="no text: an image without text"):
        parse(picture(make_paper(lambda pdf: pdf.ellipse(100, 100, 300, 300, style="F"))), "drawing.png")


@needs_tesseract
def test_an_image_that_unpacks_too_large_is_dropped():
    buffer = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")
    with pytest.raises(ParseError, match="unpacks too large"):
        parse(buffer.getvalue(), "bomb.png")


@needs_tesseract
def test_pages_before_the_processor_time_is_used_up_are_kept():
    page = picture(make_paper(write_lines))
    pdf = FPDF(unit="pt", format=(595, 842))
    for _ in range(2):
        pdf.add_page()
        pdf.image(io.BytesIO(page), 0, 0, 595, 842)
    left = iter([60.0, 10.0])
    parsed = parse_document(bytes(pdf.output()), "a.pdf", 2**25, allow_time=lambda seconds: next(left))
    assert LINE in parsed.text
    assert [(s.reason, s.page) for s in parsed.suspicions] == [("read by OCR", 1), ("no text", 2)]
    assert "ocr_cpu_s" in parsed.suspicions[1].detail
