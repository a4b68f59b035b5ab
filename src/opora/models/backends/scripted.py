"""A model that answers from a script, for tests: no weights, the same answer every time.

In: a JSON Lines file of `{"match": REGEX, "answer": TEXT}`, looked for in the last message, first match first; where
nothing matches, `DEFAULT`. Out: completions, and a count of the calls.

    model = FakeModel([("fee", "The fee is 12 EUR. [1]")])
    model.generate([[Message(role="user", content="What is the fee?")]])[0].text     # 'The fee is 12 EUR. [1]'
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from opora.artifacts import read_json_lines
from opora.errors import InputError
from opora.models.base import Chat, Completion, OnCompletion
from opora.models.batch_calls import Calls, generate_apart
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec

DEFAULT = "I do not know."


class FakeModel:
    """See the module. `calls` counts the chats that were answered."""

    context_tokens: int | None = None

    def __init__(self, script: Sequence[tuple[str, str]] = (), spec: str = "fake") -> None:
        self.spec = spec
        self.revision = hashlib.sha256(json.dumps(list(script)).encode()).hexdigest()[:16]
        self.calls = 0
        self._script = [(re.compile(pattern, re.IGNORECASE), answer) for pattern, answer in script]

    def generate(self, chats: Sequence[Chat], on_completion: OnCompletion | None = None) -> list[Completion]:
        completions = []
        for number, chat in enumerate(chats):
            self.calls += 1
            asked = chat[-1].content
            text = next((answer for pattern, answer in self._script if pattern.search(asked)), DEFAULT)
            words = sum(len(message.content.split()) for message in chat)
            completions.append(Completion(text=text, prompt_tokens=words, completion_tokens=len(text.split())))
            if on_completion:
                on_completion(number, completions[-1])
        return completions

    def generate_each(self, chats: Sequence[Chat], calls: Calls) -> None:
        generate_apart(self, chats, calls)

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        """0 for what the script answers, less for what it does not, by length."""
        answers = [completion.text for completion in self.generate(chats)]
        return [0.0 if c == answer else -float(len(c)) for c, answer in zip(continuations, answers, strict=True)]


def open_model(spec: str, settings: ModelSettings) -> FakeModel:
    name = parse_spec(spec).name
    script = []
    for number, row in read_json_lines(Path(name)) if name else ():
        if set(row) != {"match", "answer"}:
            raise InputError(f"{name}:{number}: keys match and answer are expected, these are {', '.join(row)}")
        try:
            re.compile(str(row["match"]))
        except re.error as error:
            raise InputError(f"{name}:{number}: match is no regular expression: {error}") from None
        script.append((str(row["match"]), str(row["answer"])))
    return FakeModel(script, spec)
