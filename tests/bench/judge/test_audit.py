"""The audit of a judge measures known faults of scripted judges."""

import json
import re
from collections import Counter

import pytest

from opora.artifacts import read_records, write_json_lines
from opora.bench.judge.agreement import JudgeAgreement
from opora.bench.judge.audit import JudgeAuditStage
from opora.bench.judge.labels import LABELS, find_pairs, read_labels
from opora.bench.judge.rows import VerdictRow
from opora.bench.judge.settings import JudgeAuditSettings
from opora.errors import InputError
from opora.metrics.agreement import cluster_interval, cohen_kappa
from opora.models.base import BatchModel, Completion

LABELLED = read_labels(None, "")
BY_ANSWER = {(label.question, label.answer.strip()): label for label in LABELLED}


class Judge:
    """Returns verdicts by the labels, changed by `twist(label, verdict)`; of a pair it chooses by `prefer`."""

    def __init__(self, twist=lambda label, verdict: verdict, prefer=None):
        self.twist = twist
        self.prefer = prefer or (lambda first, second: 1 if first.score > second.score else 2)

    def __call__(self, prompt):
        [question] = tagged(prompt, "question")
        answers = [BY_ANSWER[question, text] for text in tagged(prompt, r"answer(?:-\d)?")]
        if len(answers) == 2:
            return json.dumps({"reason": "r", "better": self.prefer(*answers)})
        verdict = {"reason": "r", "score": answers[0].score, "correct": int(answers[0].correct)}
        return json.dumps(self.twist(answers[0], verdict))


class Model(BatchModel):
    """A model that completes with the verdicts of a judge, and counts its calls."""

    spec = revision = "oracle"
    context_tokens, calls = None, 0

    def __init__(self, judge):
        self.judge = judge

    def generate_batch(self, chats, on_completion):
        for number, chat in enumerate(chats):
            self.calls += 1
            on_completion(number, Completion(text=self.judge(chat[1].content), prompt_tokens=1, completion_tokens=1))


def tagged(text, tag):
    return [match[1].strip() for match in re.finditer(rf"<{tag}>\n(.*?)\n</{tag}>", text, re.DOTALL)]


@pytest.fixture
def audit(tmp_path):
    """Function that audits a judge; returns its agreement and the manifest."""

    def audit(judge, **changes):
        model = judge if isinstance(judge, Model) else Model(judge)
        settings = JudgeAuditSettings(model="scripted", resamples=100, **changes)
        manifest = JudgeAuditStage(settings, tmp_path / "check", lambda spec, settings: model).run()
        text = (tmp_path / "check" / "check.json").read_text()
        return JudgeAgreement.model_validate_json(text), manifest

    return audit


def test_the_labels_are_whole_and_balanced():
    assert len(LABELLED) == len({label.id for label in LABELLED}) == len(BY_ANSWER) == 120
    assert Counter(label.label for label in LABELLED) == dict.fromkeys(LABELS, 24)
    assert Counter(label.language for label in LABELLED) == {"ru": 60, "en": 60}
    assert set(Counter((label.label, label.length) for label in LABELLED).values()) == {12}
    assert set(Counter(label.question_id for label in LABELLED).values()) == {5}
    values = {"right": (5, True, 4), "half right": (3, False, 2), "unsupported": (2, False, 1)}
    for label in LABELLED:
        assert (label.score, label.correct, label.grade) == values.get(label.label, (1, False, 0)), label.id
        assert label.evidence
        words = len(label.answer.split())
        assert words <= 14 if label.length == "short" else words >= 25, label.id


def test_a_perfect_judge(audit):
    model = Model(Judge())
    agreement, manifest = audit(model)
    assert manifest.counts == {"answers": 120, "pairs": 96, "verdicts": 216}
    assert (agreement.kappa.mean, agreement.weighted_kappa.mean, agreement.accuracy.mean) == (1.0, 1.0, 1.0)
    assert (agreement.length_bias.mean, agreement.missing) == (0.0, 0)
    position = agreement.position
    assert (position.first_wins.mean, position.inconsistent.mean, position.better_wins.mean) == (0.5, 0.0, 1.0)
    assert agreement.confusion["half right"] == {"1": 0, "2": 0, "3": 24, "4": 0, "5": 0}
    assert agreement.called_correct == {"right": 24, "half right": 0, "unsupported": 0, "wrong": 0, "wrong refusal": 0}
    assert model.calls == 216


def test_a_judge_that_prefers_long_answers(audit):
    def twist(label, verdict):
        return {**verdict, "score": min(4, verdict["score"] + (label.length == "long"))}

    agreement, _ = audit(Judge(twist), language="en")
    assert agreement.length_bias.mean == pytest.approx(0.8)
    assert agreement.length_bias.low > 0
    assert agreement.kappa.mean == 1.0
    assert 0 < agreement.weighted_kappa.mean < 1


