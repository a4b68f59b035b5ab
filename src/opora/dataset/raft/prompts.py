"""Rows of a RAFT dataset: the chat of each question, and the answer that a model learns.

maker = RaftRowMaker(settings, distractors, examples)
maker.rows(example)[0].messages[-1].content    # 'Quote: "A fee of 12 EUR is due." [2]\\nAnswer: It is 12 EUR. [2]'
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from opora.answer.prompt import AnswerForm, build_chat, format_answer
from opora.dataset.raft.contexts import TrainingQuestion, draw_context, share_contexts
from opora.dataset.raft.settings import RaftSettings
from opora.examples.distractors import Distractors
from opora.examples.evidence import evidence
from opora.records import Behavior, Example, Message, Passage, QuestionType, Quote
from opora.text.citation_marks import cited_numbers, renumber_marks
from opora.text.language_pack import wording
from opora.text.quotes import locate
from opora.validation import Record


class RaftRow(Record):
    """One training example: a chat whose last message is the answer, and its evidence."""

    id: str
    messages: tuple[Message, ...]
    question: str
    answer: str
    behavior: Behavior
    """`refuse` also where the gold passages were left out."""
    question_type: QuestionType
    language: str
    domain: str
    documents: tuple[str, ...]
    passages: tuple[Passage, ...]
    gold: tuple[str, ...]
    quotes: tuple[Quote, ...]
    origin: str


class RaftRowMaker:
    """Makes the rows of one split. Random choices depend on the seed and the ids of rows that share a context only."""

    def __init__(self, settings: RaftSettings, distractors: Distractors, examples: Sequence[Example]) -> None:
        self._settings, self._distractors = settings, distractors
        self._questions = {question.id: question for question in _training_questions(settings, examples)}
        groups = share_contexts(self._questions.values(), settings, distractors)
        self._groups = {question.id: group for group in groups for question in group}
        self._contexts: dict[str, list[Passage]] = {}

    def rows(self, example: Example) -> list[RaftRow]:
        """Return the `variants` rows of an example; none for an unanswerable question without any passage."""
        rows = [self._row(self._questions[row_id]) for row_id in _row_ids(example, self._settings)]
        return [row for row in rows if row.passages]

    def _row(self, question: TrainingQuestion) -> RaftRow:
        example, refused, language = question.example, question.refused, question.example.language
        passages, refusal = self._context(question), wording(language).refusal
        target = refusal if refused else self._target(question, passages)
        return RaftRow(
            id=question.id,
            messages=(*build_chat(example.question, passages, language), Message(role="assistant", content=target)),
            question=example.question,
            answer=refusal if refused else example.answer,
            behavior="refuse" if refused else example.behavior,
            question_type=example.question_type,
            language=language,
            domain=example.domain,
            documents=example.documents,
            passages=tuple(passages),
            gold=tuple(passage.id for passage in question.gold),
            quotes=() if refused else example.quotes,
            origin=example.origin,
        )

    def _context(self, question: TrainingQuestion) -> list[Passage]:
        """Return the passages that the question's group shares; they are drawn once."""
        group = self._groups[question.id]
        if group[0].id not in self._contexts:
            self._contexts[group[0].id] = draw_context(group, self._settings, self._distractors)
        return self._contexts[group[0].id]

    def _target(self, question: TrainingQuestion, passages: Sequence[Passage]) -> str:
        """Return the answer with its citations, below its quotes if there are any and `reasoning` is on."""
        example = question.example
        numbers = {passage.id: number for number, passage in enumerate(passages, 1)}
        if cited_numbers(example.answer):
            own = enumerate(example.passages, 1)
            new_numbers = {mark: numbers[passage.id] for mark, passage in own if passage.id in numbers}
            return renumber_marks(example.answer, new_numbers)
        quotes = []
        for quote in example.quotes:
            if holder := next((passage for passage in question.gold if _holds(passage, quote)), None):
                quotes.append((quote.text, numbers[holder.id]))
        cited = sorted({number for _, number in quotes}) or sorted(numbers[passage_id] for passage_id in example.gold)
        final = " ".join([example.answer, *(f"[{number}]" for number in cited)])
        return format_answer(AnswerForm(final, tuple(quotes) if self._settings.reasoning else ()), example.language)


def _holds(passage: Passage, quote: Quote) -> bool:
    return locate(quote.text, passage.text) is not None


def _training_questions(settings: RaftSettings, examples: Sequence[Example]) -> Iterator[TrainingQuestion]:
    without_gold = _draw_without_gold(settings, examples)
    for example in examples:
        # passages with more quotes come first; contexts are shuffled from this order
        gold = tuple(sorted(evidence(example), key=lambda passage: -sum(_holds(passage, q) for q in example.quotes)))
        for row_id in _row_ids(example, settings):
            refused = example.behavior == "refuse" or row_id in without_gold
            size = settings.distractors + (max(1, len(gold)) if refused else len(gold))
            yield TrainingQuestion(row_id, example, () if refused else gold, size, refused)


def _draw_without_gold(settings: RaftSettings, examples: Sequence[Example]) -> frozenset[str]:
    """Draw, by a salted hash, the exact share of answerable rows that lose their gold passages. Return their ids."""
    answerable = [example for example in examples if example.behavior != "refuse"]
    ids = [row_id for example in answerable for row_id in _row_ids(example, settings)]
    ids.sort(key=lambda row_id: hashlib.sha256(f"{settings.seed} without gold {row_id}".encode()).digest())
    return frozenset(ids[: round(settings.refusal_share * len(ids))])


def _row_ids(example: Example, settings: RaftSettings) -> list[str]:
    return [f"{example.id}/{variant}" for variant in range(settings.variants)]
