"""Model that answers from a script, for tests: no weights, the same answer every time.

A script is a JSON Lines file of `{"match": REGEX, "answer": TEXT}`. The first regex that matches the last message
decides; if none does, the answer is `DEFAULT`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from opora.artifacts import read_json_lines
from opora.errors import InputError
from opora.models.base import BatchModel, Chat, Completion, OnCompletion
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec

DEFAULT = "I do not know."


class ScriptedModel(BatchModel):
    """Model of the tests. `calls` counts the chats that were answered."""

    context_tokens: int | None = None

    def __init__(self, script: Sequence[tuple[str, str]] = (), spec: str = "scripted") -> None:
        self.spec = spec
        self.revision = hashlib.sha256(json.dumps(list(script)).encode()).hexdigest()[:16]
        self.calls = 0
        self._script = [(re.compile(pattern, re.IGNORECASE), answer) for pattern, answer in script]

    def generate_batch(self, chats: Sequence[Chat], on_completion: OnCompletion) -> None:
        for index, chat in enumerate(chats):
            self.calls += 1
            message = chat[-1].content
            text = next((answer for pattern, answer in self._script if pattern.search(message)), DEFAULT)
            words = sum(len(message.content.split()) for message in chat)
            on_completion(index, Completion(text=text, prompt_tokens=words, completion_tokens=len(text.split())))

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        """Return 0 for the scripted answer, and minus its length for any other continuation."""
        answers = [completion.text for completion in self.generate(chats)]
        pairs = zip(continuations, answers, strict=True)
        return [0.0 if text == answer else -float(len(text)) for text, answer in pairs]


def open_model(spec: str, settings: ModelSettings) -> ScriptedModel:
    """Open the script of a spec. Raises InputError with file and line for a wrong one."""
    name = parse_spec(spec).name
    script = []
    for number, row in read_json_lines(Path(name)) if name else ():
        if set(row) != {"match", "answer"}:
            raise InputError(f"{name}:{number}: the keys are {', '.join(row)}; match and answer are expected")
        try:
            re.compile(str(row["match"]))
        except re.error as error:
            raise InputError(f"{name}:{number}: match is not a regular expression: {error}") from None
        script.append((str(row["match"]), str(row["answer"])))
    return ScriptedModel(script, spec)
