"""Any server that speaks the OpenAI API: vLLM, llama.cpp, Ollama, TGI, or a paid one.

In: `openai:MODEL@URL`; the key, if the server wants one, from `OPENAI_API_KEY`. Out: a model of the contract, with
retries, a time limit and a limit of requests under way.

    model = open_model("openai:qwen2.5@http://localhost:8000/v1", ModelSettings(concurrency=4))
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
import time
from collections.abc import Sequence
from typing import Any

import openai

from opora.errors import ModelError
from opora.models.base import Chat, Completion, OnCompletion
from opora.models.batch_calls import Calls, JsonSchema
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec

FORMS = ("json_schema", "json_object", "text")
"""In which a reply is asked for where a caller has a schema, the strictest first."""
CONCERNS_ALL = (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError)
PASSING = (408, 409, 429)
"""Statuses of requests that may be taken later, beside all from 500 on."""
LONGEST_PAUSE_S = 120.0


class BrokenStreamError(Exception):
    """An answer that had begun did not come to its end: closed, silent, or no JSON."""


class Collected(Calls):
    """Completions by number; the first failure ends all."""

    def __init__(self, on_completion: OnCompletion | None) -> None:
        self.completions: dict[int, Completion] = {}
        self._on_completion = on_completion

    def answered(self, number: int, completion: Completion) -> None:
        self.completions[number] = completion
        if self._on_completion:
            self._on_completion(number, completion)


class OpenAIModel:
    """A model behind a server. Answers are streamed: `timeout_s` bounds silence, not the length of an answer."""

    context_tokens: int | None = None

    def __init__(self, spec: str, settings: ModelSettings) -> None:
        parsed = parse_spec(spec)
        self.spec, self.revision = spec, parsed.name
        self._name, self._url, self._settings = parsed.name, parsed.url, settings
        self._form = 0

    def generate(self, chats: Sequence[Chat], on_completion: OnCompletion | None = None) -> list[Completion]:
        calls = Collected(on_completion)
        self.generate_each(chats, calls)
        return [calls.completions[number] for number in range(len(chats))]

    def generate_each(self, chats: Sequence[Chat], calls: Calls) -> None:
        asyncio.run(self._generate_all(chats, calls))

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        raise ModelError(f"{self.spec}: the chat API tells no log-probability of a given text; use a local model")

    async def _generate_all(self, chats: Sequence[Chat], calls: Calls) -> None:
        slots = asyncio.Semaphore(self._settings.concurrency)
        async with openai.AsyncOpenAI(
            base_url=self._url,
            api_key=os.environ.get("OPENAI_API_KEY", "none"),
            timeout=self._settings.timeout_s,
            max_retries=0,  # `_generate` repeats, and asks before it does
        ) as client:

            async def one(number: int, chat: Chat) -> None:
                async with slots:
                    await self._generate(client, number, chat, calls)

            tasks = [asyncio.create_task(one(number, chat)) for number, chat in enumerate(chats)]
            try:
                for done in asyncio.as_completed(tasks):
                    await done
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _generate(self, client: openai.AsyncOpenAI, number: int, chat: Chat, calls: Calls) -> None:
        """One completion. What may pass, such as a busy server or a stream that breaks, is tried again."""
        for attempt in range(self._settings.retries + 1):
            if not calls.may_send(number):
                return
            try:
                completion = await self._formatted(client, chat, calls.schema)
            except (openai.APIError, BrokenStreamError) as error:
                calls.lost(number, charged=not _refused(error))
                told = ModelError(f"{self.spec}: {explain(error, self._settings.timeout_s, attempt + 1)}")
                if isinstance(error, CONCERNS_ALL):
                    raise told from None
                if attempt == self._settings.retries or not may_pass(error):
                    calls.failed(number, told)
                    return
                await asyncio.sleep(pause_s(error, attempt))
            else:
                calls.answered(number, completion)
                return

    async def _formatted(self, client: openai.AsyncOpenAI, chat: Chat, schema: JsonSchema | None) -> Completion:
        """One completion, as JSON of the schema if the server can, else as any JSON, else as text. The first form that
        a server takes is kept for all further chats."""
        if schema is None:
            return await self._stream(client, chat, openai.omit)
        for form in FORMS[self._form :]:
            try:
                completion = await self._stream(client, chat, _response_format(form, schema))
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                if form == FORMS[-1]:
                    raise
            else:
                if (taken := FORMS.index(form)) > self._form:
                    print(f"opora: {self.spec} refuses {FORMS[self._form]}; it is asked for {form}", file=sys.stderr)
                    self._form = taken
                return completion
        raise AssertionError("the last form returns or raises")

    async def _stream(self, client: openai.AsyncOpenAI, chat: Chat, response_format: Any) -> Completion:
        began = time.monotonic()
        parts: list[str] = []
        finish, prompt_tokens, completion_tokens = "", 0, 0
        messages: Any = [{"role": message.role, "content": message.content} for message in chat]
        stream = await client.chat.completions.create(
            model=self._name,
            messages=messages,
            max_tokens=self._settings.max_new_tokens,
            temperature=self._settings.temperature,
            seed=self._settings.seed,
            response_format=response_format,
            stream=True,
            stream_options={"include_usage": True},
        )
        try:
            async for chunk in stream:
                for choice in chunk.choices:
                    parts.append(choice.delta.content or "")
                    finish = choice.finish_reason or finish
                if chunk.usage:
                    prompt_tokens, completion_tokens = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
        except Exception as error:
            # some errors of its transport the client passes on as they are, and their classes change with its version
            if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
                raise
            raise BrokenStreamError(_line(error) or type(error).__name__) from error
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


def _response_format(form: str, schema: JsonSchema) -> Any:
    if form == "text":
        return openai.omit
    if form == "json_object":
        return {"type": form}
    return {"type": form, "json_schema": {"name": "reply", "strict": True, "schema": schema}}


def _refused(error: Exception) -> bool:
    """Whether the server turned the request away before it did any work."""
    return isinstance(error, openai.APIStatusError) and error.status_code < 500


def may_pass(error: Exception) -> bool:
    """Whether the same request may be taken later."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code in PASSING or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError | BrokenStreamError)


def pause_s(error: Exception, attempt: int) -> float:
    """What the server asks for by `Retry-After`, else twice as long each time, a little apart from other chats."""
    asked = error.response.headers.get("retry-after", "") if isinstance(error, openai.APIStatusError) else ""
    if re.fullmatch(r"\d+(\.\d+)?", asked):
        return max(min(float(asked), LONGEST_PAUSE_S), 0.05 * 2.0**attempt)
    return min(8.0, 0.25 * 2.0**attempt) * random.uniform(1.0, 1.5)


def explain(error: openai.APIError | BrokenStreamError, timeout_s: float, attempts: int) -> str:
    """What is wrong, and the way out."""
    if isinstance(error, BrokenStreamError):
        return f"the answer broke off ({error}), {attempts} times"
    if isinstance(error, openai.APITimeoutError):
        return f"no answer within {timeout_s:g} s, {attempts} times; raise timeout_s or lower concurrency"
    if isinstance(error, openai.APIConnectionError):
        return "the server cannot be reached; start it, or correct the URL"
    if isinstance(error, openai.AuthenticationError):
        return "the server refuses the key; set OPENAI_API_KEY"
    if isinstance(error, openai.NotFoundError):
        return f"the server knows no such model or path ({_line(error)})"
    if isinstance(error, openai.RateLimitError):
        return f"the server has too many requests ({_line(error)}); lower concurrency or raise retries"
    return _line(error)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