def test_a_judge_that_prefers_the_first_answer(audit):
    agreement, _ = audit(Judge(prefer=lambda first, second: 1), language="ru")
    assert (agreement.position.first_wins.mean, agreement.position.inconsistent.mean) == (1.0, 1.0)
    assert agreement.position.better_wins.mean == 0.5


def test_a_judge_that_calls_everything_right_agrees_no_better_than_chance(audit):
    agreement, _ = audit(Judge(lambda label, verdict: {"reason": "r", "score": 5, "correct": 1}), language="en")
    assert (agreement.kappa.mean, agreement.weighted_kappa.mean, agreement.accuracy.mean) == (0.0, 0.0, 0.2)


def test_failed_verdicts_are_counted_and_left_out(audit, tmp_path):
    agreement, manifest = audit(Judge(lambda label, verdict: "?" if label.label == "wrong" else verdict), language="ru")
    assert (agreement.answers, agreement.missing, agreement.kappa.mean) == (60, 12, 1.0)
    assert manifest.dropped == {"no verdict in the reply": 12}
    assert sum(agreement.confusion["wrong"].values()) == 0
    assert "12 of 60" in (tmp_path / "check" / "check.md").read_text()
    rows = list(read_records(tmp_path / "check" / "verdicts.jsonl", VerdictRow))
    assert sum(row.verdict is None for row in rows) == 12


def test_a_second_audit_sends_nothing(audit):
    model = Model(Judge())
    first = audit(model, language="en")
    assert audit(model, language="en") == first
    audit(model, language="en", seed=1)
    assert model.calls == 108


def test_a_judge_behind_a_server(server, tmp_path):
    server.reply = lambda body: Judge()(body["messages"][1]["content"])
    server.plan = [500, "hang up", 429]
    write_json_lines(tmp_path / "few.jsonl", LABELLED[:10])
    settings = JudgeAuditSettings(model=f"openai:m@{server.url}", resamples=100, labels=tmp_path / "few.jsonl")
    manifest = JudgeAuditStage(settings, tmp_path / "check").run()
    assert manifest.counts == {"answers": 10, "pairs": 8, "verdicts": 18}
    assert (manifest.results["kappa"], len(server.requests)) == (1.0, 21)


def test_every_pair_is_compared_in_both_orders(tmp_path):
    pairs = find_pairs(LABELLED)
    assert len(pairs) == 96
    assert set(Counter(pair.id for pair in pairs).values()) == {2}
    prompts = JudgeAuditStage(JudgeAuditSettings(model="scripted"), tmp_path).prompts()
    assert len({prompt.key for prompt in prompts}) == 216


def test_your_own_labels(tmp_path):
    (tmp_path / "labels.jsonl").write_text(LABELLED[0].model_dump_json() + "\n")
    [label] = read_labels(tmp_path / "labels.jsonl", "")
    assert label == LABELLED[0]
    (tmp_path / "labels.jsonl").write_text('{"id": "a", "lable": "right"}\n')
    with pytest.raises(InputError, match=r"labels.jsonl:1:\d+: lable is unknown; did you mean label\?"):
        read_labels(tmp_path / "labels.jsonl", "")


@pytest.mark.parametrize(
    ("first", "second", "quadratic", "kappa"),
    [
        ([1, 0, 1, 0], [1, 0, 1, 0], False, 1.0),
        ([1, 1, 0, 0], [1, 0, 1, 0], False, 0.0),
        ([1] * 20 + [1] * 5 + [0] * 10 + [0] * 15, [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15, False, 0.4),
        ([0, 1, 2, 3, 4], [0, 1, 2, 3, 3], True, 1 - 0.2 / 3.4),
        ([1, 1], [1, 1], False, None),
        ([], [], False, None),
    ],
)
def test_kappa(first, second, quadratic, kappa):
    """The third case is a textbook example; the fourth has a squared distance of 0.2 where chance has 3.4."""
    agreement = cohen_kappa(first, second, range(5), quadratic)
    assert agreement == (None if kappa is None else pytest.approx(kappa, abs=1e-6))


def test_an_interval_draws_whole_clusters():
    rows, clusters = [0.0] * 50 + [1.0] * 50, ["a"] * 50 + ["b"] * 50
    agreement = cluster_interval(lambda values: sum(values) / len(values), rows, clusters, resamples=500)
    assert (agreement.mean, agreement.low, agreement.high, agreement.clusters) == (0.5, 0.0, 1.0, 2)
