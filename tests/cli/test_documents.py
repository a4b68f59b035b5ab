"""Commands on documents: list, show, search and remove, filters, and warnings of what is out of date."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opora.cli.ask import format_answer
from opora.cli.main import build_app
from opora.corpus.find import find_names
from opora.errors import InputError
from opora.records import Answer, Citation

FERRY = "# Rules of the ferry\n\n## Fees\n\nThe fee is 12 EUR a day.\n\n## Times\n\nThe ferry leaves at 7.30.\n"


def opora(*arguments):
    """Run a command; return its output, or raise its error."""
    result = CliRunner().invoke(build_app(arguments[0]), arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a project with a corpus and an index."""
    folder = tmp_path_factory.mktemp("project")
    documents = folder / "documents"
    (documents / "rules").mkdir(parents=True)
    (documents / "rules" / "ferry.md").write_text(FERRY)
    (documents / "rules" / "pier.txt").write_text("The pier closes at noon in winter.")
    (documents / "notes.txt").write_text("The kiosk sells tea. The fee of the kiosk is 3 EUR.")
    (documents / "empty.txt").write_text("")
    with zipfile.ZipFile(documents / "old.zip", "w") as archive:
        archive.writestr("lake.txt", "The lake is forty metres deep.")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        opora("ingest")
        opora("index")
    return folder


@pytest.fixture
def reading(finished, monkeypatch):
    """The project as the current folder, for commands that change nothing."""
    monkeypatch.chdir(finished)


@pytest.fixture
def project(finished, tmp_path, monkeypatch):
    """Folder of documents of a copy of the project, which is the current folder."""
    shutil.copytree(finished, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project" / "documents"


def names(result):
    return [json.loads(line)["name"] for line in result.stdout.splitlines()]


def test_list(reading):
    assert names(opora("list", "--json")) == ["notes.txt", "old.zip/lake.txt", "rules/ferry.md", "rules/pier.txt"]
    assert names(opora("list", "rules", "--json")) == ["rules/ferry.md", "rules/pier.txt"]
    result = opora("list")
    assert "rules/ferry.md    markdown  en                  2  Rules of the ferry\n" in result.stdout
    assert "old.zip/lake.txt  text      en                  1\n" in result.stdout  # its title is its name
    assert "4 documents" in result.stderr


def test_show(reading):
    assert opora("show", "FERRY").stdout.splitlines()[0] == "rules/ferry.md"
    assert "\nRules of the ferry\n  Fees\n  Times\n" in opora("show", "ferry").stdout
    assert opora("show", "ferry", "--text").stdout.strip() == FERRY.strip()
    assert "Fees]\nThe fee is 12 EUR a day." in opora("show", "ferry", "--passages").stdout
    assert "a Markdown document" in opora("show", "ferry", "-v").stderr
    assert json.loads(opora("show", "lake", "--json").stdout)["metadata"]["container"] == "old.zip"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "fery"], r"no document is named 'fery'; did you mean rules/ferry.md\?"),
        (["show", "castle"], r"no document is named 'castle'; `opora list` shows the names"),
        (["show", "rules"], r"'rules' names 2 documents: rules/ferry.md, rules/pier.txt; choose one"),
        (["show", "txt"], r"'txt' is in the names of 3 documents: notes.txt"),
        (["show", "empty"], r"empty.txt is not in the corpus: empty file"),
        (["show", "ferry", "--page", "1"], r"rules/ferry.md has no pages in its format; --page is 1"),
        (["search", "fee", "--folder", "rulez"], r"no document is in the folder 'rulez'; did you mean rules\?"),
        (["search", "fee", "--type", "txt"], r"--type txt: no document has this format; did you mean text\?"),
        (["search", "fee", "--filter", "page"], r"--filter page: expected KEY=VALUE"),
        (["search", "fee", "--filter", "pagge=1"], r"filter pagge is unknown"),
        (["search", "fee", "--document", "notes", "--folder", "rules"], r"--document notes is not in --folder rules"),
        (["search", " "], "the question is empty"),
        (["ask", "fee", "--document", "nots"], r"did you mean notes.txt"),
        (["remove", "ferri"], r"did you mean rules/ferry.md"),
        (["remove", "--undo", "ferry"], r"removed.txt: no document was removed"),
    ],
)
def test_faults_are_one_line(reading, arguments, message):
    with pytest.raises(InputError, match=message) as caught:
        opora(*arguments)
    assert "\n" not in str(caught.value)


def test_the_whole_name_of_a_file_is_enough():
    sources = ["a/annex-plan.txt", "a/plan.txt", "b/planning.txt", "c/note.txt", "d/note.txt"]
    assert find_names("plan", sources) == ["a/plan.txt"]
    with pytest.raises(InputError, match=r"'note' is in the names of 2 documents"):
        find_names("note", sources)


