"""Answers to questions, with verified citations, from any model.

answerer = open_answerer("extractive", index, AskSettings())
[answer] = answerer.answer(retrieve(["Какой срок хранения?"], index, top_k=4))
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from opora.answer.citations import check_citations, cite, suspect_sources
from opora.answer.extractive import SupportedSentence, best_sentences, select_sentences
from opora.answer.prompt import build_chat
from opora.answer.settings import AskSettings
from opora.errors import InputError
from opora.metrics.refusal import is_refusal
from opora.models.base import Completion, LanguageModel
from opora.models.registry import LoadModel, load_model
from opora.records import Answer, Hit
from opora.retrieval.query import MAX_QUESTION_CHARS
from opora.retrieval.search.searcher import Index
from opora.retrieval.store.schema import Filters
from opora.text.citation_marks import remove_own_marks
from opora.text.language import detect_language
from opora.text.language_pack import wording

_BLANK_LINES = re.compile(r"\n\s*\n")

OnAnswer = Callable[[int, Answer], None]
"""Called with the position of a question and its answer as soon as it is ready, in any order."""


class RetrievedQuestion(NamedTuple):
    """A question with its language and passages. `seconds` is the time that the search took."""

    question: str
    language: str
    hits: tuple[Hit, ...]
    seconds: float = 0.0


class Answerer(Protocol):
    """Answers questions from passages."""

    spec: str

    def answer(self, questions: Sequence[RetrievedQuestion], on_answer: OnAnswer | None = None) -> list[Answer]:
        """Return one answer per question, in order. Raises ModelError if the model fails."""
        ...


def retrieve(
    questions: Sequence[str], index: Index, top_k: int, filters: Filters | None = None
) -> list[RetrievedQuestion]:
    """Search the passages of each question. Raises InputError for a question that is empty or too long, and for a wrong
    filter."""
    retrieved = []
    for question in questions:
        started = time.monotonic()
        check_question(question)
        query = index.query(question, filters)
        hits = tuple(index.search(query, top_k))
        retrieved.append(RetrievedQuestion(question, query.language, hits, time.monotonic() - started))
    return retrieved


def open_answerer(spec: str, index: Index, settings: AskSettings, load: LoadModel = load_model) -> Answerer:
    """Open the answerer of a model spec, whose language model `load` loads.

    Raises InputError for an unknown spec, ModelError for a model that does not load.
    """
    if spec == "extractive":
        return ExtractiveAnswerer(index, settings)
    return ModelAnswerer(load(spec, settings.generation))


class ExtractiveAnswerer:
    """Answers with sentences of the passages, verbatim; refuses if their support is too low."""

    spec = "extractive"

    def __init__(self, index: Index, settings: AskSettings) -> None:
        self._index, self._settings = index, settings

    def answer(self, questions: Sequence[RetrievedQuestion], on_answer: OnAnswer | None = None) -> list[Answer]:
        answers = []
        for number, question in enumerate(questions):
            started = time.monotonic()
            answer = self._answer(question)
            answers.append(answer.model_copy(update={"seconds": question.seconds + time.monotonic() - started}))
            if on_answer:
                on_answer(number, answers[-1])
        return answers

    def _answer(self, question: RetrievedQuestion) -> Answer:
        ranked = best_sentences(question.question, question.hits, self._index.idf, question.language)
        if not ranked or ranked[0].support < self._settings.min_support:
            refusal = wording(question.language).refusal
            return Answer(text=refusal, refused=True, hits=question.hits, model=self.spec)
        selected = select_sentences(ranked, self._settings.max_sentences)
        selected.sort(key=lambda sentence: (sentence.hit, sentence.start))
        citations = tuple(cite(s.passage, s.hit + 1, (s.start, s.end)) for s in selected)
        return Answer(
            text=" ".join(_quote_with_mark(sentence) for sentence in selected),
            refused=False,
            citations=citations,
            warnings=suspect_sources(citations, question.hits),
            hits=question.hits,
            model=self.spec,
        )


class ModelAnswerer:
    """Answers with a language model that reads the passages; its citations are verified."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.spec = model.spec

    def answer(self, questions: Sequence[RetrievedQuestion], on_answer: OnAnswer | None = None) -> list[Answer]:
        chats = [build_chat(q.question, [hit.passage for hit in q.hits], q.language) for q in questions]
        answers: dict[int, Answer] = {}

        def finish(number: int, completion: Completion) -> None:
            answers[number] = self._verified(completion, questions[number])
            if on_answer:
                on_answer(number, answers[number])

        self._model.generate(chats, finish)
        return [answers[number] for number in range(len(questions))]

    def _verified(self, completion: Completion, question: RetrievedQuestion) -> Answer:
        checked = check_citations(completion.answer, question.hits)
        refused = bool(checked.text) and is_refusal(checked.text, question.language)
        citations = () if refused else checked.citations
        return Answer(
            text=checked.text,
            refused=refused,
            raw=completion.text,
            citations=citations,
            dropped=checked.dropped,
            warnings=(*_explain_end(completion), *suspect_sources(citations, question.hits)),
            hits=question.hits,
            model=self.spec,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            seconds=question.seconds + completion.seconds,
        )


def _explain_end(completion: Completion) -> Iterator[str]:
    """Yield the reason why an answer is empty or cut."""
    limit = f"its limit of {completion.completion_tokens} tokens" if completion.completion_tokens else "its limit"
    if completion.finish_reason == "length":
        fault = "ended within" if completion.answer else "was still thinking, and wrote no answer, at"
        yield f"the model {fault} {limit}; raise ask.generation.max_new_tokens"
    elif not completion.answer:
        yield "the model wrote nothing; ask again, or choose another model"


def question_language(question: str, index: Index) -> str:
    """Detect the language of a question among those of the index. Raises InputError if it is empty or too long."""
    check_question(question)
    return detect_language(question, among=index.languages)


def check_question(question: str) -> None:
    """Raise InputError if a question is empty or too long."""
    if not question.strip():
        raise InputError('the question is empty; write it in quotes, such as "What is the fee?"')
    if len(question) > MAX_QUESTION_CHARS:
        raise InputError(f"the question has {len(question)} characters; the maximum is {MAX_QUESTION_CHARS}")


def _quote_with_mark(sentence: SupportedSentence) -> str:
    quote = _BLANK_LINES.sub("\n", sentence.passage.text[sentence.start : sentence.end])
    text = remove_own_marks(quote).strip().strip("|").strip()
    return f"{text} [{sentence.hit + 1}]"
