"""Whatever a user breaks, a command ends with one line or does its work."""

import errno
import os
import re
import shutil
import sqlite3
import sys

import openai
import pytest

from opora.cli import main as cli
from opora.cli.failures import explain_failure
from opora.cli.main import main

COMMANDS = {
    "ingest": ["ingest"],
    "index": ["index"],
    "ask": ["ask", "Какова плата за проезд?"],
    "list": ["list"],
    "show": ["show", "rules", "--verbose"],
    "search": ["search", "Какова плата за проезд?"],
    "remove": ["remove", "rules"],
    "tune": ["index", "tune", "--questions", "questions.jsonl"],
    "raft": ["dataset", "raft", "--questions", "questions.jsonl"],
    "bench": ["bench", "rag", "--questions", "questions.jsonl"],
    "check": ["bench", "check"],
    "new": ["bench", "new"],
    "train": ["train", "sft", "--dataset", "raft"],
    "report": ["report"],
    "plan": ["plan"],
    "run": ["run", "ingest"],
    "doctor": ["doctor"],
    "init": ["init", "new-project"],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(patch, "init", ".") == 0
        (folder / "documents" / "rules.md").write_text("# Правила\n\nПлата за проезд составляет 12 рублей.\n")
        (folder / "questions.jsonl").write_text(
            '{"id": "fee", "question": "Какова плата за проезд?", "answer": "12 рублей.", "language": "ru", '
            '"quotes": [{"document": "rules", "text": "Плата за проезд составляет 12 рублей."}]}\n'
        )
        assert run(patch, "ingest") == 0
        assert run(patch, "index") == 0
    return folder


def run(patch, *arguments):
    """Run a command in this process, and return its exit status; a fault of opora raises."""
    messages = []

    def leave(message, code):
        messages.append(message)
        print(f"opora: {message}", file=sys.stderr)
        raise SystemExit(code)

    patch.setattr(cli, "_exit", leave)
    patch.setattr(sys, "argv", ["opora", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert all("\n" not in message and message for message in messages)
    return caught.value.code or 0


def as_folder(path):
    path.unlink()
    path.mkdir()


def as_file(path):
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("no folder")


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGE = {
    "recipe in another encoding": lambda root: (root / "opora.yaml").write_bytes(
        "ask: {top_k: 2} # ключ".encode("cp1251")
    ),
    "recipe is a folder": lambda root: as_folder(root / "opora.yaml"),
    "recipe is a list": lambda root: (root / "opora.yaml").write_text("- ask"),
    "recipe is binary": lambda root: (root / "opora.yaml").write_bytes(b"\0\1\2" * 9),
    "corpus is a file": lambda root: as_file(root / "corpus"),
    "manifest is cut": lambda root: cut(root / "corpus" / "manifest.json"),
    "manifest is a list": lambda root: (root / "corpus" / "manifest.json").write_text("[]"),
    "passages are cut": lambda root: cut(root / "corpus" / "passages.parquet"),
    "passages are missing": lambda root: (root / "corpus" / "passages.parquet").unlink(),
    "documents are empty": lambda root: (root / "corpus" / "documents.parquet").write_bytes(b""),
    "index is a file": lambda root: as_file(root / "index"),
    "index is cut": lambda root: [cut(path) for path in (root / "index").rglob("*") if path.is_file()],
    "index is empty": lambda root: [path.unlink() for path in (root / "index").rglob("*") if path.is_file()],
    "questions in another encoding": lambda root: (root / "questions.jsonl").write_bytes('{"вопрос"'.encode("cp1251")),
    "questions are a folder": lambda root: as_folder(root / "questions.jsonl"),
    "documents are a file": lambda root: as_file(root / "documents"),
    "documents link to themselves": lambda root: (root / "documents" / "loop").symlink_to(root / "documents"),
    "a document is a broken link": lambda root: (root / "documents" / "gone.md").symlink_to(root / "nowhere.md"),
    "a name is no UTF-8": lambda root: open(os.path.join(bytes(root / "documents"), b"\xcf\xf0.md"), "wb").close(),
    "datasets are a file": lambda root: as_file(root / "dataset"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_command_over_damaged_files_ends_with_a_line(project, tmp_path, monkeypatch, damage):
    for name, arguments in COMMANDS.items():
        root = tmp_path / name
        shutil.copytree(project, root, symlinks=True)
        DAMAGE[damage](root)
        monkeypatch.chdir(root)
        assert run(monkeypatch, *arguments) in (0, 1, 2), name


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "corpus"), "corpus: permission denied; check who may"),
        (OSError(errno.EROFS, "Read-only file system", "index"), "index: read-only file system; work in a folder"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk: no space left; free some"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "q.jsonl"), "q.jsonl: is a directory; a file is needed"),
        (OSError(errno.EMFILE, "Too many open files", "x"), "x: too many open files; raise the limit"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), "package torch is missing or broken"),
        (ImportError("libx.so: cannot open", name="lance.lance"), "package lance is missing or broken"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "not in the expected encoding"),
        (sqlite3.DatabaseError("database disk image is malformed"), "a database is damaged or in use"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "network: .*refused"),
        (openai.OpenAIError("no key"), "network: no key; check the connection"),
        (MemoryError(), "out of memory; close other programs"),
        (KeyboardInterrupt(), "interrupted; run the same command"),
    ],
)
def test_failures_in_one_line(error, message):
    explained, code = explain_failure(error)
    assert code in (1, 130)
    assert re.search(message, explained)
    assert "\n" not in explained


def test_a_fault_of_opora_keeps_its_traceback():
    assert explain_failure(AssertionError("a bug")) is None
    assert explain_failure(KeyError("a bug")) is None
