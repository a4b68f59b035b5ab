"""Every format keeps headings, tables, lists and sentences, and drops menus and running headers."""

import json
from pathlib import Path

import pytest
from fpdf import FPDF

from opora.corpus.parsers.registry import parse_document
from opora.corpus.reader import read_documents, read_passages
from opora.corpus.settings import IngestSettings
from opora.corpus.stage import IngestStage
from opora.text.quotes import locate

BENCHSET = Path(__file__).resolve().parents[3] / "src" / "opora" / "projects" / "benchmark"
LIMIT = 2**25


@pytest.mark.parametrize("kind", ["pdf", "docx", "html", "markdown"])
@pytest.mark.parametrize(
    "line",
    [
        "# Rules of the pumping station",
        "## Equipment",
        "The fee is 12.5 EUR a day.",
        "| Unit | Flow, m³/h | Year |",
        "| Pump N-2 | 6.3 | 2021 |",
        "1. Check the oil.",
        "- Keep the log for 5 years.",
    ],
)
def test_every_format_yields_the_same_markdown(rendered, kind, line):
    assert line in parse_document(rendered[kind], "a", LIMIT).text.splitlines()


@pytest.mark.parametrize("clutter", ["Home", "Search this site", "Working archive", "cookies", "visits", "noopener"])
def test_page_clutter_is_dropped(rendered, clutter):
    assert clutter not in parse_document(rendered["html"], "a", LIMIT).text


@pytest.mark.parametrize("clutter", ["Working archive ·", "Page 1", "Page 2", "Page 3"])
def test_running_headers_of_a_pdf_are_dropped(render, clutter):
    paragraph = "The log of the station is kept in the office and read once a week by the chief mechanic. " * 4
    text = "# Title of it\n\n" + "\n\n".join(f"## Part {n}\n\n{paragraph}" for n in range(12))
    parsed = parse_document(render.render_pdf(text, "en"), "a", LIMIT)
    assert len(parsed.pages) >= 3
    assert clutter not in parsed.text


def test_page_offsets_and_a_blank_page():
    pdf = FPDF()
    for text in ("First page.", "", "Third page."):
        pdf.add_page()
        pdf.set_font("Helvetica", size=11)
        pdf.cell(w=50, text=text)
    parsed = parse_document(bytes(pdf.output()), "a", LIMIT)
    assert parsed.suspicions == ()
    assert parsed.text[parsed.pages[2] :] == "Third page."


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    root = tmp_path_factory.mktemp("sample")
    IngestStage(
        IngestSettings(folders=[str(BENCHSET / "documents")], languages=["ru", "en"]), root, root / "corpus"
    ).run()
    return root / "corpus"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_quote_of_the_benchmark_is_in_its_document_and_in_one_passage(sample, language):
    documents = {document.source.rsplit(".", 1)[0]: document for document in read_documents(sample)}
    passages = list(read_passages(sample))
    for line in (BENCHSET / f"questions.{language}.jsonl").read_text().splitlines():
        for quote in json.loads(line)["quotes"]:
            document = documents[f"{language}/{quote['document']}"]
            assert locate(quote["text"], document.text), quote
            assert any(
                locate(quote["text"], passage.text) for passage in passages if passage.document_id == document.id
            ), quote


def test_documents_are_rendered_deterministically(render):
    source = BENCHSET.parents[3] / "benchset" / "documents" / "ru" / "financial"
    path = next(source.glob("*.md"))
    for make in (render.render_pdf, render.render_docx, render.render_html):
        assert make(path.read_text(), "ru") == make(path.read_text(), "ru")
