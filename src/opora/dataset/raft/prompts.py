"""Rows of a RAFT dataset: what a model is shown for one question, and what it is to write.

In: an example with its gold passages, and where to take distractors from. Out: chats with their evidence.

    maker = RowMaker(settings, distractors, examples)
    maker.rows(example)[0].messages[-1].content    # 'Quote: "A fee of 12 EUR is due." [2]\\nAnswer: It is 12 EUR. [2]'
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from opora.answer.prompt import AnswerForm, build_chat, format_answer, wording
from opora.dataset.raft.contexts import Asked, draw_context, share_contexts
from opora.dataset.raft.settings import RaftSettings
from opora.examples.distractors import Distractors
from opora.examples.reader import MARK
from opora.records import Behavior, Example, Message, Passage, QuestionKind, Quote
from opora.text.quotes import locate
from opora.validation import Record


class Row(Record):
    """One training example: a chat whose last message is the answer, and the evidence it was made of."""

    id: str
    messages: tuple[Message, ...]
    question: str
    answer: str
    behavior: Behavior
    """`refuse` too where the gold passages were left out."""
    kind: QuestionKind
    language: str
    domain: str
    documents: tuple[str, ...]
    passages: tuple[Passage, ...]
    gold: tuple[str, ...]
    quotes: tuple[Quote, ...]
    origin: str


class RowMaker:
    """Makes the rows of one split. Everything random is drawn from the seed and the ids of rows, so that a row does not
    change with others than those that share its context."""

    def __init__(self, settings: RaftSettings, distractors: Distractors, examples: Sequence[Example]) -> None:
        self._settings, self._distractors = settings, distractors
        self._asked = {each.id: each for each in _asked(settings, examples)}
        groups = share_contexts(self._asked.values(), settings, distractors)
        self._groups = {each.id: group for group in groups for each in group}
        self._contexts: dict[str, list[Passage]] = {}

    def rows(self, example: Example) -> list[Row]:
        """`variants` rows; none for an unanswerable question without a passage to show."""
        rows = [self._row(self._asked[each]) for each in _row_ids(example, self._settings)]
        return [row for row in rows if row.passages]

    def _row(self, asked: Asked) -> Row:
        example, refused, language = asked.example, asked.refused, asked.example.language
        passages = self._context(asked)
        target = wording(language).refusal if refused else self._target(example, passages)
        return Row(
            id=asked.id,
            messages=(*build_chat(example.question, passages, language), Message(role="assistant", content=target)),
            question=example.question,
            answer=wording(language).refusal if refused else example.answer,
            behavior="refuse" if refused else example.behavior,
            kind=example.kind,
            language=language,
            domain=example.domain,
            documents=example.documents,
            passages=tuple(passages),
            gold=tuple(passage.id for passage in asked.gold),
            quotes=() if refused else example.quotes,
            origin=example.origin,
        )

    def _context(self, asked: Asked) -> list[Passage]:
        """The passages of the row's group, drawn once."""
        group = self._groups[asked.id]
        if group[0].id not in self._contexts:
            self._contexts[group[0].id] = draw_context(group, self._settings, self._distractors)
        return self._contexts[group[0].id]

    def _target(self, example: Example, passages: Sequence[Passage]) -> str:
        """The answer with its citations, after its quotes where there are any and reasoning is wanted."""
        numbers = {passage.id: number for number, passage in enumerate(passages, 1)}
        if MARK.search(example.answer):
            final = MARK.sub(lambda mark: f"[{numbers[example.passages[int(mark[1]) - 1].id]}]", example.answer)
            return format_answer(AnswerForm(final), example.language)
        shown = evidence(example)
        quotes = tuple(
            (quote.text, numbers[passage.id])
            for quote in example.quotes
            for passage in [each for each in shown if _holds(each, quote)][:1]
        )
        marks = sorted({number for _, number in quotes}) or sorted(numbers[each] for each in example.gold)
        final = " ".join([example.answer, *(f"[{number}]" for number in marks)])
        return format_answer(AnswerForm(final, quotes if self._settings.reasoning else ()), example.language)


def evidence(example: Example) -> list[Passage]:
    """The fewest gold passages that hold all quotes, greedily; all gold passages where there are no quotes."""
    gold = [passage for passage in example.passages if passage.id in example.gold]
    if not example.quotes:
        return gold
    chosen: list[Passage] = []
    missing = list(example.quotes)
    while missing and gold:
        best = max(gold, key=lambda passage: sum(_holds(passage, quote) for quote in missing))
        chosen.append(best)
        gold.remove(best)
        missing = [quote for quote in missing if not _holds(best, quote)]
    return chosen


def _holds(passage: Passage, quote: Quote) -> bool:
    return locate(quote.text, passage.text) is not None


def _asked(settings: RaftSettings, examples: Sequence[Example]) -> Iterator[Asked]:
    without_gold = _drawn_without_gold(settings, examples)
    for example in examples:
        gold = tuple(evidence(example))
        for row_id in _row_ids(example, settings):
            if example.behavior == "refuse" or row_id in without_gold:
                yield Asked(row_id, example, (), settings.distractors + max(1, len(gold)), refused=True)
            else:
                yield Asked(row_id, example, gold, settings.distractors + len(gold), refused=False)


def _drawn_without_gold(settings: RaftSettings, examples: Sequence[Example]) -> frozenset[str]:
    """Ids of the rows whose gold is left out: exactly the wanted share of the answerable ones, by a salted hash."""
    ids = [row_id for each in examples if each.behavior != "refuse" for row_id in _row_ids(each, settings)]
    ids.sort(key=lambda each: hashlib.sha256(f"{settings.seed} without gold {each}".encode()).digest())
    return frozenset(ids[: round(settings.refusals * len(ids))])


def _row_ids(example: Example, settings: RaftSettings) -> list[str]:
    return [f"{example.id}/{variant}" for variant in range(settings.variants)]
