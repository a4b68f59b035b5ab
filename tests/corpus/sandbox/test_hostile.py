"""Hostile documents are dropped with a reason and harm nothing else."""

import io
import subprocess
import sys
import time
import zipfile

import pytest

from opora.artifacts import read_records
from opora.corpus.parsers.base import Dropped, ParseError
from opora.corpus.reader import read_documents
from opora.corpus.sandbox.process import SandboxedParser
from opora.corpus.settings import IngestSettings, LimitSettings
from opora.corpus.stage import IngestStage

LIMITS = LimitSettings(cpu_s=20, memory_mb=1024, max_unpacked_mb=50)


def bomb() -> bytes:
    """Return a DOCX of about 100 KB that unpacks to 100 MB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b" " * 100_000_000)
    return buffer.getvalue()


def nested() -> bytes:
    return b"<html><body>" + b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000 + b"</body></html>"


def test_a_folder_of_hostile_files_keeps_the_good_document(tmp_path):
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "bomb.docx").write_bytes(bomb())
    (documents / "corrupt.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20)
    (documents / "empty.txt").write_bytes(b"")
    (documents / "good.md").write_text("# Rules\n\nThe fee is 12 EUR a day.\n")
    (documents / "nested.html").write_bytes(nested())
    manifest = IngestStage(IngestSettings(limits=LIMITS), tmp_path, tmp_path / "corpus").run()
    assert manifest.counts["documents"] == 1
    assert [document.source for document in read_documents(tmp_path / "corpus")] == ["good.md"]
    assert {drop.source: drop.reason for drop in read_records(tmp_path / "corpus" / "dropped.jsonl", Dropped)} == {
        "bomb.docx": "unpacks too large",
        "corrupt.pdf": "corrupt",
        "empty.txt": "empty file",
        "nested.html": "nested too deeply",
    }


def script(body: str) -> SandboxedParser:
    """Return a parser whose process runs `body` instead of parsing."""

    class Scripted(SandboxedParser):
        def _start(self):
            command = [sys.executable, "-c", f"import sys\nsys.stdin.readline()\n{body}"]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            return subprocess.Popen(command, **pipes, stderr=subprocess.DEVNULL)

    return Scripted(LIMITS.model_copy(update={"cpu_s": 1.0, "wall_factor": 2.0}))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import time; time.sleep(60)", "time limit"),
        ("import os; os.kill(os.getpid(), 11)", "crashed"),
        ("sys.exit(3)", "crashed"),
        ("print('{\"half\":', end='', flush=True); import time; time.sleep(60)", "time limit"),
    ],
)
def test_a_hang_or_crash_drops_the_document(tmp_path, body, reason):
    path = tmp_path / "a.md"
    path.write_text("text")
    began = time.monotonic()
    with script(body) as parser, pytest.raises(ParseError) as caught:
        parser.parse(path)
    assert caught.value.reason == reason
    assert time.monotonic() - began < 10


def test_the_next_document_is_parsed_after_a_crash(tmp_path):
    path = tmp_path / "good.md"
    path.write_text("# Rules of the pier\n\nText.")
    with SandboxedParser(LIMITS) as parser:
        parser.parse(path)
        parser._process.kill()
        parser._process.wait()
        assert parser.parse(path).title == "Rules of the pier"


@pytest.mark.parametrize(
    ("attempt", "refused"),
    [
        ("open('new.txt', 'w').write('x' * 10)", "OSError PermissionError"),
        ("open('there.txt', 'a').write('more'); ", "OSError PermissionError"),
        ("import os; os.remove('there.txt')", "PermissionError"),
        ("import socket; socket.create_connection(('127.0.0.1', PORT))", "PermissionError"),
        ("bytearray(3 << 30)", "MemoryError"),
    ],
)
def test_the_parsing_process_is_restricted(tmp_path, attempt, refused):
    import socket

    (tmp_path / "there.txt").write_text("there")
    with socket.create_server(("127.0.0.1", 0)) as server:
        attempt = attempt.replace("PORT", str(server.getsockname()[1]))
        code = f"from opora.corpus.sandbox.worker import restrict_process\nrestrict_process(1 << 30)\n{attempt}"
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert any(name in done.stderr or done.returncode == -25 for name in refused.split()), done.stderr
    assert (tmp_path / "there.txt").read_text() == "there"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.docx", b"PK\x03\x04 nothing", "corrupt"),
        ("a.docx", b"PK\x03\x04 word/ nothing", "corrupt"),
        ("a.xyz", b"\x00\x01\x02\x03", "unsupported format"),
        ("a.md", b" \n\t ", "empty file"),
        ("a.md", "\ufeff\u200b".encode(), "no text"),
        ("a.html", b"<html><body><script>alert(1)</script></body></html>", "no text"),
    ],
)
def test_unreadable_files_have_a_reason(tmp_path, name, data, reason):
    path = tmp_path / name
    path.write_bytes(data)
    with SandboxedParser(LIMITS) as parser, pytest.raises(ParseError) as caught:
        parser.parse(path)
    assert caught.value.reason == reason


def test_a_file_over_the_limit_is_not_read(tmp_path):
    path = tmp_path / "a.md"
    path.write_bytes(b"x" * (2 << 20))
    with (
        SandboxedParser(LimitSettings(max_file_mb=1)) as parser,
        pytest.raises(ParseError, match="too large"),
    ):
        parser.parse(path)
