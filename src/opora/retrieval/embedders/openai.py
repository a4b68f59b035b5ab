"""Embedders behind any server that speaks the OpenAI API.

In: `openai:MODEL@URL`; the key, if the server wants one, from `OPENAI_API_KEY`. Out: vectors of length one.

    ServerEmbedder("bge-m3", "http://localhost:8000/v1", EmbedderSettings()).embed([Text("Срок", "ru")], "question")
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import openai

from opora.errors import ModelError
from opora.models.backends.openai import explain, may_pass, pause_s
from opora.retrieval.embedders.base import Role, Text
from opora.retrieval.embedders.settings import EmbedderSettings
from opora.retrieval.vectors import Vectors


class ServerEmbedder:
    """A model behind a server; questions and passages are embedded alike, for the API tells no difference."""

    def __init__(self, name: str, url: str, settings: EmbedderSettings) -> None:
        self.spec = f"openai:{name}@{url}"
        self._name, self._url, self._settings = name, url, settings

    @functools.cached_property
    def dimensions(self) -> int:
        """As the server has it: asked once, by a text of one word."""
        return int(asyncio.run(self._embed_all(["a"])).shape[1])

    def embed(self, texts: Sequence[Text], role: Role) -> Vectors:
        asked = [row for row, text in enumerate(texts) if text.text.strip()]
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        if asked:
            found = asyncio.run(self._embed_all([texts[row].text for row in asked]))
            if found.shape[1] != self.dimensions:
                raise ModelError(
                    f"{self.spec}: vectors of {found.shape[1]} numbers came after such of {self.dimensions}"
                )
            vectors[asked] = found
        return vectors

    def covers(self, language: str) -> bool:
        return True

    def save(self, folder: Path) -> None:
        """Nothing: the spec tells all."""

    def identity(self) -> Mapping[str, str]:
        return {self.spec: self._name}

    async def _embed_all(self, texts: Sequence[str]) -> Vectors:
        slots = asyncio.Semaphore(self._settings.concurrency)
        size = self._settings.batch_size
        batches = [texts[start : start + size] for start in range(0, len(texts), size)]
        async with openai.AsyncOpenAI(
            base_url=self._url,
            api_key=os.environ.get("OPENAI_API_KEY", "none"),
            timeout=self._settings.timeout_s,
            max_retries=0,  # `_embed_batch` repeats, as chats do
        ) as client:

            async def one(batch: Sequence[str]) -> Vectors:
                async with slots:
                    return await self._embed_batch(client, batch)

            tasks = [asyncio.create_task(one(batch)) for batch in batches]
            try:
                found = await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        if len({each.shape[1] for each in found}) > 1:
            raise ModelError(f"{self.spec}: its vectors differ in length")
        return np.concatenate(found)

    async def _embed_batch(self, client: openai.AsyncOpenAI, batch: Sequence[str]) -> Vectors:
        """What may pass, such as a busy server, is tried again."""
        for attempt in range(self._settings.retries + 1):
            try:
                reply = await client.embeddings.create(model=self._name, input=list(batch), encoding_format="float")
                return self._vectors(reply, len(batch))
            except openai.APIError as error:
                if attempt == self._settings.retries or not may_pass(error):
                    told = explain(error, self._settings.timeout_s, attempt + 1)
                    raise ModelError(f"{self.spec}: {told}") from None
                await asyncio.sleep(pause_s(error, attempt))
        raise AssertionError("the last attempt returns or raises")

    def _vectors(self, reply: openai.types.CreateEmbeddingResponse, count: int) -> Vectors:
        """Rows in the order of the texts, of length one."""
        rows = {each.index: each.embedding for each in reply.data or ()}
        if sorted(rows) != list(range(count)) or len({len(row) for row in rows.values()}) != 1:
            raise ModelError(f"{self.spec}: {count} texts were sent, and no vector for each came back")
        vectors = np.array([rows[number] for number in range(count)], dtype=np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all():
            raise ModelError(f"{self.spec}: a vector holds what is no number")
        unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
        return unit
