"""Corpora from folders of documents: formats, sources, changes, duplicates, kills."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from opora.artifacts import read_records
from opora.corpus.chunking import structural
from opora.corpus.chunking.registry import CHUNKERS
from opora.corpus.parsers.base import Dropped
from opora.corpus.reader import read_documents, read_passages
from opora.corpus.report.summary import SUSPECT, SuspectRow
from opora.corpus.settings import IngestSettings
from opora.corpus.stage import IngestStage
from opora.errors import InputError

HTML = "<html><head><title>T</title></head><body><nav>Menu</nav><h1>Rules</h1><p>Fee 12.</p></body></html>"


def fill(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def run(root, **settings):
    return IngestStage(IngestSettings(**settings), root, root / "corpus").run()


def sources(root):
    return [document.source for document in read_documents(root / "corpus")]


def test_documents_have_title_language_and_access_labels(tmp_path):
    fill(tmp_path / "documents", **{"b.md": "# Rules\n\nText.", "ru__a.txt": "Срок — 5 дней.", ".git__x.md": "hidden"})
    manifest = run(tmp_path, languages=["ru", "en"], access={"ru/*": ["staff"]})
    documents = list(read_documents(tmp_path / "corpus"))
    assert [(doc.source, doc.title, doc.language, doc.access) for doc in documents] == [
        ("b.md", "Rules", "en", ()),
        ("ru/a.txt", "a", "ru", ("staff",)),
    ]
    passages = list(read_passages(tmp_path / "corpus"))
    assert [(passage.metadata["source"], passage.access) for passage in passages] == [
        ("b.md", ()),
        ("ru/a.txt", ("staff",)),
    ]
    assert manifest.counts["documents"] == 2


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["one"], ["a.md", "sub/c.md"]),
        (["one", "two"], ["a.md", "b.md", "sub/c.md"]),
        (["one/*.md"], ["one/a.md"]),
        (["o*/**/*.md"], ["one/a.md", "one/sub/c.md"]),
        (["one/a.md"], ["a.md"]),
    ],
)
def test_folders_files_and_globs(tmp_path, folders, expected):
    fill(tmp_path / "one", **{"a.md": "Text a.", "sub__c.md": "Text c."})
    fill(tmp_path / "two", **{"b.md": "Text b."})
    run(tmp_path, folders=folders)
    assert sources(tmp_path) == expected


@pytest.mark.parametrize("folders", [["missing"], ["empty"], ["*.pdf"]])
def test_missing_sources_are_one_line_errors(tmp_path, folders):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as caught:
        run(tmp_path, folders=folders)
    assert folders[0] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_format_is_detected_by_content(tmp_path, rendered):
    folder = tmp_path / "documents"
    fill(folder, **{"page.txt": HTML})
    (folder / "sheet.html").write_bytes(rendered["pdf"])
    (folder / "letter.pdf").write_bytes(rendered["docx"])
    (folder / "windows.txt").write_bytes(
        "Срок хранения договора составляет пять лет со дня подписания.".encode("cp1251")
    )
    run(tmp_path)
    by_source = {document.source: document for document in read_documents(tmp_path / "corpus")}
    assert {name: document.metadata["format"] for name, document in by_source.items()} == {
        "letter.pdf": "docx",
        "page.txt": "html",
        "sheet.html": "pdf",
        "windows.txt": "text",
    }
    assert "Срок хранения" in by_source["windows.txt"].text
    assert by_source["page.txt"].text == "# Rules\n\nFee 12."


def test_identical_files_are_one_document(tmp_path):
    fill(tmp_path / "documents", **{"a.md": "Text.", "b.md": "Text."})
    run(tmp_path)
    [dropped] = read_records(tmp_path / "corpus" / "dropped.jsonl", Dropped)
    assert sources(tmp_path) == ["a.md"]
    assert (dropped.source, dropped.reason) == ("b.md", "duplicate")


def test_only_changed_files_are_parsed_again(tmp_path, monkeypatch):
    fill(tmp_path / "documents", **{"a.md": "Text a.", "b.md": "Text b.", "c.md": "Text c."})
    first = run(tmp_path)
    assert run(tmp_path).created == first.created
    fill(tmp_path / "documents", **{"b.md": "New text b."})
    (tmp_path / "documents" / "c.md").unlink()
    parsed = parsed_names(monkeypatch)
    second = run(tmp_path)
    assert parsed == ["b.md"]
    assert [document.text for document in read_documents(tmp_path / "corpus")] == ["Text a.", "New text b."]
    fresh = IngestStage(IngestSettings(), tmp_path, tmp_path / "other" / "corpus").run()
    assert second.files["passages.parquet"] == fresh.files["passages.parquet"]


def parsed_names(monkeypatch):
    from opora.corpus.sandbox.process import SandboxedParser

    names = []
    parse = SandboxedParser.parse
    monkeypatch.setattr(SandboxedParser, "parse", lambda self, path: names.append(path.name) or parse(self, path))
    return names


def test_a_killed_run_resumes_with_the_same_result(tmp_path):
    fill(tmp_path / "documents", **{f"{n:03}.md": f"# Part {n}\n\n" + f"Sentence {n}. " * 400 for n in range(120)})
    whole = IngestStage(IngestSettings(workers=1), tmp_path, tmp_path / "whole" / "corpus").run()
    killed = 0
    for _ in range(8):
        if (tmp_path / "corpus" / "manifest.json").exists():
            break
        process = subprocess.Popen(command(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        wait_for_rows(tmp_path / ".corpus.partial" / "parsed.journal-wal", process)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.communicate()
        if killed == 2:
            break
    assert killed, "the run ended before it could be killed"
    done = subprocess.run(command(tmp_path), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["fingerprint"] == whole.fingerprint


def command(root):
    code = (
        "import sys; from pathlib import Path; from opora.corpus.stage import IngestStage;"
        "from opora.corpus.settings import IngestSettings; root = Path(sys.argv[1]);"
        "print(IngestStage(IngestSettings(workers=1), root, root / 'corpus').run().model_dump_json())"
    )
    return [sys.executable, "-c", code, str(root)]


def wait_for_rows(journal, process):
    """Wait until the journal has grown by 20 KB."""
    size = journal.stat().st_size if journal.exists() else 0
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until:
        if journal.exists() and journal.stat().st_size > size + 20_000:
            return
        time.sleep(0.002)


def test_text_that_is_in_no_passage_makes_its_document_suspect(tmp_path, monkeypatch):
    fill(tmp_path / "documents", **{"a.md": "# Rules\n\n" + "The fee is 12 EUR. " * 200, "b.md": "Fine."})

    def first_chunk(document, settings):
        yield next(structural.chunk(document, settings))

    monkeypatch.setitem(CHUNKERS, "structural", first_chunk)
    manifest = run(tmp_path)
    [row] = read_records(tmp_path / "corpus" / SUSPECT, SuspectRow)
    assert (row.source, row.reason) == ("a.md", "text lost")
    assert "of the text is in passages" in row.detail
    assert manifest.counts["suspect"] == 1
    marked = [passage for passage in read_passages(tmp_path / "corpus") if passage.metadata.get("suspect")]
    assert [passage.metadata["source"] for passage in marked] == ["a.md"]
