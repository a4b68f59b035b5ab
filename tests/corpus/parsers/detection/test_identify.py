import gzip
import io
import tarfile
import zipfile

import pytest
from PIL import Image

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.detection.identify import identify
from opora.corpus.parsers.registry import detect_format


def zipped(*names, mimetype=""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "content")
    return buffer.getvalue()


def tarred():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return buffer.getvalue()


PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type /Catalog>>\nendobj\n"
PAGE = "<!DOCTYPE html><html><head><title>Склад</title></head><body><p>Ключ у завхоза.</p></body></html>"
MAIL = "From: A <a@example.org>\nTo: b@example.org\nSubject: Key\nMIME-Version: 1.0\n\nThe key is with the steward."
OPEN = "application/vnd.oasis.opendocument."
CASES = [
    (PDF, "a.pdf", "pdf"),
    (b"HTTP/1.1 200 OK\r\n\r\n" + PDF + b"\0\1\2" * 900, "download", "pdf"),
    (b"A PDF begins with %PDF-1.4, then 1 0 obj follows.", "notes.txt", "text"),
    (b"%PDF-1.4 is the first line of a PDF.", "notes.txt", "text"),
    (zipped("[Content_Types].xml", "word/document.xml"), "a.bin", "docx"),
    (zipped("[Content_Types].xml", "word/document.xml")[:-60], "cut.docx", "docx"),
    (zipped("[Content_Types].xml", "xl/workbook.xml"), "a.zip", "xlsx"),
    (zipped("[Content_Types].xml", "ppt/presentation.xml"), "a", "pptx"),
    (zipped("content.xml", mimetype=OPEN + "text"), "a", "odt"),
    (zipped("content.xml", mimetype=OPEN + "spreadsheet-template"), "a", "ods"),
    (zipped("META-INF/container.xml", mimetype="application/epub+zip"), "a", "epub"),
    (zipped("book.fb2"), "book.fb2.zip", "fb2"),
    (zipped("a.txt", "b.pdf"), "a.zip", "zip"),
    (zipped("notes about word.txt"), "a.zip", "zip"),
    (gzip.compress(b"text"), "a.txt.gz", "gz"),
    (tarred(), "a.tar", "tar"),
    (b"AT&TFORM\0\0\0\0DJVM", "a", "djvu"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a", "image"),
    (rb"{\rtf1\ansi Text}", "a.doc", "rtf"),
    (MAIL.encode(), "letter.eml", "eml"),
    (MAIL.encode(), "letter", "eml"),
    (b"From: the director\nTo: all\nSubject: keys\n\nThe key is with the steward.", "memo.txt", "text"),
    (MAIL.replace("MIME", "Snapshot-Content-Location: x\nMIME").encode(), "a", "mhtml"),
    (MAIL.encode(), "page.mht", "mhtml"),
    (PAGE.encode(), "a.txt", "html"),
    (PAGE.encode("utf-16"), "a.html", "html"),
    (b"\xef\xbb\xbf<!-- saved -->\n<html><body>Text</body></html>", "a", "html"),
    (b"<table><tr><td>Oil</td><td>12</td></tr></table>", "export.xls", "html"),
    (b"Plain text without tags.", "a.html", "text"),
    (b"Write <p> and <div> for paragraphs, <table> for tables, <h1> for titles.", "notes.txt", "text"),
    (b"---\ntitle: A\n---\n<p align=center>x</p>\n\n# B", "readme.md", "markdown"),
    (b"# Rules\n\nText.\n\n## Fees\n\nMore text.\n", "README", "markdown"),
    (b"# a comment\nset -e\n# another\nrun\n", "script", "text"),
    (b"<FictionBook><body/></FictionBook>", "a.xml", "fb2"),
    (b"name;fee\noil;12", "a.csv", "csv"),
    ("Ключ у завхоза.".encode("koi8-r"), "a.txt", "text"),
    ("Ключ у завхоза.".encode("utf-16-le"), "a.txt", "text"),
]


@pytest.mark.parametrize(("data", "name", "kind"), CASES)
def test_kinds(data, name, kind):
    assert identify(data, name).name == kind


DROPS = [
    (b"", "a.txt", "empty file"),
    (b" \n\t ", "a.txt", "empty file"),
    (b"7z\xbc\xaf\x27\x1c\0\4", "a.7z", "unsupported format: a 7z archive; unpack it"),
    (b"Rar!\x1a\x07\x01\0", "a.rar", "unsupported format: a RAR archive; unpack it"),
    (b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff", "a.exe", "unsupported format: a program"),
    (b"\0\1\0\0\0\x0c\0\x80", "a.ttf", "unsupported format: a font"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0", "a.mp4", "unsupported format: a sound or video file"),
    (zipped("META-INF/MANIFEST.MF", "A.class"), "a.jar", "unsupported format: a Java archive"),
    (b'{"fee": 12, "oil": [1, 2]}', "a.json", "unsupported format: JSON data"),
    (b'[{"fee": 12, "oil": 1}]', "a", "unsupported format: JSON data"),
    (b'<?xml version="1.0"?><rates><fee>12</fee></rates>', "a.xml", r"unsupported format: XML data \(rates\)"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><text>A</text></svg>", "a.svg", "unsupported format: a drawing"),
    (b"this is no Word document", "a.docx", "corrupt: named .docx, but it holds plain text"),
    (bytes(range(256)) * 20, "a.dat", "unsupported format: binary data, starts with 00 01 02 03"),
]


@pytest.mark.parametrize(("data", "name", "message"), DROPS)
def test_files_that_are_no_documents_are_dropped_by_name(data, name, message):
    with pytest.raises(ParseError, match=message):
        detect_format(data, name)


def test_the_reason_names_the_evidence():
    assert identify(b"Rar!\x1a\x07\x01\0", "a.txt").reason == "52 61 72 21 1a 07 at byte 0"
    assert identify(PAGE.encode(), "a").reason == "starts with <!DOCTYPE html"


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_bitmap_of_one_colour_is_an_image(colour):
    buffer = io.BytesIO()
    Image.new("L", (300, 200), colour).save(buffer, "BMP")
    assert identify(buffer.getvalue(), "scan.bmp").name == "image"
    assert identify(b"BMW is a car, " * 40, "a.txt").name == "text"
