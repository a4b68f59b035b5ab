"""Dialect of a server: the part of the OpenAI API that it accepts, learnt from its refusals.

Servers differ in the names of parameters, in the system role, in streaming and in the path of the API. A request is
repeated without the part that the server's reply names; the dialect of a server is remembered for the whole process.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import openai

from opora.models.base import Chat
from opora.models.chat_forms import merge_system

OPTIONAL = ("stream_options", "seed", "temperature", "max_completion_tokens", "max_tokens")
"""Parameters that a request can do without."""
TEMPORARY = (401, 403, 408, 409, 429)
"""Statuses below 500 that say nothing about the form of a request."""
MAX_REPLY_CHARS = 200
_SYSTEM_ROLE = re.compile(r"\bsystem\b.{0,40}\b(?:role|message|prompt|instruction)|\brole.{0,40}\bsystem\b|alternate")
_STREAMING = re.compile(r"\bstream(?:ing)?\b(?!_)")
API_PATH = "/v1"


@dataclass
class Dialect:
    """Facts on one server and model. `response_format` is the index of the first format that the server accepts."""

    omitted: set[str] = field(default_factory=set)
    new_length_name: bool = False
    """The length of an answer is `max_completion_tokens`, not `max_tokens`."""
    has_system_role: bool = True
    streams: bool = True
    path: str = ""
    """Path of the API, to be added to the given URL."""
    response_format: int = 0

    def request(self, chat: Chat, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of a request for a chat."""
        messages = chat if self.has_system_role else merge_system(chat)
        fields = {name: value for name, value in parameters.items() if name not in self.omitted}
        if self.new_length_name and "max_tokens" in fields:
            fields["max_completion_tokens"] = fields.pop("max_tokens")
        if self.streams:
            options = {} if "stream_options" in self.omitted else {"stream_options": {"include_usage": True}}
            fields |= {"stream": True, **options}
        return fields | {"messages": [{"role": message.role, "content": message.content} for message in messages]}

    def learn(self, error: openai.APIStatusError, fields: dict[str, Any], url: str) -> str:
        """Take the reason of a refusal into account. Return what changes, or an empty string if it is unknown."""
        status, words = error.status_code, server_words(error).lower()
        if status == 404 and not self.path and not url.rstrip("/").endswith(API_PATH):
            self.path = API_PATH
            return f"has no such path; trying {url.rstrip('/')}{API_PATH}"
        if status >= 500 or status in TEMPORARY:
            return ""
        if "max_tokens" in fields and "max_completion_tokens" in words:
            self.new_length_name = True
            return "wants max_completion_tokens instead of max_tokens"
        for name in OPTIONAL:
            if name in fields and re.search(rf"\b{name}\b", words):
                self.omitted |= {name, "max_tokens"} if name == "max_completion_tokens" else {name}
                return f"does not accept {name}; left out"
        if any(message["role"] == "system" for message in fields["messages"]) and _SYSTEM_ROLE.search(words):
            self.has_system_role = False
            return "does not accept the system role; its text is put before the question"
        if "stream" in fields and _STREAMING.search(words):
            self.streams = False
            return "does not stream; answers come whole"
        return ""


DIALECTS: dict[tuple[str, str], Dialect] = {}
"""(URL, name of the model) -> its dialect."""


def open_client(url: str, timeout_s: float, retries: int = 0) -> openai.AsyncOpenAI:
    """Open a client for a server, with the key in `OPENAI_API_KEY`. No proxy is asked for a server on this machine."""
    host = urlsplit(url).hostname or ""
    is_local = host in ("localhost", "::1") or host.startswith("127.")
    return openai.AsyncOpenAI(
        base_url=url,
        api_key=os.environ.get("OPENAI_API_KEY", "none"),
        timeout=timeout_s,
        max_retries=retries,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=not is_local),
    )


def dialect_of(url: str, model: str) -> Dialect:
    """Return what is known of a server and model."""
    return DIALECTS.setdefault((url, model), Dialect())


def server_words(error: openai.APIError) -> str:
    """Return the reason that a server gives, in one line of at most 200 characters."""
    body = error.body
    if isinstance(error, openai.APIStatusError) and not body:
        body = error.response.text
    text = " ".join(_strings(body)) or str(error)
    return " ".join(text.split())[:MAX_REPLY_CHARS]


def _strings(body: object) -> Sequence[str]:
    """Return the strings of a reply in JSON, in order; the name of a wrong field is one of them."""
    if isinstance(body, str):
        return [body]
    if isinstance(body, dict):
        return [text for value in body.values() for text in _strings(value)]
    if isinstance(body, list | tuple):
        return [text for value in body for text in _strings(value)]
    return []
