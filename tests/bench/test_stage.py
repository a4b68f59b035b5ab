"""A benchmark keeps every answer, survives a kill, and is reproducible."""

import json
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from opora.answer.settings import AskSettings
from opora.artifacts import read_json_lines, read_manifest, read_records, write_json_lines
from opora.bench.results.files import read_table
from opora.bench.results.table import AnswerRow
from opora.bench.stage import BenchStage
from opora.bench.tasks.rag import RagTask
from opora.errors import InputError, ModelError


@pytest.fixture
def run(project):
    def run(settings, out, load):
        return BenchStage(settings, project / "corpus", project / "index", out, load).run()

    return run


def test_every_answer_is_a_row_with_scores(run, settings, load, tmp_path):
    manifest = run(settings, tmp_path / "b", load)
    rows = {(row.model, row.id): row for row in read_records(tmp_path / "b" / "answers.jsonl", AnswerRow)}
    assert manifest.counts == {"questions": 5, "rows": 15}
    assert len(rows) == 15
    right = rows["right", "fee"].scores
    assert (right["key_fact_accuracy"], right["citation_precision"], right["citation_recall"]) == (1.0, 1.0, 1.0)
    assert (right["rouge_l_f1"], right["false_refusal"], right["answered_unanswerable"]) == (1.0, 0.0, None)
    refused = rows["refuse", "fee"].scores
    assert (refused["key_fact_accuracy"], refused["false_refusal"], refused["citation_recall"]) == (0.0, 1.0, 0.0)
    assert (
        rows["refuse", "captain"].scores["key_fact_accuracy"],
        rows["wrong", "captain"].scores["answered_unanswerable"],
    ) == (1, 1)
    assert rows["wrong", "fee"].scores["citation_precision"] == 0.0


def test_the_table_compares_with_the_baseline(run, settings, load, tmp_path):
    run(settings, tmp_path / "b", load)
    wrong, right, refuse = read_table(tmp_path / "b").rows
    assert (wrong.name, wrong.differences) == ("wrong", {})
    assert right.metrics["key_fact_accuracy"].mean == 1.0
    assert right.differences["key_fact_accuracy"].mean == 1.0
    assert refuse.metrics["refusal"].mean == 1.0
    assert refuse.metrics["citation_precision"].count == 0
    assert set(right.by_question_type) == {"simple", "table", "reasoning", "unanswerable"}
    assert right.by_domain["rules"]["key_fact_accuracy"].count == 4
    assert 0.25 <= right.metrics["seconds"].mean < refuse.metrics["seconds"].mean
    text = (tmp_path / "b" / "table.md").read_text()
    assert "] ▲" not in text, "three documents are too few to tell a difference from noise"
    assert "difference from wrong" in text
    assert "logical thinking" in text


def test_the_same_inputs_give_the_same_answers(run, settings, load, tmp_path):
    first, second = (run(settings, tmp_path / name / "b", load) for name in "xy")
    assert first.fingerprint == second.fingerprint
    assert without_seconds(tmp_path / "x" / "b") == without_seconds(tmp_path / "y" / "b")
    assert run(settings, tmp_path / "x" / "b", None) == first


def without_seconds(bench):
    rows = read_table(bench).rows
    return [{name: row.metrics[name] for name in row.metrics if name != "seconds"} for row in rows], [
        {name: row.differences[name] for name in row.differences if name != "seconds"} for row in rows
    ]


def test_a_killed_run_resumes_with_the_same_result(run, settings, load, slow_script, tmp_path):
    out = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, slow_script, out], stderr=subprocess.PIPE)
    journal = tmp_path / "completions.sqlite"
    wait_for_rows(journal, 7, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = journalled(journal)
    assert 7 <= kept < 15
    assert not out.exists()
    chats_sent = []

    def load_counting(spec, settings):
        model = load(spec, settings)
        generate = model.generate
        model.generate = lambda chats, on_completion: (chats_sent.extend(chats), generate(chats, on_completion))[1]
        return model

    resumed = run(settings, out, load_counting)
    assert len(chats_sent) == 15 - kept
    assert resumed.fingerprint == run(settings, tmp_path / "elsewhere" / "whole", load).fingerprint


def wait_for_rows(journal, count, process):
    deadline = time.monotonic() + 60
    while journalled(journal) < count:
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def journalled(path):
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return connection.execute("SELECT count(*) FROM rows").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def test_a_failing_model_is_named_and_earlier_answers_are_kept(run, settings, load, tmp_path):
    def load_broken(spec, settings):
        if spec == "scripted:refuse":
            raise ModelError("the server is down")
        return load(spec, settings)

    with pytest.raises(ModelError, match=r"bench row 'refuse' \(scripted:refuse\): the server is down"):
        run(settings, tmp_path / "b", load_broken)
    assert journalled(tmp_path / "completions.sqlite") == 10


def test_the_real_extractive_answerer(project, tmp_path):
    # terms of so few documents weigh too little for the default threshold
    ask = AskSettings(min_support=0.0)
    settings = RagTask(questions=project / "questions.jsonl", resamples=100, ask=ask)
    BenchStage(settings, project / "corpus", project / "index", tmp_path / "b").run()
    [row] = read_table(tmp_path / "b").rows
    assert row.metrics["context_recall"].mean == 1.0
    assert row.metrics["citation_recall"].mean > 0


def test_references_of_questions_replace_the_corpus(project, tmp_path):
    row = {"question": "What is the fee?", "answer": "The fee is 12 EUR.[1]"}
    row["references"] = ["The fee is 12 EUR.", "Dogs are free."]
    (tmp_path / "webglm.jsonl").write_text(json.dumps(row), encoding="utf-8")
    settings = RagTask(questions=tmp_path / "webglm.jsonl", resamples=100)
    BenchStage(settings, project / "corpus", project / "index", tmp_path / "b").run()
    [row] = read_records(tmp_path / "b" / "answers.jsonl", AnswerRow)
    assert (row.scores["citation_recall"], row.scores["rouge_l_f1"], row.scores["key_fact_accuracy"]) == (
        1.0,
        1.0,
        None,
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"baseline": "rihgt"}, "baseline 'rihgt' is not a row of this benchmark; did you mean right?"),
        ({"models": {"a": "smolm2"}}, "did you mean smollm2?"),
        ({"split": "train", "language": "ru"}, "has no question of split 'train' in language 'ru'"),
    ],
)
def test_wrong_settings_are_one_line(run, settings, tmp_path, change, message):
    with pytest.raises(InputError) as error:
        run(settings.model_copy(update=change), tmp_path / "b", None)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_error_about_a_missing_quote_names_the_question(project, settings, tmp_path):
    rows = [row for _, row in read_json_lines(settings.questions)]
    rows[0]["quotes"][0]["text"] = "A fee of 13 EUR is due."
    write_json_lines(tmp_path / "q.jsonl", rows)
    wrong = settings.model_copy(update={"questions": tmp_path / "q.jsonl"})
    with pytest.raises(InputError, match="question 'fee'"):
        BenchStage(wrong, project / "corpus", project / "index", tmp_path / "b").run()


def test_the_limit_draws_a_sample(run, settings, load, tmp_path):
    limited = settings.model_copy(update={"limit": 2})
    assert run(limited, tmp_path / "b", load).counts == {"questions": 2, "rows": 6}
    assert read_manifest(tmp_path / "b").seed == 0
