"""How a judge's verdicts agree with labels, and what else moves them: length, position.

In: labelled answers and pairs, with what the judge said of each. Out: an `Agreement`; as Markdown.

    print(format_agreement(measure(judged, compared, "score")))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from opora.bench.judge.labels import LABELS, Labelled, Pair
from opora.bench.judge.parse import FORMS, JudgeVerdict
from opora.bench.results.markdown import Grid, format_interval, markdown
from opora.metrics.agreement import cohen_kappa, interval_of
from opora.metrics.bootstrap import RESAMPLES, Interval, bootstrap
from opora.validation import Record


class Judged(NamedTuple):
    """A labelled answer and the verdict on it."""

    label: Labelled
    verdict: JudgeVerdict


class Position(Record):
    """`first_wins`: share of pairs won by the answer that stands first, half without bias; `inconsistent`: share of
    pairs whose winner changes with the order; `better_wins`: share won by the better one. `missing`: without a choice.
    """

    pairs: int
    missing: int
    first_wins: Interval
    inconsistent: Interval
    better_wins: Interval


class Agreement(Record):
    """`kappa`: of correct or not; `weighted_kappa`: quadratic, of score or grade; `accuracy`: share of correct-or-not
    that is as labelled. `confusion`: label -> value -> count; `called_correct`: label -> count.

    `length_bias`: how much more a long answer is overrated than a short one of the same label, in points. `missing`
    counts failed verdicts.
    """

    template: str
    answers: int
    missing: int
    kappa: Interval
    weighted_kappa: Interval
    accuracy: Interval
    confusion: dict[str, dict[str, int]]
    called_correct: dict[str, int]
    length_bias: Interval
    position: Position


def measure(
    labels: Sequence[tuple[Labelled, JudgeVerdict | None]],
    pairs: Sequence[tuple[Pair, JudgeVerdict | None]],
    template: str,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Agreement:
    """Answers to one question are drawn together. What has no verdict is counted and left out."""
    judged = [Judged(label, verdict) for label, verdict in labels if verdict]
    questions = [each.label.question_id for each in judged]
    form, draws = FORMS[template], (seed, resamples)
    categories = range(form.lowest, form.highest + 1)

    def kappa(rows: Sequence[Judged]) -> float | None:
        return cohen_kappa([int(bool(row.verdict.correct)) for row in rows], [int(row.label.correct) for row in rows])

    def weighted(rows: Sequence[Judged]) -> float | None:
        given, due = [row.verdict.value for row in rows], [row.label.value(template) for row in rows]
        return cohen_kappa(given, due, categories, quadratic=True)

    def length_bias(rows: Sequence[Judged]) -> float | None:
        return _length_bias(rows, template)

    hits = [float(each.verdict.correct == each.label.correct) for each in judged]
    named = [label for label in LABELS if any(each.label == label for each, _ in labels)]
    counts = Counter((each.label.label, each.verdict.value) for each in judged)
    correct = Counter(each.label.label for each in judged if each.verdict.correct)
    return Agreement(
        template=template,
        answers=len(labels),
        missing=len(labels) - len(judged),
        kappa=interval_of(kappa, judged, questions, *draws),
        weighted_kappa=interval_of(weighted, judged, questions, *draws),
        accuracy=bootstrap(hits, *draws, questions),
        confusion={label: {str(value): counts[label, value] for value in categories} for label in named},
        called_correct={label: correct[label] for label in named},
        length_bias=interval_of(length_bias, judged, questions, *draws),
        position=_position(pairs, seed, resamples),
    )


def format_agreement(found: Agreement) -> str:
    """Markdown: what was measured, a line each, and labels against verdicts."""
    place, number = found.position, "score" if found.template == "score" else "grade"
    lines = [
        ["kappa, correct or not", format_interval(found.kappa, 2), "1: full agreement, 0: chance"],
        [f"quadratic kappa, {number}", format_interval(found.weighted_kappa, 2), "1: full agreement, 0: chance"],
        ["accuracy, correct or not", format_interval(found.accuracy, 2), "share as labelled"],
        ["length bias", format_interval(found.length_bias, 2, signed=True), "points more for long answers; 0: none"],
        ["first of two wins", format_interval(place.first_wins, 2), "0.5: no bias for position"],
        ["inconsistent pairs", format_interval(place.inconsistent, 2), "share whose winner changes with the order"],
        ["better of two wins", format_interval(place.better_wins, 2), "share, over both orders"],
        ["missing verdicts", f"{found.missing} of {found.answers}", "answers; counted, and left out above"],
        ["missing choices", f"{place.missing} of {place.pairs}", "pairs in an order"],
    ]
    values = list(next(iter(found.confusion.values()), {}))
    rows = [
        [label, *(str(counts[value]) for value in values), str(found.called_correct[label])]
        for label, counts in found.confusion.items()
    ]
    tables = [
        Grid("", ["value", "what it is"], lines, "95 % intervals, bootstrap over questions."),
        Grid("label", [*(f"{number} {value}" for value in values), "judged correct"], rows),
    ]
    return "\n\n".join(map(markdown, tables)) + "\n"


def _length_bias(rows: Sequence[Judged], template: str) -> float | None:
    """Mean over the labels of: mean error of the long answers less that of the short ones."""
    errors: dict[tuple[str, str], list[int]] = {}
    for label, verdict in rows:
        errors.setdefault((label.label, label.length), []).append(verdict.value - label.value(template))
    means = {key: sum(each) / len(each) for key, each in errors.items()}
    known = [label for label in LABELS if {(label, "long"), (label, "short")} <= means.keys()]
    gaps = [means[label, "long"] - means[label, "short"] for label in known]
    return sum(gaps) / len(gaps) if gaps else None


def _position(pairs: Sequence[tuple[Pair, JudgeVerdict | None]], seed: int, resamples: int) -> Position:
    chosen = [(pair, verdict.value) for pair, verdict in pairs if verdict]
    questions = [pair.first.question_id for pair, _ in chosen]
    orders: dict[str, list[tuple[Pair, int]]] = {}
    for pair, value in chosen:
        orders.setdefault(pair.id, []).append((pair, value))
    both = [each for each in orders.values() if len(each) == 2]
    # the same place twice is another answer twice
    changed = [float(one[1] == other[1]) for one, other in both]
    return Position(
        pairs=len(pairs),
        missing=len(pairs) - len(chosen),
        first_wins=bootstrap([float(value == 1) for _, value in chosen], seed, resamples, questions),
        inconsistent=bootstrap(changed, seed, resamples, [one[0].first.question_id for one, _ in both]),
        better_wins=bootstrap([float(value == pair.better) for pair, value in chosen], seed, resamples, questions),
    )
