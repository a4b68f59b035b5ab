"""A question in, an answer with checked citations out, from any model that a spec names.

index = open_index(Path("index"))
answerer = open_answerer("extractive", index, AskSettings())
[answer] = answerer.answer(retrieve(["Какой срок хранения?"], index, top_k=4))
answer.citations[0].place          # 'ru/financial/fees.pdf, Сроки > Хранение, p. 2'
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from opora.answer.citations import check_citations, cite
from opora.answer.extractive import Supported, best_sentences, choose
from opora.answer.prompt import build_chat, wording
from opora.answer.settings import AskSettings
from opora.errors import InputError
from opora.metrics.refusal import is_refusal
from opora.models.base import Completion, LanguageModel
from opora.models.registry import LoadModel, load_model
from opora.records import Answer, Hit
from opora.retrieval.search.searcher import Index
from opora.text.language import detect_language

OnAnswer = Callable[[int, Answer], None]
"""Called with the index of a question and its answer as soon as it is there, in any order."""

MAX_QUESTION_CHARS = 20_000


class Asked(NamedTuple):
    """A question with the passages that it is to be answered from. `seconds`: what finding them took."""

    question: str
    language: str
    hits: tuple[Hit, ...]
    seconds: float = 0.0


class Answerer(Protocol):
    """What answers questions over passages."""

    spec: str

    def answer(self, asked: Sequence[Asked], on_answer: OnAnswer | None = None) -> list[Answer]:
        """One answer a question, in order. Raises ModelError if the model fails."""
        ...


def retrieve(questions: Sequence[str], index: Index, top_k: int) -> list[Asked]:
    """Each question with its hits. Raises InputError for an empty question."""
    found = []
    for question in questions:
        began = time.monotonic()
        language = question_language(question, index)
        hits = tuple(index.search(question, top_k))
        found.append(Asked(question, language, hits, time.monotonic() - began))
    return found


def open_answerer(spec: str, index: Index, settings: AskSettings, load: LoadModel = load_model) -> Answerer:
    """The answerer of a model spec, whose language model is loaded by `load`. Raises InputError for an unknown spec,
    ModelError for one that does not load."""
    if spec == "extractive":
        return ExtractiveAnswerer(index, settings)
    return ModelAnswerer(load(spec, settings.generation))


class ExtractiveAnswerer:
    """Answers with sentences of the passages, verbatim, or refuses where none is supported well enough."""

    spec = "extractive"

    def __init__(self, index: Index, settings: AskSettings) -> None:
        self._index, self._settings = index, settings

    def answer(self, asked: Sequence[Asked], on_answer: OnAnswer | None = None) -> list[Answer]:
        answers = []
        for number, each in enumerate(asked):
            began = time.monotonic()
            answer = self._answer(each)
            answers.append(answer.model_copy(update={"seconds": each.seconds + time.monotonic() - began}))
            if on_answer:
                on_answer(number, answers[-1])
        return answers

    def _answer(self, asked: Asked) -> Answer:
        found = best_sentences(asked.question, asked.hits, self._index.idf, asked.language)
        if not found or found[0].support < self._settings.threshold:
            return Answer(text=wording(asked.language).refusal, refused=True, hits=asked.hits, model=self.spec)
        chosen = sorted(choose(found, self._settings.max_sentences), key=lambda each: (each.hit, each.start))
        return Answer(
            text=" ".join(_shown(each) for each in chosen),
            refused=False,
            citations=tuple(cite(each.passage, each.hit + 1, (each.start, each.end)) for each in chosen),
            hits=asked.hits,
            model=self.spec,
        )


class ModelAnswerer:
    """Answers with a language model that is shown the passages; what it cites is checked."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.spec = model.spec

    def answer(self, asked: Sequence[Asked], on_answer: OnAnswer | None = None) -> list[Answer]:
        chats = [build_chat(each.question, [hit.passage for hit in each.hits], each.language) for each in asked]
        answers: dict[int, Answer] = {}

        def finish(number: int, completion: Completion) -> None:
            answers[number] = self._checked(completion, asked[number])
            if on_answer:
                on_answer(number, answers[number])

        self._model.generate(chats, finish)
        return [answers[number] for number in range(len(asked))]

    def _checked(self, completion: Completion, asked: Asked) -> Answer:
        checked = check_citations(completion.text, asked.hits)
        refused = is_refusal(checked.text, asked.language)
        return Answer(
            text=checked.text,
            refused=refused,
            raw=completion.text,
            citations=() if refused else checked.citations,
            dropped=checked.dropped,
            hits=asked.hits,
            model=self.spec,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            seconds=asked.seconds + completion.seconds,
        )


def question_language(question: str, index: Index) -> str:
    """The language of a question, of those that the index holds. Raises InputError for a question that is none."""
    if not question.strip():
        raise InputError('the question is empty; write it in quotes: opora ask "What is the fee?"')
    if len(question) > MAX_QUESTION_CHARS:
        raise InputError(f"the question has {len(question)} characters; at most {MAX_QUESTION_CHARS} are answered")
    return detect_language(question, among=index.languages)


def _shown(sentence: Supported) -> str:
    text = sentence.passage.text[sentence.start : sentence.end].strip().strip("|").strip()
    return f"{text} [{sentence.hit + 1}]"
