"""Judging with a server that delays, fails, lies and hangs up; a killed run pays for nothing twice."""

import signal
import subprocess
import sys
import time

import pytest

from opora.artifacts import read_records
from opora.bench.judge.rows import VerdictRow
from opora.bench.judge.session import open_verdicts, verdicts_path
from opora.bench.judge.stage import JudgeStage
from opora.bench.results.files import read_table
from opora.bench.results.table import AnswerRow
from opora.errors import InputError, ModelError

PROMPTS = 21
"""Prompts of 24 answers; three answers are the same for both models."""


def verdicts(out):
    return list(read_records(out / "verdicts.jsonl", VerdictRow))


def test_every_answer_has_a_verdict_and_scores(settings, benches, judge):
    manifest = JudgeStage(settings(), benches, benches / "judged").run()
    assert manifest.counts == {"answers": 24, "verdicts": 24, "prompts": PROMPTS}
    assert len(judge.requests) == PROMPTS
    assert judge.requests[0]["temperature"] == 0.0
    assert judge.requests[0]["response_format"]["json_schema"]["strict"] is True
    rows = list(read_records(benches / "judged" / "answers.jsonl", AnswerRow))
    right = [row for row in rows if row.model == "right"]
    assert {(row.scores["judge_score"], row.scores["judge_correct"]) for row in right} == {(5.0, 1.0)}
    assert right[1].verdict.reason == "The fee is 1 EUR. against It is 1 EUR."
    assert right[1].scores["key_fact_accuracy"] == 1.0
    wrong, right = read_table(benches / "judged").rows
    assert (wrong.metrics["judge_correct"].mean, right.metrics["judge_correct"].mean) == (0.25, 1.0)
    assert right.differences["judge_score"].mean == 3.0
    assert right.metrics["seconds"].mean == 0.5
    assert "judged correct" in (benches / "judged" / "table.md").read_text()


def test_every_verdict_is_kept_with_its_cost(settings, benches, judge):
    manifest = JudgeStage(settings(), benches, benches / "judged").run()
    rows = verdicts(benches / "judged")
    assert len(rows) == 24
    assert {(row.judge, row.revision, row.template) for row in rows} == {(settings().model, "m", "score")}
    assert sum(row.attempts for row in rows) == PROMPTS
    assert len({row.prompt_hash for row in rows}) == PROMPTS
    assert sum(row.prompt_tokens for row in rows) == sum(prompt for prompt, _ in judge.charged)
    assert manifest.cost == pytest.approx(sum(row.cost for row in rows))
    assert manifest.tokens["completion"] == sum(reply for _, reply in judge.charged)


def test_the_second_template_grades(settings, benches, judge):
    judge.reply = lambda body: '{"reason": "половина", "correct": false, "grade": 2}'
    JudgeStage(settings(template="grade"), benches, benches / "judged").run()
    [row, *_] = read_records(benches / "judged" / "answers.jsonl", AnswerRow)
    assert (row.scores["judge_grade"], row.scores["judge_correct"]) == (2.0, 0.0)
    assert "judge_score" not in row.scores


@pytest.mark.parametrize("trouble", [429, 500, "hang up", "truncate", "stall"])
def test_transient_failures_are_retried(settings, benches, judge, trouble):
    judge.plan = ["answer", trouble, "answer", trouble]
    manifest = JudgeStage(settings(generation={"timeout_s": 1.0}), benches, benches / "judged").run()
    assert manifest.counts["verdicts"] == 24
    assert len(judge.requests) == PROMPTS + 2


def test_a_failed_verdict_is_missing_and_counted(settings, benches, judge):
    """The server fails at all three attempts of the second request."""
    judge.plan = ["answer", 500, 500, 500]
    manifest = JudgeStage(settings(generation={"concurrency": 1}), benches, benches / "judged").run()
    assert manifest.dropped == {"server failure": 1}
    [failed] = [row for row in verdicts(benches / "judged") if row.failure]
    assert (failed.failure, failed.attempts, failed.verdict) == ("server", 3, None)
    assert "no" in failed.detail
    assert failed.possible_cost > 0
    [row] = [
        row
        for row in read_records(benches / "judged" / "answers.jsonl", AnswerRow)
        if (row.model, row.id) == (failed.model, failed.id)
    ]
    assert (row.verdict, row.scores["judge_score"], row.scores["judge_correct"]) == (None, None, None)
    metrics = read_table(benches / "judged").row(failed.model).metrics["judge_correct"]
    assert (metrics.count, metrics.missing) == (11, 1)
    assert "1 of 24 verdicts are missing" in (benches / "judged" / "table.md").read_text()
    again = JudgeStage(settings(generation={"concurrency": 1}), benches, benches / "judged").run()
    assert again.dropped == {}
    assert len(judge.requests) == PROMPTS + 3


