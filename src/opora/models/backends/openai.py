"""Model behind a server that speaks the OpenAI API: vLLM, llama.cpp, Ollama, TGI, or a paid one.

The key, if the server needs one, comes from `OPENAI_API_KEY`.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import openai

from opora.errors import ModelError
from opora.models.backends.dialect import dialect_of, open_client, server_words
from opora.models.base import AttemptError, Chat, Completion, JsonSchema, OnCompletion, OnError
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec

RESPONSE_FORMATS = ("json_schema", "json_object", "text")
"""Response formats to try where a caller has a schema, strictest first."""
FATAL = (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError)
"""Errors that every further request would meet too."""
RETRY_STATUSES = (408, 409, 429)
"""Statuses worth a retry, besides all from 500 on."""
MAX_PAUSE_S = 120.0
Schema = JsonSchema | None
Request = Callable[[], Awaitable[Completion]]


class BrokenStreamError(Exception):
    """An answer that began but did not end: closed, silent, or not JSON."""


class OpenAIModel:
    """Model behind a server. Answers are streamed: `timeout_s` limits silence, not the length of an answer."""

    context_tokens: int | None = None

    def __init__(self, spec: str, settings: ModelSettings) -> None:
        parsed = parse_spec(spec)
        self.spec, self.revision = spec, parsed.name
        self._name, self._url, self._settings = parsed.name, parsed.url, settings
        self._dialect = dialect_of(parsed.url, parsed.name)

    def generate(
        self,
        chats: Iterable[Chat],
        on_completion: OnCompletion | None = None,
        on_error: OnError | None = None,
        json_schema: JsonSchema | None = None,
    ) -> list[Completion]:
        return asyncio.run(self._generate_all(chats, on_completion, on_error, json_schema))

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        raise ModelError(f"{self.spec}: the chat API returns no log-probabilities of a given text; use a local model")

    async def _generate_all(
        self, chats: Iterable[Chat], on_completion: OnCompletion | None, on_error: OnError | None, schema: Schema
    ) -> list[Completion]:
        completions: dict[int, Completion] = {}
        queue = iter(enumerate(chats))
        # without retries of the client: `_generate` also repeats broken streams, and asks `on_error` first
        async with open_client(self._url, self._settings.timeout_s) as client:

            async def work() -> None:
                for index, chat in queue:
                    request = partial(self._formatted, client, chat, schema)
                    if (completion := await self._generate(request, index, on_error)) is not None:
                        completions[index] = completion
                        if on_completion:
                            on_completion(index, completion)

            tasks = [asyncio.create_task(work()) for _ in range(self._settings.concurrency)]
            try:
                for task in asyncio.as_completed(tasks):
                    await task
            finally:
                for worker in tasks:
                    worker.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        return [completions[index] for index in sorted(completions)]

    async def _generate(self, request: Request, index: int, on_error: OnError | None) -> Completion | None:
        """Return the completion of a chat, or None if all attempts failed and `on_error` was told."""
        attempt = 0
        while True:
            try:
                return await request()
            except (openai.APIError, BrokenStreamError) as error:
                failure = AttemptError(
                    f"{self.spec}: {explain(error, self._settings.timeout_s, attempt + 1)}",
                    can_retry=attempt < self._settings.retries and may_pass(error),
                    is_charged=not (isinstance(error, openai.APIStatusError) and error.status_code < 500),
                )
                may_retry = on_error(index, failure) if on_error else failure.can_retry
                if isinstance(error, FATAL) or not (on_error or failure.can_retry):
                    raise failure from None
                if not (may_retry and failure.can_retry):
                    return None
                await asyncio.sleep(pause_s(error, attempt))
                attempt += 1

    async def _formatted(self, client: openai.AsyncOpenAI, chat: Chat, schema: Schema) -> Completion:
        """Request JSON of the schema if the server can, else any JSON, else text.

        The first format that a server accepts is used for all further chats.
        """
        if schema is None:
            return await self._complete(client, chat, openai.omit)
        for name in RESPONSE_FORMATS[self._dialect.response_format :]:
            try:
                completion = await self._complete(client, chat, _response_format(name, schema))
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                if name == RESPONSE_FORMATS[-1]:
                    raise
            else:
                if (accepted := RESPONSE_FORMATS.index(name)) > self._dialect.response_format:
                    refused = RESPONSE_FORMATS[self._dialect.response_format]
                    _note(f"{self.spec} does not support {refused}; using {name}")
                    self._dialect.response_format = accepted
                return completion
        raise AssertionError("the last format returns or raises")

    async def _complete(self, client: openai.AsyncOpenAI, chat: Chat, response_format: Any) -> Completion:
        """Request a completion in the dialect of the server; a refusal that teaches something is not an error."""
        parameters = {
            "model": self._name,
            "max_tokens": self._settings.max_new_tokens,
            "temperature": self._settings.temperature,
            "seed": self._settings.seed,
            "response_format": response_format,
        }
        while True:
            path, fields = self._dialect.path, self._dialect.request(chat, parameters)
            client.base_url = f"{self._url.rstrip('/')}{path}"
            try:
                return await (self._stream(client, fields) if "stream" in fields else self._whole(client, fields))
            except openai.APIStatusError as error:
                if change := self._dialect.learn(error, fields, self._url):
                    _note(f"{self.spec}: the server {change}")
                elif (path, fields) == (self._dialect.path, self._dialect.request(chat, parameters)):
                    raise  # nothing new to try, not even what a parallel request has learnt

    async def _whole(self, client: openai.AsyncOpenAI, fields: dict[str, Any]) -> Completion:
        began = time.monotonic()
        reply = await client.chat.completions.create(**fields)
        if not reply.choices:
            raise BrokenStreamError("the reply holds no choice")
        choice, usage = reply.choices[0], reply.usage
        return Completion(
            text=(choice.message.content or "").strip(),
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
            finish_reason="length" if choice.finish_reason == "length" else "stop",
            seconds=time.monotonic() - began,
        )

    async def _stream(self, client: openai.AsyncOpenAI, fields: dict[str, Any]) -> Completion:
        began = time.monotonic()
        parts: list[str] = []
        finish, prompt_tokens, completion_tokens = "", 0, 0
        stream = await client.chat.completions.create(**fields)
        try:
            async for chunk in stream:
                for choice in chunk.choices:
                    parts.append(choice.delta.content or "")
                    finish = choice.finish_reason or finish
                if chunk.usage:
                    prompt_tokens, completion_tokens = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
        except Exception as error:
            # the client passes on some errors of its transport, whose classes change with its version
            if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
                raise
            raise BrokenStreamError(_one_line(error) or type(error).__name__) from error
        if not finish:
            raise BrokenStreamError("the stream ended without a finish reason")
        return Completion(
            text="".join(parts).strip(),
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            finish_reason="length" if finish == "length" else "stop",
            seconds=time.monotonic() - began,
        )


def open_model(spec: str, settings: ModelSettings) -> OpenAIModel:
    return OpenAIModel(spec, settings)


def _note(text: str) -> None:
    print(f"opora: {text}", file=sys.stderr)


def _response_format(name: str, schema: JsonSchema) -> Any:
    if name == "text":
        return openai.omit
    details = {"json_schema": {"name": "reply", "strict": True, "schema": schema}} if name == "json_schema" else {}
    return {"type": name, **details}


def may_pass(error: Exception) -> bool:
    """Return True if the same request may succeed later."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code in RETRY_STATUSES or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError | BrokenStreamError)


