"""Report of ingest: every dropped and suspect document with a reason and a fix, in a page that runs nothing."""

import re

import pytest

from opora.artifacts import write_json_lines, write_parquet
from opora.corpus.parsers import base
from opora.corpus.parsers.base import Dropped, Suspicion
from opora.corpus.report.page import _mark_code, read_texts, render_page, summary_lines
from opora.corpus.report.summary import DROPPED, SUSPECT, summarise
from opora.corpus.suspicions import describe_suspicions, format_pages
from opora.records import Document

EVIL = '<script>alert("x")</script>.pdf'


def make_document(source, text="Text.", language="ru", **fields):
    fields = {"metadata": {"format": "pdf"}, **fields}
    return Document(id=source, source=source, title="T", text=text, language=language, **fields)


@pytest.fixture
def corpus(tmp_path):
    documents = [
        make_document(EVIL, "# Heading\n\n" + "Слово. " * 600, pages=(0, 100, 200)),
        make_document("bare.txt", "Слово. " * 600, metadata={"format": "text"}),
        *(make_document(f"{number}.html", metadata={"format": "html"}) for number in range(40)),
        make_document("odd.md", language="la", metadata={"format": "markdown"}),
    ]
    dropped = [Dropped(source=f"{n}.zzz", id=str(n), reason="unsupported format", detail="binary") for n in range(12)]
    dropped.append(Dropped(source="copy.pdf", id="c", reason="duplicate", detail="the same bytes as a.pdf"))
    suspicions = [Suspicion(reason="read by OCR", page=page, value=0.9) for page in (2, 3)]
    suspicions.append(Suspicion(reason="text lost", value=0.4))
    write_parquet(tmp_path / "documents.parquet", documents)
    write_json_lines(tmp_path / DROPPED, dropped)
    write_json_lines(tmp_path / SUSPECT, [{"source": EVIL, **row.model_dump()} for row in suspicions])
    return tmp_path


def test_the_summary_of_a_corpus(corpus):
    summary = summarise(corpus)
    assert (summary.documents, summary.pages, summary.ocr_pages) == (43, 3, 2)
    assert summary.formats == {"html": 40, "pdf": 1, "text": 1, "markdown": 1}
    assert [row.source for row in summary.without_headings] == ["bare.txt"]
    assert [row.source for row in summary.rare_languages] == ["odd.md"]
    assert [row.source for row in summary.longest][:2] == [EVIL, "bare.txt"]
    assert list(summary.dropped) == ["unsupported format", "duplicate"]
    assert summary.suspect["read by OCR"] == [(EVIL, "pages 2-3, 90%")]
    assert summary.suspect_texts == {EVIL: "read by OCR (pages 2-3, 90%); text lost (40%)"}


def test_the_page_names_all_and_runs_nothing(corpus):
    page = render_page(summarise(corpus), passages=7)
    assert '<html lang="ru">' in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.findall(r"(?:src|href)=|url\(", page)
    assert all(f"{number}.zzz" in page for number in range(12))
    assert "формат не поддерживается: 12" in page
    assert "Сверьте имена и числа с источником." in page


def test_commands_on_the_page_are_code():
    assert _mark_code("<b> install it (`opora doctor`)") == "&lt;b&gt; install it (<code>opora doctor</code>)"


def test_a_page_in_a_language_without_texts_is_english(tmp_path):
    write_parquet(tmp_path / "documents.parquet", [make_document("a.pdf", language="fr")])
    for name in (DROPPED, SUSPECT):
        write_json_lines(tmp_path / name, [])
    page = render_page(summarise(tmp_path), passages=1)
    assert '<html lang="en">' in page
    assert "Nothing was left out." in page


def test_the_lines_for_a_terminal_are_few_and_name_the_first(corpus):
    assert list(summary_lines(summarise(corpus))) == [
        "  dropped: 0.zzz (unsupported format: binary)",
        "  dropped: 1.zzz (unsupported format: binary)",
        "  dropped: 10 more",
        f"  suspect: {EVIL}: read by OCR (pages 2-3, 90%); text lost (40%)",
        "  check: no headings in 1 document, such as bare.txt",
        "  check: language la in 1 document, such as odd.md (see ingest.languages)",
    ]


def literal_values(annotation):
    parts = getattr(annotation, "__args__", None)
    return {annotation} if parts is None else set().union(*map(literal_values, parts))


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_reason_has_words_and_a_fix(language):
    def values(annotation):
        return {
            value for part in annotation.__args__ for value in (values(part) if hasattr(part, "__args__") else {part})
        }

    texts = read_texts(language)
    assert texts["reason"].keys() == literal_values(base.Reason)
    assert texts["suspect"].keys() == literal_values(base.SuspectReason)
    assert all(len(words) == 2 and all(words) for group in ("reason", "suspect") for words in texts[group].values())


def test_both_languages_have_the_same_texts():
    assert read_texts("ru")["page"].keys() == read_texts("en")["page"].keys()


@pytest.mark.parametrize(
    ("pages", "text"), [((), ""), ((3,), "page 3"), ((1, 2, 3), "pages 1-3"), ((9, 1, 2), "pages 1-2, 9")]
)
def test_pages_as_ranges(pages, text):
    assert format_pages(pages) == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"reason": "text lost", "value": 0.713}, "text lost (71%)"),
        ({"reason": "text lost"}, "text lost"),
        ({"reason": "no text", "page": 4}, "no text (page 4)"),
        ({"reason": "no text", "page": 4, "detail": "a picture"}, "no text (page 4, a picture)"),
        ({"reason": "text lost", "value": 0.71, "detail": "71 of 100 words"}, "text lost (71 of 100 words)"),
    ],
)
def test_suspicions_in_words(fields, text):
    assert describe_suspicions([Suspicion(**fields)]) == text
