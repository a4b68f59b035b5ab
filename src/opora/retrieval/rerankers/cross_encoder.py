"""Passages are put into an order by a cross-encoder: a model that reads question and passage together.

In: a folder, or a name on the Hugging Face hub. Out: a reranker; the model is loaded with the first question.

    CrossEncoderReranker("BAAI/bge-reranker-v2-m3").score(question, candidates)         # [0.91, 0.02, ...]
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opora.artifacts import fingerprint_of_file
from opora.errors import MissingExtraError, ModelError, first_line
from opora.models.revision import revision_of
from opora.models.spec import ModelSpec
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate

BATCH = 32
EXTRA = "embed"


class CrossEncoderReranker:
    """A Reranker. `name`: a folder, or a name on the hub with an optional `revision`."""

    def __init__(self, name: str, revision: str = "") -> None:
        self.name, self.revision = name, revision

    def score(self, question: Query, candidates: Sequence[Candidate]) -> list[float]:
        """Raises MissingExtraError without sentence-transformers, ModelError if the model does not load or read."""
        if not candidates:
            return []
        model = self._model
        pairs = [(question.text, shown_below_headings(each)) for each in candidates]
        try:
            values = model.predict(pairs, batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True)
        except (RuntimeError, ValueError, IndexError) as error:
            raise ModelError(f"reranker {self.name!r} failed: {first_line(error)}") from None
        if values.ndim != 1:
            raise ModelError(
                f"reranker {self.name!r} gives {values.shape[-1]} values a pair, one is expected; name a model that was"
                " trained to rank"
            )
        return [float(each) for each in values]

    def identity(self) -> Mapping[str, str]:
        folder = Path(self.name)
        if folder.is_dir():
            files = [*sorted(folder.glob("*.safetensors")), *sorted(folder.glob("*.json"))]
            whole = hashlib.sha256(" ".join(map(fingerprint_of_file, files)).encode()).hexdigest()
            return {"cross-encoder": whole}
        return {self.name: revision_of(ModelSpec("hf", name=self.name, revision=self.revision))}

    @functools.cached_property
    def _model(self) -> Any:
        return open_cross_encoder(self.name, self.revision)


def open_cross_encoder(name: str, revision: str = "", **options: Any) -> Any:
    """A CrossEncoder of sentence-transformers. Raises MissingExtraError without it, ModelError if it does not load."""
    try:
        from sentence_transformers import CrossEncoder
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("opora"):
            raise
        raise MissingExtraError(f"reranker {name!r} ({error.name})", EXTRA) from None
    try:
        return CrossEncoder(name, revision=revision or None, **options)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"reranker {name!r} does not load: {first_line(error)}") from None


def shown_below_headings(candidate: Candidate) -> str:
    """What a model is shown of a passage: title and headings, each once, and the passage below them."""
    data = candidate.data
    above = dict.fromkeys([str(data["metadata"].get("title", "")), *data["heading"]])
    return "\n".join(part for part in (" > ".join(filter(None, above)), data["header"], data["text"]) if part)