def test_an_unparseable_reply_is_requested_once_more_then_missing(settings, benches, judge):
    good = judge.reply
    judge.reply = lambda body: good(body) if len(body["messages"]) > 2 else "I like it."
    manifest = JudgeStage(settings(), benches, benches / "judged").run()
    assert manifest.counts["verdicts"] == 24
    assert len(judge.requests) == 2 * PROMPTS
    assert judge.requests[-1]["messages"][-2] == {"role": "assistant", "content": "I like it."}
    judge.reply = lambda body: "I like it."
    lost = JudgeStage(settings(template="grade"), benches, benches / "lost").run()
    assert lost.dropped == {"no verdict in the reply": 24}
    assert len(judge.requests) == 4 * PROMPTS
    assert verdicts(benches / "lost")[0].raw == "I like it."


@pytest.mark.parametrize(
    ("refused", "used"), [(["json_schema"], "json_object"), (["json_schema", "json_object"], None)]
)
def test_a_server_without_structured_output(settings, benches, judge, capsys, refused, used):
    judge.refused = refused
    manifest = JudgeStage(settings(generation={"concurrency": 1}), benches, benches / "judged").run()
    assert manifest.counts["verdicts"] == 24
    assert judge.requests[-1].get("response_format", {}).get("type") == used
    assert len(judge.requests) == PROMPTS + len(refused)
    assert capsys.readouterr().err.count("does not support json_schema") == 1


def test_a_server_that_is_down_ends_the_run_soon(settings, benches, judge):
    judge.plan = [500] * 1000
    with pytest.raises(ModelError, match=r"20 calls to the judge failed in a row|no call to the judge succeeded"):
        JudgeStage(settings(generation={"retries": 0}), benches, benches / "judged").run()
    judge.plan = [401]
    with pytest.raises(ModelError, match="rejects the key"):
        JudgeStage(settings(generation={"concurrency": 1}), benches, benches / "judged").run()
    judge.plan = []
    assert JudgeStage(settings(), benches, benches / "judged").run().counts["verdicts"] == 24


def test_a_second_run_sends_nothing_and_gives_the_same_bytes(settings, benches, judge):
    first = JudgeStage(settings(), benches, benches / "judged").run()
    assert JudgeStage(settings(), benches, benches / "judged").run() == first
    copy = JudgeStage(settings(), benches, benches / "copy").run()
    assert copy.fingerprint == first.fingerprint
    for name in ("answers.jsonl", "table.json", "table.md"):
        assert (benches / "judged" / name).read_bytes() == (benches / "copy" / name).read_bytes()
    requests = len(judge.requests)
    changed = JudgeStage(settings(resamples=50), benches, benches / "judged").run()
    assert (len(judge.requests), changed.counts["verdicts"]) == (requests, 24)


def test_a_killed_run_pays_for_nothing_twice(settings, benches, judge):
    judge.delay = 0.1
    judge_settings = settings(generation={"concurrency": 2})
    code = (
        "import sys; from pathlib import Path; from opora.bench.judge.stage import JudgeStage;"
        "from opora.bench.judge.settings import JudgeBenchSettings;"
        "JudgeStage(JudgeBenchSettings.model_validate_json(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])).run()"
    )
    out = benches / "killed"
    command = [sys.executable, "-c", code, judge_settings.model_dump_json(), benches, out]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    wait_for(lambda: len(judge.requests) >= 8, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.3)
    assert not out.exists()
    sent = [request["messages"] for request in judge.requests]
    with open_verdicts(out) as journal:
        settled = sum(value["verdict"] is not None for _, value in journal.items())
        under_way = sum(value["reserved"] > 0 for _, value in journal.items())
    assert settled + under_way == len(sent)
    assert under_way <= 2
    judge.delay = 0.0
    manifest = JudgeStage(judge_settings, benches, out).run()
    assert manifest.counts["verdicts"] == 24
    assert len(judge.requests) == PROMPTS + under_way
    assert manifest.cost >= sum(2.0 * prompt + 8.0 * reply for prompt, reply in judge.charged) / 1e6 - 1e-12
    whole = JudgeStage(judge_settings, benches, benches / "whole").run()
    assert (out / "answers.jsonl").read_bytes() == (benches / "whole" / "answers.jsonl").read_bytes()
    assert whole.counts == manifest.counts


def wait_for(condition, process):
    deadline = time.monotonic() + 30
    while not condition():
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"benchmark": "mian"}, "benchmark is 'mian', which does not exist; did you mean main?"),
        ({"baseline": "rigth"}, "baseline 'rigth' is not a row of this benchmark; did you mean right?"),
        ({"model": "smolm2"}, "did you mean smollm2?"),
        ({"price": {}, "budget": 1.0}, "budget needs a price"),
        ({"price": {"prompt": 1.0}}, "price.completion is missing"),
    ],
)
def test_wrong_settings_are_one_line_before_anything_is_paid(settings, benches, judge, change, message):
    with pytest.raises(InputError) as error:
        JudgeStage(settings(**change), benches, benches / "judged").run()
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert judge.requests == []
    assert not verdicts_path(benches / "judged").exists()


def test_a_judged_benchmark_is_not_judged_again(settings, benches):
    JudgeStage(settings(), benches, benches / "judged").run()
    with pytest.raises(InputError, match="made by method judge; a benchmark of method rag, position"):
        JudgeStage(settings(benchmark="judged"), benches, benches / "twice").run()
