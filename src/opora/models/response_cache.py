"""Language model that keeps its answers on disk and loads its weights only for a new prompt."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

from opora.artifacts import Journal
from opora.artifacts.checksums import hash_json
from opora.console.progress import Progress
from opora.models.base import BatchModel, Chat, Completion, LanguageModel, OnCompletion
from opora.models.registry import LoadModel, load_model
from opora.models.revision import model_revision
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec

ANSWER_SETTINGS = {"max_new_tokens", "temperature", "seed", "backend", "quantization", "device"}
"""Settings that change an answer; the others only affect speed."""


class CachedModel(BatchModel):
    """Model whose answers are cached. `label` names the work in the progress line."""

    def __init__(
        self, spec: str, settings: ModelSettings, journal: Journal, label: str = "", load: LoadModel = load_model
    ) -> None:
        self.spec, self.revision = spec, model_revision(parse_spec(spec))
        self._settings, self._journal, self._label, self._load = settings, journal, label or spec, load
        self._identity = model_identity(spec, settings)

    @property
    def context_tokens(self) -> int | None:
        return self._model.context_tokens

    def generate_batch(self, chats: Sequence[Chat], on_completion: OnCompletion) -> None:
        """Generate new prompts in the order of their text, so that those with a common prefix follow each other."""
        keys = [self._key(chat) for chat in chats]
        positions, missing = self._missing(keys, [_text(chat) for chat in chats])

        def report(key: str, completion: Completion) -> None:
            for position in positions[key]:
                on_completion(position, completion)

        for key in positions.keys() - missing.keys():
            report(key, Completion.model_validate(self._journal.get(key)))
        with Progress(self._label, len(positions), len(positions) - len(missing)) as progress:
            order = list(missing.values())

            def write(index: int, completion: Completion) -> None:
                key = keys[order[index]]
                self._journal.put(key, completion.model_dump(mode="json"))
                report(key, completion)
                progress.advance()

            if order:
                self._model.generate([chats[position] for position in order], write)

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        keys = [self._key(chat, continuation) for chat, continuation in zip(chats, continuations, strict=True)]
        texts = [_text(chat) + text for chat, text in zip(chats, continuations, strict=True)]
        positions, missing = self._missing(keys, texts)
        with Progress(self._label, len(positions), len(positions) - len(missing)) as progress:
            # all continuations of a prompt are scored in one call, so that the model may read the prompt once
            for _, group in itertools.groupby(missing.values(), key=lambda position: _text(chats[position])):
                same = list(group)
                values = self._model.logprobs([chats[i] for i in same], [continuations[i] for i in same])
                for position, value in zip(same, values, strict=True):
                    self._journal.put(keys[position], value)
                progress.advance(len(same))
        return [float(self._journal.get(key)) for key in keys]

    def _missing(self, keys: Sequence[str], texts: Sequence[str]) -> tuple[dict[str, list[int]], dict[str, int]]:
        """Return key -> its positions, and missing key -> its first position, in the order of the texts."""
        positions: dict[str, list[int]] = {}
        for position, key in enumerate(keys):
            positions.setdefault(key, []).append(position)
        missing = [(texts[places[0]], key) for key, places in positions.items() if key not in self._journal]
        return positions, {key: positions[key][0] for _, key in sorted(missing)}

    @functools.cached_property
    def _model(self) -> LanguageModel:
        return self._load(self.spec, self._settings)

    def _key(self, chat: Chat, continuation: str | None = None) -> str:
        messages = [message.model_dump(mode="json") for message in chat]
        return hash_json({**self._identity, "chat": messages, "continuation": continuation})


def model_identity(spec: str, settings: ModelSettings) -> dict[str, Any]:
    """Return everything that an answer depends on besides the prompt. Two servers may run one model differently."""
    parsed = parse_spec(spec)
    answer_settings = settings.model_dump(mode="json", include=ANSWER_SETTINGS)
    return {"revision": model_revision(parsed), "url": parsed.url, **answer_settings}


def _text(chat: Chat) -> str:
    return "\n".join(message.content for message in chat)
