"""The command line as a newcomer meets it."""

import json
import subprocess
import sys

import pytest

RULES = "# Правила\n\n## Плата\n\nПлата за проезд составляет 12 рублей в день. Дети платят половину.\n"
FULL_DISK = """
import errno
from opora.cli import main
def run_on_a_full_disk():
    raise OSError(errno.ENOSPC, 'No space left on device', 'corpus/x')
main.build_app = lambda command: run_on_a_full_disk
main.main()
"""


def opora(*arguments, cwd, code=0, stdin=None):
    command = [sys.executable, "-m", "opora", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, input=stdin)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    opora("init", ".", cwd=folder)
    (folder / "documents" / "rules.md").write_text(RULES)
    opora("ingest", cwd=folder)
    opora("index", cwd=folder)
    return folder


def test_from_a_folder_to_an_answer(project):
    done = opora("ask", "Какова плата за проезд?", cwd=project)
    assert "Плата за проезд составляет 12 рублей в день. [1]" in done.stdout
    assert "rules.md, Плата" in done.stdout
    assert "loaded in" in done.stderr
    assert done.stderr.endswith(
        "Read the cited document: documents/rules.md\nAsk many questions, one per line: opora ask < questions.txt\n"
    )


def test_the_questions_of_a_new_project_pass_the_check(tmp_path):
    opora("init", ".", cwd=tmp_path)
    (tmp_path / "documents" / "archive-rules.md").write_text("# Archive\n\nInvoices are kept for five years.\n")
    (tmp_path / "documents" / "budget-procedure.md").write_text("# Budget\n\nDepartments send their plans in May.\n")
    opora("ingest", cwd=tmp_path)
    opora("index", cwd=tmp_path)
    assert "1 quotes: no faults" in opora("bench", "check", cwd=tmp_path).stdout


def test_settings_are_printed_with_verbose_only(project):
    assert "top_k" not in opora("ask", "Какова плата за проезд?", cwd=project).stderr
    done = opora("ask", "Какова плата за проезд?", "--verbose", "--top-k", "3", cwd=project)
    assert "ask:\n  model: 'extractive'  # opora.yaml\n  top_k: 3  # command line\n" in done.stderr


def test_an_answer_as_json_cites_a_span_that_exists(project):
    answer = json.loads(opora("ask", "--json", "Какова плата за проезд?", cwd=project).stdout)
    [citation] = answer["citations"]
    assert RULES.strip()[citation["start"] : citation["end"]] == citation["text"]


def test_questions_by_lines(project):
    done = opora("ask", cwd=project, stdin="Какова плата за проезд?\n\nКто владеет дирижаблем?\n")
    assert "12 рублей" in done.stdout
    assert "В документах нет ответа на этот вопрос." in done.stdout


def test_nothing_is_made_twice(project):
    for command in ("ingest", "index"):
        done = opora(command, cwd=project)
        assert done.stdout == ""
        assert done.stderr.endswith("(up to date)\n")


def test_a_run_ends_with_what_to_do_next(project):
    done = opora("run", cwd=project)
    assert done.stderr.endswith('(up to date)\n\nAsk the documents: opora ask "..."\n')
    assert "Everything is up to date." in opora("plan", cwd=project).stdout


def test_an_old_setting_is_accepted_with_one_line(project):
    done = opora("index", "--set", "index.depth=30", "--dry-run", cwd=project)
    assert done.stderr == "opora: depth is now candidates; the old name is accepted until the next release\n"
    assert "index  up to date" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", ""], "the question is empty"),
        (["ask", "?", "--model", "smolm2"], "model 'smolm2' is unknown; did you mean smollm2?"),
        (["ask", "?", "--set", "ask.topk=1"], "ask.topk is unknown; did you mean ask.top_k?"),
        (["ingest", "nowhere"], "nowhere: no such folder or file"),
        (["ingest", "*.xyz"], "*.xyz: no file matches"),
        (["dataset", "raft", "--questions", "none.jsonl"], "none.jsonl: no such file"),
        (["train", "sft", "--dataset", "none"], "train.sft.dataset: 'none' is unknown"),
        (["bench", "rag", "--set", "bench.limit=x"], "bench.rag.limit is 'x': input should be a valid integer"),
        (["report"], "report: there are no finished benchmarks; run `opora bench rag` first"),
        (["init", "."], "exists; remove it, or choose another folder"),
    ],
)
def test_bad_input_is_one_line(project, arguments, message):
    last = opora(*arguments, cwd=project, code=2).stderr.strip().splitlines()[-1]
    assert last.startswith("opora: ")
    assert message in last


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["ask", "?"], "index does not exist yet; run `opora index` first"),
        (["index"], "corpus does not exist yet; run `opora ingest` first"),
        (["bench", "check"], "corpus does not exist yet; run `opora ingest` first"),
        (["run"], "opora.yaml: no such file in {folder}; `opora init .` writes one"),
        (["plan"], "opora.yaml: no such file in {folder}; `opora init .` writes one"),
        (["bench", "rag"], "questions.jsonl: no such file; set bench.NAME.questions to a file of questions"),
        (["report"], "report: there are no finished benchmarks; run `opora bench rag` first"),
    ],
)
def test_an_empty_folder_says_what_to_do(tmp_path, command, message):
    assert opora(*command, cwd=tmp_path, code=2).stderr == f"opora: {message.format(folder=tmp_path)}\n"


def test_a_benchmark_without_an_index_says_what_to_run(tmp_path):
    opora("init", ".", cwd=tmp_path)
    assert opora("bench", "rag", cwd=tmp_path, code=2).stderr.endswith("does not exist yet; run `opora ingest` first\n")
    (tmp_path / "documents" / "rules.md").write_text(RULES)
    opora("ingest", cwd=tmp_path)
    error = opora("bench", "rag", cwd=tmp_path, code=2).stderr
    assert error == "opora: index does not exist yet; run `opora index` first\n"


def test_a_full_disk_is_one_line():
    done = subprocess.run([sys.executable, "-c", FULL_DISK], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "opora: corpus/x: no space left; free some and run the same command again\n"


def test_help_and_version(tmp_path):
    assert "ingest" in opora("--help", cwd=tmp_path).stdout
    assert opora("--version", cwd=tmp_path).stdout.startswith("opora 0.")


def test_each_command_explains_its_options(tmp_path):
    assert "JSON Lines" in opora("dataset", "raft", "--help", cwd=tmp_path).stdout
    assert "--price-prompt" in opora("bench", "judge", "--help", cwd=tmp_path).stdout
    assert "tune" in opora("index", "--help", cwd=tmp_path).stdout
    assert "check" in opora("bench", "--help", cwd=tmp_path).stdout
