"""A question in, an answer with checked citations out, from any model that a spec names.

answerer = open_answerer("extractive", open_index(Path("index")), AskSettings())
[answer] = answerer.answer(["Какой срок хранения?"])
answer.citations[0].place          # 'ru/financial/fees.pdf, Сроки > Хранение, p. 2'
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from opora.answer.citations import check_citations, cite
from opora.answer.extractive import Supported, best_sentences, choose
from opora.answer.prompt import build_chat, prompt_hashes, wording
from opora.answer.settings import AskSettings
from opora.errors import InputError
from opora.index.search import Index
from opora.metrics.refusal import is_refusal
from opora.models.contract import Completion, LanguageModel
from opora.models.load import load_model
from opora.records import Answer, Hit
from opora.text.language import detect_language

OnAnswer = Callable[[int, Answer], None]
"""Called with the index of a question and its answer as soon as it is there, in any order."""

MAX_QUESTION_CHARS = 20_000


class Answerer(Protocol):
    """What answers questions over an index. `models` and `prompts` pin what it answers with, for manifests."""

    spec: str
    models: dict[str, str]
    prompts: dict[str, str]

    def answer(self, questions: Sequence[str], on_answer: OnAnswer | None = None) -> list[Answer]:
        """One answer a question, in order. Raises InputError for an empty question, ModelError if the model fails."""
        ...


def open_answerer(spec: str, index: Index, settings: AskSettings) -> Answerer:
    """The answerer of a model spec. Raises InputError for an unknown spec, ModelError for one that does not load."""
    if spec == "extractive":
        return ExtractiveAnswerer(index, settings)
    return ModelAnswerer(load_model(spec, settings.generation), index, settings)


class ExtractiveAnswerer:
    """Answers with sentences of the passages, verbatim, or refuses where none is supported well enough."""

    spec = "extractive"

    def __init__(self, index: Index, settings: AskSettings) -> None:
        self._index, self._settings = index, settings
        self.models: dict[str, str] = {}
        self.prompts: dict[str, str] = {}

    def answer(self, questions: Sequence[str], on_answer: OnAnswer | None = None) -> list[Answer]:
        answers = []
        for number, question in enumerate(questions):
            began = time.monotonic()
            answer = self._answer(question)
            answers.append(answer.model_copy(update={"seconds": time.monotonic() - began}))
            if on_answer:
                on_answer(number, answers[-1])
        return answers

    def _answer(self, question: str) -> Answer:
        language = question_language(question, self._index)
        hits = self._index.search(question, self._settings.top_k)
        found = best_sentences(question, hits, self._index.idf, language)
        if not found or found[0].support < self._settings.threshold:
            return Answer(text=wording(language).refusal, refused=True, hits=tuple(hits), model=self.spec)
        chosen = sorted(choose(found, self._settings.max_sentences), key=lambda each: (each.hit, each.start))
        return Answer(
            text=" ".join(_shown(each) for each in chosen),
            refused=False,
            citations=tuple(cite(each.passage, each.hit + 1, (each.start, each.end)) for each in chosen),
            hits=tuple(hits),
            model=self.spec,
        )


class ModelAnswerer:
    """Answers with a language model that is shown the passages; what it cites is checked."""

    def __init__(self, model: LanguageModel, index: Index, settings: AskSettings) -> None:
        self._model, self._index, self._settings = model, index, settings
        self.spec = model.spec
        self.models = {model.spec: model.revision}
        self.prompts = prompt_hashes()

    def answer(self, questions: Sequence[str], on_answer: OnAnswer | None = None) -> list[Answer]:
        began = time.monotonic()
        languages = [question_language(question, self._index) for question in questions]
        hits = self._index.search_many(questions, self._settings.top_k)
        searched = (time.monotonic() - began) / max(1, len(questions))
        chats = [
            build_chat(question, [hit.passage for hit in found], language)
            for question, found, language in zip(questions, hits, languages, strict=True)
        ]
        answers: dict[int, Answer] = {}

        def finish(number: int, completion: Completion) -> None:
            answers[number] = self._checked(completion, hits[number], languages[number], searched)
            if on_answer:
                on_answer(number, answers[number])

        self._model.generate(chats, finish)
        return [answers[number] for number in range(len(questions))]

    def _checked(self, completion: Completion, hits: Sequence[Hit], language: str, searched: float) -> Answer:
        checked = check_citations(completion.text, hits)
        refused = is_refusal(checked.text, language)
        return Answer(
            text=checked.text,
            refused=refused,
            raw=completion.text,
            citations=() if refused else checked.citations,
            dropped=checked.dropped,
            hits=tuple(hits),
            model=self.spec,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            seconds=searched + completion.seconds,
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