def test_a_place_that_is_cited_twice_is_named_once():
    citations = [
        Citation(document_id="d", passage_id="d-0", start=start, end=start + 4, text=text, location="a.txt", marker=1)
        for start, text in ((0, "One."), (5, "Two."))
    ]
    lines = format_answer(Answer(text="One. [1] Two. [1]", refused=False, citations=citations)).splitlines()
    assert lines[2:5] == ["  [1] a.txt", "      One.", "      Two."]


def test_a_mark_of_a_document_has_blanks_inside():
    citation = Citation(document_id="d", passage_id="d-0", start=0, end=8, text="Two [7].", location="a.txt", marker=1)
    assert "      Two [ 7 ]." in format_answer(Answer(text="Two. [1]", refused=False, citations=[citation]))


def test_search_and_filters(reading):
    result = opora("search", "fee a day")
    assert result.stdout.startswith(" 1. rules/ferry.md, ")
    assert "    The fee is 12 EUR a day.\n" in result.stdout

    def sources(*arguments):
        lines = opora("search", "fee", "--json", *arguments).stdout.splitlines()
        return {json.loads(line)["passage"]["metadata"]["source"] for line in lines}

    assert sources("--document", "notes") == {"notes.txt"}
    assert sources("--folder", "rules") <= {"rules/ferry.md", "rules/pier.txt"}
    assert sources("--type", "markdown") == {"rules/ferry.md"}
    assert sources("--filter", "title=Rules of the ferry") == {"rules/ferry.md"}
    assert len(opora("search", "fee", "--top-k", "1", "--json").stdout.splitlines()) == 1
    assert "3 EUR" in opora("ask", "What is the fee?", "--document", "notes").stdout
    assert "12 EUR" in opora("ask", "What is the fee?", "--type", "markdown").stdout


def test_a_removed_document_stays_away_until_it_is_brought_back(project):
    opora("remove", "ferry", "old.zip")
    assert (project / "rules" / "ferry.md").exists()
    assert names(opora("list", "--json")) == ["notes.txt", "rules/pier.txt"]
    opora("ingest")
    assert names(opora("list", "--json")) == ["notes.txt", "rules/pier.txt"]
    opora("index")
    assert "ferry.md" not in opora("search", "ferry fee").stdout
    opora("remove", "--undo", "ferry")
    assert names(opora("list", "--json")) == ["notes.txt", "rules/ferry.md", "rules/pier.txt"]
    assert Path("removed.txt").read_text().splitlines()[1:] == ["old.zip/lake.txt"]
    opora("remove", "--undo", "lake")
    assert len(names(opora("list", "--json"))) == 4
    assert not Path("removed.txt").exists()


def test_an_index_of_another_corpus_is_named(project):
    stale, changed = "index was made of an older corpus", "documents have changed since `opora ingest`"
    assert stale not in opora("search", "pier").stderr
    assert changed not in opora("search", "pier").stderr
    (project / "notes.txt").write_text("The kiosk is closed.")
    assert f"{changed}: notes.txt; run" in opora("ask", "Where is the pier?").stderr
    opora("ingest")
    assert stale in opora("ask", "Where is the pier?").stderr
    opora("index")
    assert stale not in opora("ask", "Where is the pier?").stderr


def test_new_and_deleted_documents_are_changes(project):
    (project / "rules" / "pier.txt").unlink()
    (project / "new.txt").write_text("New.")
    assert "since `opora ingest`: new.txt and 1 more; run" in opora("search", "pier").stderr


def test_an_index_answers_beside_a_damaged_corpus(project):
    Path("corpus/documents.parquet").write_bytes(b"PAR1")
    assert "12 EUR" in opora("ask", "What is the fee a day?").stdout


def test_a_suspect_document_is_marked_wherever_it_is_shown(project, monkeypatch):
    from opora.corpus.parsers.base import Suspicion
    from opora.corpus.sandbox.process import SandboxedParser

    parse, suspicion = SandboxedParser.parse, Suspicion(reason="text lost", value=0.71)
    monkeypatch.setattr(
        SandboxedParser,
        "parse",
        lambda self, path: parse(self, path).model_copy(update={"suspicions": (suspicion,)}),
    )
    (project / "kiosk.txt").write_text("The kiosk opens at nine.")
    result = opora("ingest")
    assert "suspect: kiosk.txt: text lost (71%)" in result.stderr
    opora("index")
    assert "! kiosk.txt" in opora("list").stdout
    assert "suspect: text lost (71%)" in opora("show", "kiosk").stdout
    assert "suspect: text lost (71%)" in opora("search", "kiosk opens").stdout
    assert "warning: kiosk.txt is suspect: text lost (71%)" in opora("ask", "When does the kiosk open?").stdout
    answer = json.loads(opora("ask", "When does the kiosk open?", "--json").stdout)
    assert answer["warnings"] == ["kiosk.txt is suspect: text lost (71%); check the source"]


def test_one_is_no_plural(tmp_path, monkeypatch):
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "a.txt").write_text("The pier closes at noon.")
    monkeypatch.chdir(tmp_path)
    assert "corpus: 1 document, 1 passage (" in opora("ingest").stderr
