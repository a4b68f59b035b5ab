"""Any server that speaks the OpenAI API: vLLM, llama.cpp, Ollama, TGI, or a paid one.

In: `openai:MODEL@URL`; the key, if the server wants one, from `OPENAI_API_KEY`. Out: a model of the contract, with
retries, a time limit and a limit of requests under way.

    model = open_model("openai:qwen2.5@http://localhost:8000/v1", ModelSettings(concurrency=4))
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Any

import openai

from opora.errors import ModelError
from opora.models.contract import Chat, Completion, OnCompletion
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec


class BrokenStreamError(Exception):
    """An answer that had begun did not come to its end: closed, silent, or no JSON."""


class OpenAIModel:
    """A model behind a server. Answers are streamed: `timeout_s` bounds silence, not the length of an answer."""

    context_tokens: int | None = None

    def __init__(self, spec: str, settings: ModelSettings) -> None:
        parsed = parse_spec(spec)
        self.spec, self.revision = spec, parsed.name
        self._name, self._url, self._settings = parsed.name, parsed.url, settings

    def generate(self, chats: Sequence[Chat], on_completion: OnCompletion | None = None) -> list[Completion]:
        return asyncio.run(self._generate_all(chats, on_completion))

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        raise ModelError(f"{self.spec}: the chat API tells no log-probability of a given text; use a local model")

    async def _generate_all(self, chats: Sequence[Chat], on_completion: OnCompletion | None) -> list[Completion]:
        completions: dict[int, Completion] = {}
        slots = asyncio.Semaphore(self._settings.concurrency)
        async with openai.AsyncOpenAI(
            base_url=self._url,
            api_key=os.environ.get("OPENAI_API_KEY", "none"),
            timeout=self._settings.timeout_s,
            max_retries=self._settings.retries,
        ) as client:

            async def one(number: int, chat: Chat) -> tuple[int, Completion]:
                async with slots:
                    return number, await self._generate(client, chat)

            tasks = [asyncio.create_task(one(number, chat)) for number, chat in enumerate(chats)]
            try:
                for done in asyncio.as_completed(tasks):
                    number, completion = await done
                    completions[number] = completion
                    if on_completion:
                        on_completion(number, completion)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        return [completions[number] for number in range(len(chats))]

    async def _generate(self, client: openai.AsyncOpenAI, chat: Chat) -> Completion:
        """One completion. The client itself repeats a request that fails; a stream that breaks is repeated here."""
        for attempt in range(self._settings.retries + 1):
            try:
                return await self._stream(client, chat)
            except openai.APIError as error:
                raise ModelError(f"{self.spec}: {_explain(error, self._settings)}") from None
            except BrokenStreamError as error:
                if attempt == self._settings.retries:
                    raise ModelError(f"{self.spec}: the answer broke off ({error}), {attempt + 1} times") from None
                await asyncio.sleep(min(8.0, 0.25 * 2**attempt))
        raise AssertionError("the last attempt returns or raises")

    async def _stream(self, client: openai.AsyncOpenAI, chat: Chat) -> Completion:
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


def _explain(error: openai.APIError, settings: ModelSettings) -> str:
    if isinstance(error, openai.APITimeoutError):
        times = f"{settings.retries + 1} times"
        return f"no answer within {settings.timeout_s:g} s, {times}; raise timeout_s or lower concurrency"
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
