"""Embedder behind a server that speaks the OpenAI API; the key, if it needs one, comes from `OPENAI_API_KEY`."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import openai

from opora.errors import ModelError
from opora.models.backends.dialect import open_client
from opora.models.backends.openai import explain
from opora.models.spec import Spec
from opora.retrieval.embedders.base import Role, Text
from opora.retrieval.embedders.settings import EmbeddingSettings
from opora.retrieval.vectors import Vectors


class OpenAIEmbedder:
    """Embedding model behind a server. Questions and passages are embedded the same way: the API has no roles."""

    def __init__(self, name: str, url: str, settings: EmbeddingSettings) -> None:
        self.spec = f"openai:{name}@{url}"
        self._name, self._url, self._settings = name, url, settings

    @functools.cached_property
    def dimensions(self) -> int:
        """Length of the vectors, found by embedding one word."""
        return int(asyncio.run(self._embed_all(["a"])).shape[1])

    def embed(self, texts: Sequence[Text], role: Role) -> Vectors:
        rows = [row for row, text in enumerate(texts) if text.text.strip()]
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        if rows:
            embedded = asyncio.run(self._embed_all([texts[row].text for row in rows]))
            if embedded.shape[1] != self.dimensions:
                raise ModelError(f"{self.spec}: vectors have {embedded.shape[1]} numbers after {self.dimensions}")
            vectors[rows] = embedded
        return vectors

    def covers(self, language: str) -> bool:
        return True

    def save(self, folder: Path) -> None:
        """Write nothing: the spec is enough to open the embedder."""

    def identity(self) -> Mapping[str, str]:
        return {self.spec: self._name}

    async def _embed_all(self, texts: Sequence[str]) -> Vectors:
        slots = asyncio.Semaphore(self._settings.concurrency)
        size = self._settings.batch_size
        batches = [texts[start : start + size] for start in range(0, len(texts), size)]
        async with open_client(self._url, self._settings.timeout_s, self._settings.retries) as client:

            async def embed(batch: Sequence[str]) -> Vectors:
                async with slots:
                    return await self._embed_batch(client, batch)

            tasks = [asyncio.create_task(embed(batch)) for batch in batches]
            try:
                vectors = await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        if len({rows.shape[1] for rows in vectors}) > 1:
            raise ModelError(f"{self.spec}: its vectors differ in length")
        return np.concatenate(vectors)

    async def _embed_batch(self, client: openai.AsyncOpenAI, batch: Sequence[str]) -> Vectors:
        try:
            reply = await client.embeddings.create(model=self._name, input=list(batch), encoding_format="float")
        except openai.APIError as error:
            reason = explain(error, self._settings.timeout_s, self._settings.retries + 1)
            raise ModelError(f"{self.spec}: {reason}") from None
        return self._unit_vectors(reply, len(batch))

    def _unit_vectors(self, reply: openai.types.CreateEmbeddingResponse, count: int) -> Vectors:
        """Return unit vectors in the order of the texts."""
        rows = {row.index: row.embedding for row in reply.data or ()}
        if sorted(rows) != list(range(count)) or len({len(row) for row in rows.values()}) != 1:
            raise ModelError(f"{self.spec}: {count} texts were sent, but not one vector per text came back")
        vectors = np.array([rows[index] for index in range(count)], dtype=np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all():
            raise ModelError(f"{self.spec}: a vector contains NaN or infinity")
        unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
        return unit


def open_embedder(spec: Spec, folder: Path | None, settings: EmbeddingSettings) -> OpenAIEmbedder:
    return OpenAIEmbedder(spec.name, spec.url, settings)
