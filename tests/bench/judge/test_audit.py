"""What a judge's check finds of judges whose faults are known."""

import json
import re
from collections import Counter

import pytest

from opora.artifacts import read_records, write_json_lines
from opora.bench.judge.agreement import Agreement
from opora.bench.judge.audit import check_judge, check_prompts
from opora.bench.judge.labels import LABELS, pairs_of, read_labels
from opora.bench.judge.rows import VerdictRow
from opora.bench.judge.settings import JudgeCheckSettings
from opora.errors import InputError
from opora.metrics.agreement import cohen_kappa, interval_of
from opora.models.base import Completion
from opora.models.batch_calls import generate_apart

LABELLED = read_labels(None, "")
BY_ANSWER = {(each.question, each.answer.strip()): each for each in LABELLED}


class Judge:
    """Verdicts by the labels, turned by `twist(label, verdict)`; of two it prefers by `prefer(first, second)`."""

    def __init__(self, twist=lambda label, verdict: verdict, prefer=None):
        self.twist = twist
        self.prefer = prefer or (lambda first, second: 1 if first.score > second.score else 2)

    def __call__(self, asked):
        [question] = tagged(asked, "question")
        answers = [BY_ANSWER[question, text] for text in tagged(asked, r"answer(?:-\d)?")]
        if len(answers) == 2:
            return json.dumps({"reason": "r", "better": self.prefer(*answers)})
        verdict = {"reason": "r", "score": answers[0].score, "correct": int(answers[0].correct)}
        return json.dumps(self.twist(answers[0], verdict))


class Model:
    """A model whose completions are the judge's verdicts; it counts them."""

    spec = revision = "oracle"
    context_tokens, calls = None, 0

    def __init__(self, judge):
        self.judge = judge

    def generate(self, chats, on_completion):
        for number, chat in enumerate(chats):
            self.calls += 1
            on_completion(number, Completion(text=self.judge(chat[1].content), prompt_tokens=1, completion_tokens=1))

    def generate_each(self, chats, calls):
        generate_apart(self, chats, calls)


def tagged(text, tag):
    return [match[1].strip() for match in re.finditer(rf"<{tag}>\n(.*?)\n</{tag}>", text, re.DOTALL)]


@pytest.fixture
def check(tmp_path):
    def check(judge, **more):
        model = judge if isinstance(judge, Model) else Model(judge)
        settings = JudgeCheckSettings(model="fake", resamples=100, **more)
        manifest = check_judge(settings, tmp_path / "check", lambda spec, settings: model)
        text = (tmp_path / "check" / "check.json").read_text()
        return Agreement.model_validate_json(text), manifest

    return check


def test_the_labels_are_whole_and_balanced():
    assert len(LABELLED) == len({each.id for each in LABELLED}) == len(BY_ANSWER) == 120
    assert Counter(each.label for each in LABELLED) == dict.fromkeys(LABELS, 24)
    assert Counter(each.language for each in LABELLED) == {"ru": 60, "en": 60}
    assert set(Counter((each.label, each.length) for each in LABELLED).values()) == {12}
    assert set(Counter(each.question_id for each in LABELLED).values()) == {5}
    values = {"right": (5, True, 4), "half right": (3, False, 2), "unsupported": (2, False, 1)}
    for each in LABELLED:
        assert (each.score, each.correct, each.grade) == values.get(each.label, (1, False, 0)), each.id
        assert each.evidence
        words = len(each.answer.split())
        assert words <= 14 if each.length == "short" else words >= 25, each.id


def test_a_perfect_judge(check):
    model = Model(Judge())
    found, manifest = check(model)
    assert manifest.counts == {"answers": 120, "pairs": 96, "verdicts": 216}
    assert (found.kappa.mean, found.weighted_kappa.mean, found.accuracy.mean) == (1.0, 1.0, 1.0)
    assert (found.length_bias.mean, found.missing) == (0.0, 0)
    place = found.position
    assert (place.first_wins.mean, place.inconsistent.mean, place.better_wins.mean) == (0.5, 0.0, 1.0)
    assert found.confusion["half right"] == {"1": 0, "2": 0, "3": 24, "4": 0, "5": 0}
    assert found.called_correct == {"right": 24, "half right": 0, "unsupported": 0, "wrong": 0, "wrong refusal": 0}
    assert model.calls == 216


