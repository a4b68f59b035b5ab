"""The text layer of DjVu is read page by page."""

import shutil
import subprocess

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document
from opora.corpus.settings import ParseSettings

LIMIT = 2**25
needs_programs = pytest.mark.skipif(
    not all(map(shutil.which, ("djvutxt", "cjb2", "djvm", "djvused"))), reason="djvulibre-bin is not installed"
)
TEXT = r"""select 1
set-txt
(page 0 0 64 64 (para 0 20 64 60 (line 0 40 64 60 "Протокол собра-") (line 0 20 64 39 "ния."))
 (para 0 0 60 19 (line 0 0 60 19 "Цена \"12\".")))
.
select 3
set-txt
(page 0 0 64 64 "Третья страница")
.
save
"""


@pytest.fixture
def document(tmp_path):
    (tmp_path / "page.pbm").write_bytes(b"P4\n64 64\n" + bytes(512))
    for command in (["cjb2", "page.pbm", "1.djvu"], ["djvm", "-c", "a.djvu", "1.djvu", "1.djvu", "1.djvu"]):
        subprocess.run(command, cwd=tmp_path, check=True)
    (tmp_path / "text").write_text(TEXT)
    subprocess.run(["djvused", "a.djvu", "-f", "text"], cwd=tmp_path, check=True)
    return (tmp_path / "a.djvu").read_bytes()


@needs_programs
def test_text_layer(document):
    parsed = parse_document(document, "a.djvu", LIMIT, ParseSettings(ocr="off"))
    assert parsed.text == 'Протокол собрания.\n\nЦена "12".\n\nТретья страница'
    assert parsed.text[parsed.pages[2] :] == "Третья страница"
    assert [(suspicion.reason, suspicion.page) for suspicion in parsed.suspicions] == [("no text", 2)]


@needs_programs
def test_a_broken_file(document):
    with pytest.raises(ParseError):
        parse_document(document[:60], "a.djvu", LIMIT)


def test_the_program_to_install_is_named(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ParseError, match="DjVu is read by djvutxt; install djvulibre-bin"):
        parse_document(b"AT&TFORM\0\0\0\x0cDJVU", "a.djvu", LIMIT)
