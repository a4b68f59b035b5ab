"""Reranker that asks a language model whether a passage answers the question."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Mapping, Sequence

from opora.models.base import Chat, LanguageModel
from opora.models.registry import LoadModel, load_model
from opora.models.revision import model_revision
from opora.models.settings import ModelSettings
from opora.models.spec import Spec, parse_spec
from opora.records import Message
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.rerankers.cross_encoder import reranker_text
from opora.retrieval.rerankers.settings import RerankingSettings
from opora.text.language_pack import DEFAULT_LANGUAGE, language_pack
from opora.text.resources import language_template, language_text, languages
from opora.text.words import word_texts

TEMPLATE = "relevance.jinja"


class LlmReranker:
    """Scores are the probability of "yes" against "no" when a model is asked whether the passage answers.

    `spec` names a language model that returns log-probabilities; it is loaded with the first question.
    """

    def __init__(self, spec: str, load: LoadModel = load_model, settings: RerankingSettings | None = None) -> None:
        self.spec, self._load, self._settings = spec, load, settings or RerankingSettings()

    def score(self, query: Query, candidates: Sequence[Candidate]) -> list[float]:
        """Return probabilities. Raises ModelError if the model fails or returns no log-probabilities."""
        language = _prompt_language(query.language)
        options = language_pack(language).yes_no or ()
        chats = [_chat("relevance", query.text, candidate, language) for candidate in candidates]
        # both continuations of a prompt are next to each other, so that the model may read the prompt once
        repeated = [chat for chat in chats for _ in options]
        values = self._model.logprobs(repeated, len(chats) * options)
        return [_probability(yes, no) for yes, no in zip(values[::2], values[1::2], strict=True)]

    def identity(self) -> Mapping[str, str]:
        sources = {f"{TEMPLATE} {code}": language_text(code, TEMPLATE) for code in languages()}
        hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sources.items() if text}
        return {self.spec: model_revision(parse_spec(self.spec)), **hashes}

    @functools.cached_property
    def _model(self) -> LanguageModel:
        return self._load(self.spec, ModelSettings(device=self._settings.device))


def open_reranker(spec: Spec, settings: RerankingSettings) -> LlmReranker:
    return LlmReranker(spec.name, settings=settings)


def answer_probabilities(
    model: LanguageModel, question: str, language: str, candidates: Sequence[Candidate], answer: str
) -> list[float]:
    """Return for each candidate the probability of the known answer given question and passage.

    It is the geometric mean over the words of the answer (Shi et al. 2024, "REPLUG", equation 3). Raises ModelError.
    """
    chats = [_chat("answer", question, candidate, _prompt_language(language)) for candidate in candidates]
    size = len(word_texts(answer)) or 1
    return [math.exp(min(0.0, value) / size) for value in model.logprobs(chats, [answer] * len(chats))]


def _chat(task: str, question: str, candidate: Candidate, language: str) -> Chat:
    template = language_template(language, TEMPLATE)
    context = template.new_context({"question": question, "passage": reranker_text(candidate)})
    blocks = {name: "".join(template.blocks[name](context)).strip() for name in ("system", task)}
    system = [Message(role="system", content=blocks["system"])] if task == "relevance" else []
    return [*system, Message(role="user", content=blocks[task])]


def _probability(yes: float, no: float) -> float:
    """Return the probability of yes from the log-probabilities of yes and no."""
    highest = max(yes, no)
    exp_yes, exp_no = math.exp(yes - highest), math.exp(no - highest)
    return exp_yes / (exp_yes + exp_no)


def _prompt_language(language: str) -> str:
    has_prompt = language_text(language, TEMPLATE) and language_pack(language).yes_no
    return language if has_prompt else DEFAULT_LANGUAGE
