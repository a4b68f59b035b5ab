"""What a benchmark varies: which passages a question is shown, and in which order.

In: questions, an index, the settings of a method. Out: conditions, each with the questions that it asks and the hits
that it shows them with.

    for condition in conditions_of(settings, examples, index):
        condition.name, condition.asked      # '10 passages, reverse', [Asked(...), ...]
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from opora.answer.answerer import Asked, question_language, retrieve
from opora.bench.settings import (
    AnswerBenchSettings,
    DistractorKind,
    DistractorsBenchSettings,
    Order,
    PositionBenchSettings,
)
from opora.console.progress import track
from opora.errors import InputError
from opora.examples.distractors import Distractors
from opora.records import Example, Hit, Passage
from opora.retrieval.search.searcher import Index
from opora.text.quotes import locate

Values = dict[str, int | str]


class Condition(NamedTuple):
    """One way of asking. `values` name it in figures and words; `against` is the condition that it is compared with."""

    values: Values
    against: Values | None
    examples: Sequence[Example]
    asked: Sequence[Asked]

    @property
    def name(self) -> str:
        return condition_name(self.values)


def condition_name(values: Values) -> str:
    """A condition in words: '10 passages, reverse order'."""
    if "distractors" in values:
        return f"{values['count']} {values['distractors']}" if values["count"] else "no distractors"
    last = f"{values['order']} order" if "order" in values else f"gold in place {values['slot']}"
    return f"{values['passages']} passages, {last}"


def conditions_of(settings: AnswerBenchSettings, examples: Sequence[Example], index: Index) -> list[Condition]:
    """Raises InputError where no question fits the method."""
    if isinstance(settings, PositionBenchSettings):
        return [*_orders(settings, examples, index), *_sweep(settings, examples, index)]
    if isinstance(settings, DistractorsBenchSettings):
        return list(_distractors(settings, examples, index))
    return [Condition({}, None, examples, retrieve([each.question for each in examples], index, settings.ask.top_k))]


def passages_shown(settings: AnswerBenchSettings) -> list[int]:
    """About how many passages each condition shows, one a condition."""
    if isinstance(settings, PositionBenchSettings):
        orders = [count for count in set(settings.passages) for _ in set(settings.orders)]
        return orders + [settings.sweep] * settings.sweep
    if isinstance(settings, DistractorsBenchSettings):
        return [1 + count for count in {0, *settings.counts} for _ in (settings.kinds if count else ("none",))]
    return [settings.ask.top_k]


def _orders(settings: PositionBenchSettings, examples: Sequence[Example], index: Index) -> Iterator[Condition]:
    found = retrieve([each.question for each in examples], index, max(settings.passages))
    for count in dict.fromkeys(settings.passages):
        for order in dict.fromkeys(settings.orders):
            against: Values = {"passages": settings.passages[0], "order": order}
            if order != settings.orders[0]:
                against = {"passages": count, "order": settings.orders[0]}
            values: Values = {"passages": count, "order": order}
            asked = [
                each._replace(hits=_ranked(_ordered(each.hits[:count], order, settings.seed, example.id)))
                for each, example in zip(found, examples, strict=True)
            ]
            yield Condition(values, None if against == values else against, examples, asked)


def evidence(example: Example) -> list[Passage]:
    """The fewest passages that hold the evidence: each quote's first, and those that hold no whole quote."""
    gold = [passage for passage in example.passages if passage.id in example.gold]
    holding = {quote.text: [each for each in gold if locate(quote.text, each.shown)] for quote in example.quotes}
    firsts = {found[0].id for found in holding.values() if found}
    others = {each.id for each in gold} - {each.id for found in holding.values() for each in found}
    return [each for each in gold if each.id in firsts | others]


def _ordered(hits: Sequence[Hit], order: Order, seed: int, example_id: str) -> list[Hit]:
    if order == "reverse":
        return list(reversed(hits))
    if order == "random":
        return random.Random(f"{seed} {example_id}").sample(list(hits), len(hits))
    return list(hits)


def _sweep(settings: PositionBenchSettings, examples: Sequence[Example], index: Index) -> Iterator[Condition]:
    if not settings.sweep:
        return
    single = [each for each in examples if len(evidence(each)) == 1]
    if not single:
        raise InputError(f"{settings.questions}: no question has just one gold passage; set sweep to 0")
    distractors = Distractors(index)
    others = {each.id: distractors.near([each])[: settings.sweep - 1] for each in single}
    single = [each for each in single if len(others[each.id]) == settings.sweep - 1]
    if not single:
        raise InputError(f"the index has fewer than {settings.sweep} passages for each question; lower sweep")
    for slot in range(1, settings.sweep + 1):

        def shown(example: Example, slot: int = slot) -> list[Passage]:
            around = others[example.id]
            return [*around[: slot - 1], evidence(example)[0], *around[slot - 1 :]]

        values: Values = {"passages": settings.sweep, "slot": slot}
        against: Values | None = {**values, "slot": 1} if slot > 1 else None
        yield Condition(values, against, single, _asked(single, shown, index))


def _distractors(settings: DistractorsBenchSettings, examples: Sequence[Example], index: Index) -> Iterator[Condition]:
    answerable = [each for each in examples if each.gold]
    if not answerable:
        raise InputError(f"{settings.questions}: no question has gold passages; distractors need some")
    drawn: dict[str, dict[str, list[Passage]]] = {
        kind: _drawn(settings, kind, answerable, index) for kind in settings.kinds
    }
    for count in sorted({0, *settings.counts}):
        for kind in settings.kinds if count else ("none",):

            def shown(example: Example, kind: str = kind, count: int = count) -> list[Passage]:
                # more of them are more of the same: each count begins with those of the one before
                passages = [*evidence(example), *(drawn[kind][example.id][:count] if count else ())]
                return random.Random(f"{settings.seed} {count} {example.id}").sample(passages, len(passages))

            values: Values = {"distractors": kind, "count": count}
            against: Values | None = {"distractors": "none", "count": 0} if count else None
            yield Condition(values, against, answerable, _asked(answerable, shown, index))


def _drawn(
    settings: DistractorsBenchSettings, kind: DistractorKind, examples: Sequence[Example], index: Index
) -> dict[str, list[Passage]]:
    """As many distractors for each question as any condition needs; random ones behind the hard, where these end."""
    source, most = Distractors(index), max(settings.counts, default=0)
    drawn = {}
    for each in track(examples, f"{kind} distractors", total=len(examples)):
        hard = source.near([each])[:most] if kind == "hard" else []
        others = source.draw([each], most, 0.0, random.Random(f"{settings.seed} {each.id}"))
        drawn[each.id] = list({passage.id: passage for passage in [*hard, *others]}.values())[:most]
    return drawn


def _asked(examples: Sequence[Example], shown: Callable[[Example], list[Passage]], index: Index) -> list[Asked]:
    return [
        Asked(each.question, question_language(each.question, index), _ranked_passages(shown(each)))
        for each in examples
    ]


def _ranked(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    return tuple(hit.model_copy(update={"rank": rank}) for rank, hit in enumerate(hits, 1))


def _ranked_passages(passages: Sequence[Passage]) -> tuple[Hit, ...]:
    return tuple(Hit(passage=passage, rank=rank) for rank, passage in enumerate(passages, 1))
