"""Limits on processor time and memory: counted for the document alone, with the setting to raise in the reason."""

import subprocess
import sys
import time

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.sandbox import pool, process
from opora.corpus.sandbox.pool import parse_files
from opora.corpus.sandbox.process import SandboxedParser, cpu_limit
from opora.corpus.settings import IngestSettings, LimitSettings
from opora.validation import RenamedSettingWarning

CLOCK = "from opora.corpus.sandbox.clock import CpuClock; clock = CpuClock(); clock.start(0.3, 0.5)\n"
SPIN = f"{sys.executable!r}, '-c', 'while True: pass'"


def parse(path, body, **limits):
    """Parse with a process that runs `body` instead; return the error."""

    class Scripted(SandboxedParser):
        def _start(self):
            command = [sys.executable, "-c", f"import sys\nsys.stdin.readline()\n{body}"]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            return subprocess.Popen(command, **pipes, stderr=subprocess.DEVNULL, start_new_session=True)

    path.write_text("text")
    with Scripted(LimitSettings(**{"cpu_s": 5.0, **limits})) as parser, pytest.raises(ParseError) as caught:
        parser.parse(path)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import re; re.match('(a*)*b', 'a' * 50)",
        f"import subprocess\nwhile True: subprocess.run([{SPIN.replace('while True', 'for n in range(3000000)')}])",
        f"import subprocess\nsubprocess.run([{SPIN}])\nwhile True: pass",
    ],
)
def test_processor_time_is_limited_also_that_of_programs(tmp_path, body):
    error = parse(tmp_path / "a.md", CLOCK + body)
    assert (error.reason, "raise ingest.limits.cpu_s (5)" in error.detail) == ("time limit", True)


def test_a_wait_costs_no_processor_time(tmp_path):
    error = parse(tmp_path / "a.md", CLOCK + "import time; time.sleep(1.5); sys.exit(9)")
    assert (error.reason, error.detail) == ("crashed", "the parsing process exited with status 9")


def test_time_for_ocr_is_added(tmp_path):
    body = "clock.allow(9.0)\nimport time\nwhile time.process_time() < 0.6: pass\nsys.exit(9)"
    assert parse(tmp_path / "a.md", CLOCK + body).reason == "crashed"
    endless = "clock.allow(9.0)\nwhile True: pass"
    assert parse(tmp_path / "a.md", CLOCK + endless).reason == "time limit"


def test_programs_of_a_document_end_with_it(tmp_path):
    file = str(tmp_path / "pid")
    body = f"import subprocess\nchild = subprocess.Popen([{SPIN}])\nopen({file!r}, 'w').write(str(child.pid))"
    parse(tmp_path / "a.md", body + "\nimport time; time.sleep(60)", cpu_s=0.5, wall_factor=2.0)
    pid = (tmp_path / "pid").read_text()
    for _ in range(100):
        state = subprocess.run(["ps", "-o", "stat=", pid], capture_output=True, text=True).stdout.strip()
        if state in ("", "Z"):
            return
        time.sleep(0.05)
    pytest.fail("the program still runs")


@pytest.mark.parametrize(
    "reply", ["[]", "{}", '{"parsed": {}, "peak_mb": 1}', "null", '{"peak_mb": 1, "reason": "?"}', "x"]
)
def test_a_reply_that_is_no_document_is_a_crash(tmp_path, reply):
    assert parse(tmp_path / "a.md", f"print({reply!r})").reason == "crashed"


def test_the_limit_grows_with_the_file():
    assert cpu_limit(3 << 20, LimitSettings(cpu_s=10, cpu_s_per_mb=5)) == 25


def test_the_old_name_of_the_time_limit_is_accepted():
    with pytest.warns(RenamedSettingWarning, match="timeout_s is now cpu_s"):
        assert LimitSettings(timeout_s=9).cpu_s == 9


def test_a_process_that_has_grown_is_renewed(tmp_path, monkeypatch):
    path = tmp_path / "a.md"
    path.write_text("# Rules of the pier\n\nText.")
    with SandboxedParser(LimitSettings()) as parser:
        parser.parse(path)
        first = parser._process.pid
        parser.parse(path)
        assert parser._process.pid == first
        monkeypatch.setattr(process, "RENEW_MB", 1)
        parser.parse(path)
        assert parser._process is None
        assert parser.parse(path).title == "Rules of the pier"


def test_lack_of_memory_is_named_whatever_wraps_it(monkeypatch):
    from opora.corpus.parsers import registry
    from opora.corpus.sandbox import worker

    def fail(*_, **__):
        try:
            raise MemoryError
        except MemoryError as error:
            raise ParseError("corrupt", "broken") from ValueError(error)

    monkeypatch.setattr(worker, "parse_document", fail)
    assert registry.FORMATS
    request = {"path": __file__, "settings": {}, "max_unpacked_bytes": 1}
    clock = type("Clock", (), {"allow": staticmethod(lambda seconds: None)})
    assert worker._reply_to(request, clock)["reason"] == "memory limit"


def test_a_fault_of_a_parser_is_named_with_its_place(monkeypatch):
    from opora.corpus.sandbox import worker

    monkeypatch.setattr(worker, "parse_document", lambda *_, **__: {}["key"])
    clock = type("Clock", (), {"allow": None})
    reply = worker._reply_to({"path": __file__, "settings": {}, "max_unpacked_bytes": 1}, clock)
    assert reply["reason"] == "crashed"
    assert reply["detail"].startswith("KeyError: 'key' (test_limits.py:")


class Memory(dict):
    def put(self, key, value):
        self[key] = value


def test_a_verdict_of_limits_is_tried_once_more_alone(tmp_path, monkeypatch):
    tries, busy = [], []

    class Fragile:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def parse(self, path):
            tries.append(path.name)
            busy.append(path)
            time.sleep(0.05)
            alone = len(busy) == 1
            busy.remove(path)
            if path.name == "never" or (path.name == "fragile" and tries.count("fragile") == 1):
                raise ParseError("time limit", "busy")
            assert alone or path.name == "good"
            return process.Parsed(format="text", text="Text.")

    monkeypatch.setattr(pool, "SandboxedParser", Fragile)
    journal = Memory()
    parse_files({name: tmp_path / name for name in ("good", "fragile", "never")}, journal, IngestSettings())
    assert sorted(tries) == ["fragile", "fragile", "good", "never", "never"]
    assert {key: value.get("reason") for key, value in journal.items()} == {
        "good": None,
        "fragile": None,
        "never": "time limit",
    }
