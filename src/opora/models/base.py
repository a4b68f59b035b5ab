"""Contract of a language model: chats in, completions out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Literal, Protocol

from opora.errors import InputError, ModelError
from opora.models.chat_forms import remove_thinking
from opora.records import Message
from opora.validation import Record

Chat = Sequence[Message]
JsonSchema = Mapping[str, object]


class Completion(Record):
    """Text that a model wrote for one chat."""

    text: str
    prompt_tokens: int = 0
    """Tokens of the chat, by the model's own tokenizer."""
    completion_tokens: int = 0
    finish_reason: Literal["stop", "length"] = "stop"
    seconds: float = 0.0
    """Wall time, divided evenly among chats that were generated in one batch."""

    @property
    def answer(self) -> str:
        """The text without the thinking before it."""
        return remove_thinking(self.text)


class AttemptError(ModelError):
    """A failed attempt at one chat.

    `can_retry`: another attempt may succeed. `is_charged`: a server may have done the work and charge for it.
    """

    def __init__(self, message: str, can_retry: bool = False, is_charged: bool = False) -> None:
        super().__init__(message)
        self.can_retry, self.is_charged = can_retry, is_charged


OnCompletion = Callable[[int, Completion], None]
"""Called with the index of a chat and its completion as soon as it is there, in any order."""
OnError = Callable[[int, AttemptError], bool]
"""Called with the index of a chat after each failed attempt; returns whether it may be tried again."""


class LanguageModel(Protocol):
    """Contract of local models, servers and the scripted model of the tests."""

    @property
    def spec(self) -> str:
        """Spec that names the model."""

    @property
    def revision(self) -> str:
        """Checksum or commit of the weights, or the name of a model behind a server."""

    @property
    def context_tokens(self) -> int | None:
        """Maximum length of prompt and completion together, in tokens; None if unknown."""

    def generate(
        self,
        chats: Iterable[Chat],
        on_completion: OnCompletion | None = None,
        on_error: OnError | None = None,
        json_schema: JsonSchema | None = None,
    ) -> list[Completion]:
        """Return one completion per chat, in the order of `chats`.

        A server takes the next chat when a request slot is free, so that `chats` may be an iterator that decides
        whether to go on. With `on_error`, a chat that fails is left out of the result; without it ModelError is
        raised. Errors that concern all chats, such as a wrong key, are always raised. `json_schema` of the completions
        is a request that only servers can enforce.
        """

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        """Return the sum of the log-probabilities (natural) of each continuation's tokens after its chat.

        Raises ModelError if the backend cannot compute them.
        """


class BatchModel(ABC):
    """Base of models that generate all chats of a call together, in this process."""

    @abstractmethod
    def generate_batch(self, chats: Sequence[Chat], on_completion: OnCompletion) -> None:
        """Generate all chats. Raises InputError or ModelError, then for all of them."""

    def generate(
        self,
        chats: Iterable[Chat],
        on_completion: OnCompletion | None = None,
        on_error: OnError | None = None,
        json_schema: JsonSchema | None = None,
    ) -> list[Completion]:
        """Return one completion per chat, as `LanguageModel` describes; after a failure each chat is tried alone."""
        chats = list(chats)
        completions: dict[int, Completion] = {}

        def keep(start: int, position: int, completion: Completion) -> None:
            completions[start + position] = completion
            if on_completion:
                on_completion(start + position, completion)

        try:
            self.generate_batch(chats, partial(keep, 0))
        except (InputError, ModelError):
            if on_error is None:
                raise
            for index in [index for index in range(len(chats)) if index not in completions]:
                try:
                    self.generate_batch([chats[index]], partial(keep, index))
                except (InputError, ModelError) as error:
                    on_error(index, AttemptError(str(error)))
        return [completions[index] for index in sorted(completions)]
