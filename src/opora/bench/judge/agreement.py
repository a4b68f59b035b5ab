"""Agreement of a judge with labels, and its biases for length and position.

print(format_agreement(measure_agreement(labels, pairs, "score")))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from opora.bench.judge.labels import LABELS, AnswerPair, LabelledAnswer
from opora.bench.judge.parse import FORMS
from opora.bench.results.i18n import words_in
from opora.bench.results.markdown import Grid, markdown
from opora.bench.results.table import JudgeVerdict
from opora.metrics.agreement import cluster_interval, cohen_kappa
from opora.metrics.bootstrap import RESAMPLES, Interval, bootstrap
from opora.validation import Record

JudgedAnswer = tuple[LabelledAnswer, JudgeVerdict]


class PositionBias(Record):
    """Choices of a judge between two answers, each pair in both orders."""

    pairs: int
    missing: int
    """Pairs without a choice."""
    first_wins: Interval
    """Share of pairs won by the first answer; 0.5 without bias."""
    inconsistent: Interval
    """Share of pairs whose winner changes with the order."""
    better_wins: Interval
    """Share of pairs won by the better answer."""


class JudgeAgreement(Record):
    """Agreement of a judge with the labels."""

    template: str
    answers: int
    missing: int
    """Answers without a verdict; they are left out below."""
    kappa: Interval
    """Cohen's kappa of correct or not."""
    weighted_kappa: Interval
    """Cohen's kappa of score or grade, with quadratic weights."""
    accuracy: Interval
    """Share of answers whose correct-or-not equals the label."""
    confusion: dict[str, dict[str, int]]
    """Label -> score or grade -> count."""
    called_correct: dict[str, int]
    """Label -> number of answers judged correct."""
    length_bias: Interval
    """Mean points by which long answers are overrated against short answers of the same label."""
    position: PositionBias


def measure_agreement(
    labels: Sequence[tuple[LabelledAnswer, JudgeVerdict | None]],
    pairs: Sequence[tuple[AnswerPair, JudgeVerdict | None]],
    template: str,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> JudgeAgreement:
    """Measure agreement and biases. The bootstrap resamples questions; missing verdicts are counted and left out."""
    judged = [(label, verdict) for label, verdict in labels if verdict]
    questions = [label.question_id for label, _ in judged]
    form, draws = FORMS[template], (seed, resamples)
    categories = range(form.lowest, form.highest + 1)

    def kappa(rows: Sequence[JudgedAnswer]) -> float | None:
        return cohen_kappa(
            [int(bool(verdict.correct)) for _, verdict in rows], [int(label.correct) for label, _ in rows]
        )

    def weighted(rows: Sequence[JudgedAnswer]) -> float | None:
        values, expected = [verdict.value for _, verdict in rows], [label.value(template) for label, _ in rows]
        return cohen_kappa(values, expected, categories, quadratic=True)

    hits = [float(verdict.correct == label.correct) for label, verdict in judged]
    used_labels = [name for name in LABELS if any(label.label == name for label, _ in labels)]
    counts = Counter((label.label, verdict.value) for label, verdict in judged)
    correct = Counter(label.label for label, verdict in judged if verdict.correct)
    return JudgeAgreement(
        template=template,
        answers=len(labels),
        missing=len(labels) - len(judged),
        kappa=cluster_interval(kappa, judged, questions, *draws),
        weighted_kappa=cluster_interval(weighted, judged, questions, *draws),
        accuracy=bootstrap(hits, *draws, questions),
        confusion={name: {str(value): counts[name, value] for value in categories} for name in used_labels},
        called_correct={name: correct[name] for name in used_labels},
        length_bias=cluster_interval(partial(_length_bias, template=template), judged, questions, *draws),
        position=_position_bias(pairs, *draws),
    )


def format_agreement(agreement: JudgeAgreement) -> str:
    """Return Markdown: one line per measure, and a table of labels against verdicts."""
    position, number, show = agreement.position, agreement.template, words_in("en").interval
    lines = [
        ["kappa, correct or not", show(agreement.kappa), "1: full agreement, 0: chance"],
        [f"quadratic kappa, {number}", show(agreement.weighted_kappa), "1: full agreement, 0: chance"],
        ["accuracy, correct or not", show(agreement.accuracy), "share that equals the label"],
        ["length bias", show(agreement.length_bias, signed=True), "extra points for long answers; 0: none"],
        ["first of two wins", show(position.first_wins), "0.5: no position bias"],
        ["inconsistent pairs", show(position.inconsistent), "share whose winner changes with the order"],
        ["better of two wins", show(position.better_wins), "share, over both orders"],
        ["missing verdicts", f"{agreement.missing} of {agreement.answers}", "answers; left out above"],
        ["missing choices", f"{position.missing} of {position.pairs}", "pairs, both orders counted"],
    ]
    values = list(next(iter(agreement.confusion.values()), {}))
    rows = [
        [label, *map(str, counts.values()), str(agreement.called_correct[label])]
        for label, counts in agreement.confusion.items()
    ]
    tables = [
        Grid("", ["value", "meaning"], lines, "95 % intervals, bootstrap over questions."),
        Grid("label", [*(f"{number} {value}" for value in values), "judged correct"], rows),
    ]
    return "\n\n".join(map(markdown, tables)) + "\n"


def _length_bias(rows: Sequence[JudgedAnswer], template: str) -> float | None:
    """Return the mean over labels of: mean error on long answers minus mean error on short ones."""
    errors: dict[tuple[str, str], list[int]] = {}
    for label, verdict in rows:
        errors.setdefault((label.label, label.length), []).append(verdict.value - label.value(template))
    means = {key: sum(values) / len(values) for key, values in errors.items()}
    comparable = [label for label in LABELS if {(label, "long"), (label, "short")} <= means.keys()]
    gaps = [means[label, "long"] - means[label, "short"] for label in comparable]
    return sum(gaps) / len(gaps) if gaps else None


def _position_bias(pairs: Sequence[tuple[AnswerPair, JudgeVerdict | None]], seed: int, resamples: int) -> PositionBias:
    chosen = [(pair, verdict.value) for pair, verdict in pairs if verdict]
    questions = [pair.first.question_id for pair, _ in chosen]
    orders: dict[str, list[tuple[AnswerPair, int]]] = {}
    for pair, value in chosen:
        orders.setdefault(pair.id, []).append((pair, value))
    both = [choices for choices in orders.values() if len(choices) == 2]
    # the same position in both orders is a different answer
    changed = [float(first[1] == second[1]) for first, second in both]
    return PositionBias(
        pairs=len(pairs),
        missing=len(pairs) - len(chosen),
        first_wins=bootstrap([float(value == 1) for _, value in chosen], seed, resamples, questions),
        inconsistent=bootstrap(changed, seed, resamples, [first[0].first.question_id for first, _ in both]),
        better_wins=bootstrap([float(value == pair.better) for pair, value in chosen], seed, resamples, questions),
    )