def test_a_judge_that_likes_long_answers(check):
    def twist(label, verdict):
        return {**verdict, "score": min(4, verdict["score"] + (label.length == "long"))}

    found, _ = check(Judge(twist), language="en")
    assert found.length_bias.mean == pytest.approx(0.8)
    assert found.length_bias.low > 0
    assert found.kappa.mean == 1.0
    assert 0 < found.weighted_kappa.mean < 1


def test_a_judge_that_likes_what_comes_first(check):
    found, _ = check(Judge(prefer=lambda first, second: 1), language="ru")
    assert (found.position.first_wins.mean, found.position.inconsistent.mean) == (1.0, 1.0)
    assert found.position.better_wins.mean == 0.5


def test_a_judge_that_calls_everything_right_agrees_no_better_than_chance(check):
    found, _ = check(Judge(lambda label, verdict: {"reason": "r", "score": 5, "correct": 1}), language="en")
    assert (found.kappa.mean, found.weighted_kappa.mean, found.accuracy.mean) == (0.0, 0.0, 0.2)


def test_failed_verdicts_are_counted_and_left_out(check, tmp_path):
    found, manifest = check(Judge(lambda label, verdict: "?" if label.label == "wrong" else verdict), language="ru")
    assert (found.answers, found.missing, found.kappa.mean) == (60, 12, 1.0)
    assert manifest.dropped == {"without a verdict in the reply": 12}
    assert sum(found.confusion["wrong"].values()) == 0
    assert "12 of 60" in (tmp_path / "check" / "check.md").read_text()
    rows = list(read_records(tmp_path / "check" / "verdicts.jsonl", VerdictRow))
    assert sum(row.verdict is None for row in rows) == 12


def test_it_is_asked_once(check):
    model = Model(Judge())
    first = check(model, language="en")
    assert check(model, language="en") == first
    check(model, language="en", seed=1)
    assert model.calls == 108


def test_a_judge_behind_a_server(server, tmp_path):
    server.reply = lambda body: Judge()(body["messages"][1]["content"])
    server.plan = [500, "hang up", 429]
    write_json_lines(tmp_path / "few.jsonl", LABELLED[:10])
    settings = JudgeCheckSettings(model=f"openai:m@{server.url}", resamples=100, labels=tmp_path / "few.jsonl")
    manifest = check_judge(settings, tmp_path / "check")
    assert manifest.counts == {"answers": 10, "pairs": 8, "verdicts": 18}
    assert (manifest.results["kappa"], len(server.requests)) == (1.0, 21)


def test_every_pair_stands_in_both_orders():
    pairs = pairs_of(LABELLED)
    assert len(pairs) == 96
    assert set(Counter(pair.id for pair in pairs).values()) == {2}
    assert len({prompt.key for prompt in check_prompts(JudgeCheckSettings(model="fake"))}) == 216


def test_labels_of_ones_own(tmp_path):
    (tmp_path / "labels.jsonl").write_text(LABELLED[0].model_dump_json() + "\n")
    [label] = read_labels(tmp_path / "labels.jsonl", "")
    assert label == LABELLED[0]
    (tmp_path / "labels.jsonl").write_text('{"id": "a", "lable": "right"}\n')
    with pytest.raises(InputError, match=r"labels.jsonl:1:\d+: lable is unknown; did you mean label\?"):
        read_labels(tmp_path / "labels.jsonl", "")


@pytest.mark.parametrize(
    ("one", "other", "quadratic", "kappa"),
    [
        ([1, 0, 1, 0], [1, 0, 1, 0], False, 1.0),
        ([1, 1, 0, 0], [1, 0, 1, 0], False, 0.0),
        ([1] * 20 + [1] * 5 + [0] * 10 + [0] * 15, [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15, False, 0.4),
        ([0, 1, 2, 3, 4], [0, 1, 2, 3, 3], True, 1 - 0.2 / 3.4),
        ([1, 1], [1, 1], False, None),
        ([], [], False, None),
    ],
)
def test_kappa(one, other, quadratic, kappa):
    """The third is the textbook's example; the fourth by hand: 0.2 of squared distance where chance has 3.4."""
    found = cohen_kappa(one, other, range(5), quadratic)
    assert found == (None if kappa is None else pytest.approx(kappa, abs=1e-6))


def test_an_interval_draws_whole_clusters():
    rows, clusters = [0.0] * 50 + [1.0] * 50, ["a"] * 50 + ["b"] * 50
    found = interval_of(lambda values: sum(values) / len(values), rows, clusters, resamples=500)
    assert (found.mean, found.low, found.high, found.clusters) == (0.5, 0.0, 1.0, 2)
