"""Sources: names of all kinds, links, what cannot be read, globs that match nothing."""

import os
import time
import unicodedata
from functools import partial
from pathlib import Path

import pytest

from opora.artifacts import read_records
from opora.corpus.parsers.base import Dropped
from opora.corpus.reader import read_documents
from opora.corpus.settings import IngestSettings
from opora.corpus.sources.patterns import NamePatterns, ignores_case
from opora.corpus.sources.registry import find_sources
from opora.corpus.sources.removed import Exclusion
from opora.corpus.stage import IngestStage
from opora.errors import InputError


def fill(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Text of {name.encode('utf-8', 'replace').decode()}.")


def run(root, **settings):
    IngestStage(IngestSettings(**settings), root, root / "corpus").run()
    access = {document.source: document.access for document in read_documents(root / "corpus")}
    dropped = {drop.source: drop.detail for drop in read_records(root / "corpus" / "dropped.jsonl", Dropped)}
    return access, dropped


@pytest.mark.parametrize(
    ("glob", "name", "matches"),
    [
        ("board/**", "board/a.pdf", True),
        ("board/**", "board/sub/a.pdf", True),
        ("board/**", "boards/a.pdf", False),
        ("*.pdf", "board/a.pdf", True),
        ("**/a.pdf", "a.pdf", True),
        ("**/a.pdf", "board/a.pdf", True),
        ("**/.*", ".git/config", True),
        ("**/.*", "a/.git/b/c", True),
        ("**/.*", "a.b/c.d", False),
        ("**/~$*", "a/~$b.docx", True),
        ("Совет/**", "совет/a.pdf", False),
    ],
)
def test_globs(glob, name, matches):
    assert NamePatterns([glob]).match(name) is matches


def test_case_is_ignored_where_the_file_system_ignores_it(tmp_path):
    assert NamePatterns(["Совет/**"], ignores_case=True).match("СОВЕТ/a.pdf")
    assert ignores_case(tmp_path) is (tmp_path.parent / tmp_path.name.swapcase()).exists()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("rule_form", ["NFC", "NFD"])
def test_a_label_holds_however_the_name_is_composed(tmp_path, form, rule_form):
    name, rule = unicodedata.normalize(form, "Приёмной/й.txt"), unicodedata.normalize(rule_form, "Приёмной/**")
    fill(tmp_path / "documents", name)
    assert run(tmp_path, access={rule: ["staff"]}) == ({"Приёмной/й.txt": ("staff",)}, {})
    fill(tmp_path / "documents", "open.txt")
    assert run(tmp_path, exclude=[rule]) == ({"open.txt": ()}, {})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"access": {"bord/**": ["board"]}}, r"ingest.access has the glob 'bord/\*\*'.*did you mean 'board/\*\*'\?"),
        ({"access": {"board": ["board"]}}, r"did you mean 'board/\*\*'\?"),
        ({"access": {"a.PDF": ["board"]}}, r"folders: board"),
        ({"exclude": ["boards/*"]}, r"ingest.exclude has the glob 'boards/\*'"),
        ({"access": {"**/minutes.txt": ["board"]}}, "ingest.access"),
    ],
)
def test_a_glob_that_matches_nothing_is_an_error(tmp_path, settings, message):
    fill(tmp_path / "documents", "board/a.txt", "b.txt")
    with pytest.raises(InputError, match=message):
        run(tmp_path, **settings)


def test_a_kind_of_file_may_be_absent_from_the_excluded(tmp_path):
    fill(tmp_path / "documents", "a.txt")
    assert run(tmp_path, exclude=["**/*.bak", "*.tmp"])[0] == {"a.txt": ()}


def test_what_cannot_be_read_is_reported(tmp_path):
    documents = tmp_path / "documents"
    fill(documents, "a.txt", "sub/b.txt")
    (documents / "sub" / "loop").symlink_to(documents)
    (documents / "broken").symlink_to(documents / "missing.txt")
    (documents / "self").symlink_to(documents / "self")
    os.mkfifo(documents / "pipe")
    (documents / os.fsdecode(b"\xef\xf0\xe8\xea\xe0\xe7.txt")).write_text("Order.")
    access, dropped = run(tmp_path)
    assert list(access) == ["a.txt", "sub/b.txt"]
    assert dropped == {
        "broken": "a link to nothing",
        "pipe": "neither a file nor a folder",
        "self": "Too many levels of symbolic links",
        "sub/loop": "a link to a folder around it",
        "������.txt": "the name is not UTF-8; rename the file",
    }


def test_what_the_system_refuses_is_reported(tmp_path, monkeypatch):
    from opora.corpus import stage

    def refuse(path, *, real):
        if Path(path).name in ("b.txt", "closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    fill(tmp_path / "documents", "a.txt", "b.txt", "closed/c.txt")
    monkeypatch.setattr(os, "scandir", partial(refuse, real=os.scandir))
    monkeypatch.setattr(stage, "fingerprint_of_file", partial(refuse, real=stage.fingerprint_of_file))
    assert run(tmp_path) == ({"a.txt": ()}, {"b.txt": "Permission denied", "closed": "Permission denied"})


def test_files_of_systems_are_no_documents(tmp_path):
    fill(tmp_path / "documents", "a.txt", "sub/desktop.ini", "sub/Thumbs.db", "__MACOSX/._a.txt", ".git/config")
    assert run(tmp_path) == ({"a.txt": ()}, {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_and_folders_without_permission_are_reported(tmp_path):
    fill(tmp_path / "documents", "a.txt", "b.txt", "sub/c.txt")
    (tmp_path / "documents" / "b.txt").chmod(0)
    (tmp_path / "documents" / "sub").chmod(0)
    assert run(tmp_path)[1] == {"b.txt": "Permission denied", "sub": "Permission denied"}


def test_links_are_followed_and_cannot_shed_a_label(tmp_path):
    documents = tmp_path / "documents"
    fill(documents, "board/secret.txt")
    fill(tmp_path / "elsewhere", "more.txt")
    (documents / "a.txt").symlink_to(documents / "board" / "secret.txt")
    (documents / "away").symlink_to(tmp_path / "elsewhere")
    access, dropped = run(tmp_path, access={"board/**": ["board"]})
    assert (access, dropped) == ({"away/more.txt": (), "board/secret.txt": ("board",)}, {})


def test_many_files_are_listed_at_once(tmp_path):
    for number in range(5000):
        path = tmp_path / "documents" / str(number // 500) / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    began = time.process_time()
    listing = find_sources(["documents"], Exclusion(NamePatterns(IngestSettings().exclude)), tmp_path)
    assert len(listing.sources) == 5000
    assert time.process_time() - began < 1.5