def pause_s(error: Exception, attempt: int) -> float:
    """Return seconds to wait before the next attempt.

    It is what the server's `Retry-After` asks for, up to two minutes, else exponential backoff with jitter.
    """
    headers = error.response.headers if isinstance(error, openai.APIStatusError) else {}
    if (requested := _retry_after_s(headers)) is not None:
        return max(min(requested, MAX_PAUSE_S), 0.05 * 2.0**attempt)
    return min(8.0, 0.25 * 2.0**attempt) * random.uniform(1.0, 1.5)


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Parse `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date; None without a valid one."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        return seconds if seconds >= 0 else None
    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def explain(error: openai.APIError | BrokenStreamError, timeout_s: float, attempts: int) -> str:
    """Return the reason of a failure and its fix, in one line."""
    times = f"{attempts} attempt{'s' if attempts > 1 else ''}"
    if isinstance(error, BrokenStreamError):
        return f"the answer broke off ({error}), {times}"
    if isinstance(error, openai.APITimeoutError):
        return f"no answer within {timeout_s:g} s, {times}; raise timeout_s or lower concurrency"
    if isinstance(error, openai.APIConnectionError):
        return "the server cannot be reached; start it, or correct the URL"
    if isinstance(error, openai.AuthenticationError):
        return "the server rejects the key; set OPENAI_API_KEY"
    if isinstance(error, openai.NotFoundError):
        return f"the server has no such model or path ({_one_line(error)})"
    if isinstance(error, openai.RateLimitError):
        return f"the server has too many requests ({_one_line(error)}); lower concurrency or raise retries"
    return _one_line(error)


def _one_line(error: Exception) -> str:
    if isinstance(error, openai.APIStatusError):
        return f"status {error.status_code}: {server_words(error)}"
    return " ".join(str(error).split())[:200]
