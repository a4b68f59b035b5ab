"""The contract of every language model: chats in, completions out.

model = load_model("smollm2", ModelSettings())
[completion] = model.generate([[Message(role="user", content="Hi")]])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from opora.models.batch_calls import Calls
from opora.records import Message
from opora.validation import Record

Chat = Sequence[Message]
OnCompletion = Callable[[int, "Completion"], None]
"""Called with the index of a chat and its completion as soon as it is there, in any order."""


class Completion(Record):
    """What a model wrote for one chat. Tokens are counted by the model's own tokenizer; `seconds` is wall time,
    shared out evenly where chats were generated in one batch."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    finish_reason: Literal["stop", "length"] = "stop"
    seconds: float = 0.0


class LanguageModel(Protocol):
    """One contract for local models, servers and the scripted model of the tests."""

    @property
    def spec(self) -> str:
        """The string that names the model."""
        ...

    @property
    def revision(self) -> str:
        """What pins the weights: a checksum, a commit, or what a server calls its model."""
        ...

    @property
    def context_tokens(self) -> int | None:
        """Tokens that prompt and completion may have together; None where it is not known."""
        ...

    def generate(self, chats: Sequence[Chat], on_completion: OnCompletion | None = None) -> list[Completion]:
        """One completion a chat, in the order of `chats`. Raises ModelError."""
        ...

    def generate_each(self, chats: Sequence[Chat], calls: Calls) -> None:
        """Every chat for itself: `calls` hears of each completion and each failure, and may forbid a call. Raises
        ModelError for what concerns all chats."""
        ...

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        """Sum of log-probabilities (natural) of each continuation's tokens after its chat. Raises ModelError where the
        backend cannot tell."""
        ...
