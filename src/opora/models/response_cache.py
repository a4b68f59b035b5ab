"""A model that answers each prompt once: what it wrote is kept on disk, for whoever asks the same again.

In: a spec and a journal. Out: a model of the contract, which loads the weights only for a prompt that is new.

    with Journal(Path("bench/completions.sqlite")) as journal:
        Remembered("smollm2", ModelSettings(), journal, "bench en").generate(chats)
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

from opora.artifacts import Journal
from opora.artifacts.build import hash_json
from opora.console.progress import Progress
from opora.models.base import Chat, Completion, LanguageModel, OnCompletion
from opora.models.batch_calls import Calls, generate_apart
from opora.models.registry import LoadModel, load_model
from opora.models.revision import revision_of
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec

ANSWER_SETTINGS = {"max_new_tokens", "temperature", "seed", "backend", "quantization", "device"}
"""The settings that change what a model writes; the others only change how fast."""


class Remembered:
    """`label` names the work in the progress that is shown, with how many prompts were known."""

    def __init__(
        self, spec: str, settings: ModelSettings, journal: Journal, label: str = "", load: LoadModel = load_model
    ) -> None:
        self.spec, self.revision = spec, revision_of(parse_spec(spec))
        self._settings, self._journal, self._label, self._load = settings, journal, label or spec, load
        self._asker = asker_of(spec, settings)

    @property
    def context_tokens(self) -> int | None:
        return self._model.context_tokens

    def generate(self, chats: Sequence[Chat], on_completion: OnCompletion | None = None) -> list[Completion]:
        """New prompts are asked in the order of their text, so that those which begin alike follow each other."""
        keys = [self._key(chat) for chat in chats]
        places, todo = self._todo(keys, [_text(chat) for chat in chats])
        completions: dict[str, Completion] = {}

        def keep(key: str, completion: Completion) -> None:
            completions[key] = completion
            for place in places[key]:
                if on_completion:
                    on_completion(place, completion)

        for key in places.keys() - todo.keys():
            keep(key, Completion.model_validate(self._journal.get(key)))
        with Progress(self._label, len(places), len(places) - len(todo)) as progress:

            def write(number: int, completion: Completion) -> None:
                key = keys[order[number]]
                self._journal.put(key, completion.model_dump(mode="json"))
                keep(key, completion)
                progress.advance()

            order = list(todo.values())
            if order:
                self._model.generate([chats[number] for number in order], write)
        return [completions[key] for key in keys]

    def generate_each(self, chats: Sequence[Chat], calls: Calls) -> None:
        generate_apart(self, chats, calls)

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        keys = [self._key(chat, continuation) for chat, continuation in zip(chats, continuations, strict=True)]
        _, todo = self._todo(keys, [_text(chat) + text for chat, text in zip(chats, continuations, strict=True)])
        with Progress(self._label, len(set(keys)), len(set(keys)) - len(todo)) as progress:
            # all that may follow one prompt is asked at once, for the model may then read it once
            for _, same in itertools.groupby(todo.values(), key=lambda number: _text(chats[number])):
                numbers = list(same)
                values = self._model.logprobs([chats[n] for n in numbers], [continuations[n] for n in numbers])
                for number, value in zip(numbers, values, strict=True):
                    self._journal.put(keys[number], value)
                progress.advance(len(numbers))
        return [float(self._journal.get(key)) for key in keys]

    def _todo(self, keys: Sequence[str], texts: Sequence[str]) -> tuple[dict[str, list[int]], dict[str, int]]:
        """Where each key stands, and one place of each that the journal lacks, in the order of the texts."""
        places: dict[str, list[int]] = {}
        for number, key in enumerate(keys):
            places.setdefault(key, []).append(number)
        missing = [(texts[numbers[0]], key) for key, numbers in places.items() if key not in self._journal]
        return places, {key: places[key][0] for _, key in sorted(missing)}

    @functools.cached_property
    def _model(self) -> LanguageModel:
        return self._load(self.spec, self._settings)

    def _key(self, chat: Chat, continuation: str | None = None) -> str:
        asked = [message.model_dump(mode="json") for message in chat]
        return hash_json({**self._asker, "chat": asked, "continuation": continuation})


def asker_of(spec: str, settings: ModelSettings) -> dict[str, Any]:
    """All that an answer depends on besides the prompt. Two servers may run one model differently."""
    parsed = parse_spec(spec)
    asker = {"revision": revision_of(parsed), "url": parsed.url}
    return asker | settings.model_dump(mode="json", include=ANSWER_SETTINGS)


def _text(chat: Chat) -> str:
    return "\n".join(message.content for message in chat)
