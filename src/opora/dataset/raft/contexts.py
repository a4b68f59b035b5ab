"""Groups of training questions that share their passages, so that training computes these once.

The gold passages of one question are hard distractors for the others: they are in the same document, or among the best
hits.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from opora.console.progress import track
from opora.dataset.raft.settings import RaftSettings
from opora.examples.distractors import POOL_FACTOR, Distractors
from opora.examples.split import documents_of
from opora.records import Example, Passage


class TrainingQuestion(NamedTuple):
    """The question of one row. `gold` is empty if the answer is a refusal; `size` is the number of passages."""

    id: str
    example: Example
    gold: tuple[Passage, ...]
    size: int
    refused: bool


def share_contexts(
    questions: Iterable[TrainingQuestion], settings: RaftSettings, distractors: Distractors
) -> list[list[TrainingQuestion]]:
    """Group the questions greedily, at most `questions_per_context` each, in an order drawn from the seed.

    Refusals choose first, because fewer questions suit them. A question that suits no other has a context of its own.
    """

    def order(question: TrainingQuestion) -> tuple[bool, bytes]:
        return not question.refused, hashlib.sha256(f"{settings.seed} context {question.id}".encode()).digest()

    ordered = sorted(questions, key=order)
    if settings.questions_per_context == 1:
        return [[question] for question in ordered]
    grouper = _ContextGrouper(ordered, distractors)
    groups: list[list[TrainingQuestion]] = []
    for first in ordered:
        if first.id in grouper.grouped:
            continue
        group = [first]
        for candidate in grouper.candidates(first):
            if len(group) < settings.questions_per_context and grouper.fits(group, candidate):
                group.append(candidate)
        groups.append(group)
        grouper.add_group(group)
    return groups


def draw_context(group: Sequence[TrainingQuestion], settings: RaftSettings, distractors: Distractors) -> list[Passage]:
    """Draw the passages of a group: the gold of all its questions and distractors, shuffled."""
    rng, gold = random.Random(f"{settings.seed} {group[0].id}"), _gold(group)
    examples = [question.example for question in group]
    passages = distractors.draw(examples, group[0].size - len(gold), settings.hard_share, rng) + gold
    rng.shuffle(passages)
    return passages


class _ContextGrouper:
    """Finds questions that can share a context. `grouped` holds the ids of those that have a group."""

    def __init__(self, questions: Sequence[TrainingQuestion], distractors: Distractors) -> None:
        self._distractors = distractors
        self._by_key: dict[str, list[TrainingQuestion]] = defaultdict(list)
        """Questions by the id of each gold passage and by each document."""
        for question in questions:
            for key in [*(passage.id for passage in question.gold), *documents_of(question.example)]:
                self._by_key[key].append(question)
        self._hard: dict[str, list[str]] = {}
        """Ids of the passages that hard distractors of an example are drawn from, by its id."""
        distinct = {question.example.id: question for question in questions}.values()
        for question in track(distinct, "dataset contexts", total=len(distinct)):
            hard = distractors.hard_passages([question.example])[: POOL_FACTOR * question.size]
            self._hard[question.example.id] = [passage.id for passage in hard if passage.id in self._by_key]
        self._partners: dict[str, set[str]] = defaultdict(set)
        """Ids of the examples that an example has shared a context with, in any variant."""
        self.grouped: set[str] = set()

    def candidates(self, question: TrainingQuestion) -> list[TrainingQuestion]:
        """Return questions without a group that may share the context of `question`, the most suitable first.

        Answerable questions come first, then those that are no partners yet, then those about the same document, then
        by the rank of their gold passages among the hits.
        """
        documents, partners = documents_of(question.example), self._partners[question.example.id]
        keys = [*(passage.id for passage in question.gold), *self._hard[question.example.id], *sorted(documents)]
        related = {question.id: question for key in keys for question in self._by_key.get(key, ())}

        def unsuitability(candidate: TrainingQuestion) -> tuple[bool, ...]:
            is_about_other = documents.isdisjoint(documents_of(candidate.example))
            return candidate.refused, candidate.example.id in partners, is_about_other

        return sorted((related[row_id] for row_id in related if row_id not in self.grouped), key=unsuitability)

    def fits(self, group: Sequence[TrainingQuestion], candidate: TrainingQuestion) -> bool:
        """Return True if `candidate` can join `group`.

        The number of passages must be equal and hold all gold passages, and the gold of each question must be gold or
        a hard distractor for the others. Rows of one example never share a context.
        """
        gold = _gold([*group, candidate])
        return 0 < len(gold) <= candidate.size == group[0].size and all(
            question.example.id != candidate.example.id
            and question.example.language == candidate.example.language
            and self._is_hard(question, candidate)
            and self._is_hard(candidate, question)
            for question in group
        )

    def add_group(self, group: Sequence[TrainingQuestion]) -> None:
        """Record a group."""
        self.grouped.update(question.id for question in group)
        for question in group:
            self._partners[question.example.id].update(partner.example.id for partner in group)

    def _is_hard(self, source: TrainingQuestion, target: TrainingQuestion) -> bool:
        """Return True if each gold passage of `source` is gold or a hard distractor for `target`.

        Hard distractors are in a document that both are about, or among the best hits.
        """
        related = not documents_of(source.example).isdisjoint(documents_of(target.example))
        target_gold = {passage.id for passage in target.gold}
        return all(
            passage.id in target_gold
            or passage.id in self._hard[target.example.id]
            or (related and self._distractors.is_allowed(passage, [target.example]))
            for passage in source.gold
        )


def _gold(group: Sequence[TrainingQuestion]) -> list[Passage]:
    return list({passage.id: passage for question in group for passage in question.gold}.values())
