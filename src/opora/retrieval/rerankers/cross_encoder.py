"""Reranker that runs a cross-encoder: a model that reads the question and a passage together."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opora.artifacts import fingerprint_of_file
from opora.errors import MissingExtraError, ModelError, first_line
from opora.models.revision import model_revision
from opora.models.spec import Spec
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.rerankers.settings import RerankingSettings

EXTRA = "train"


class CrossEncoderReranker:
    """Reranker of sentence-transformers, loaded with the first question. `name`: a folder, or a name on the hub."""

    def __init__(self, name: str, revision: str = "", settings: RerankingSettings | None = None) -> None:
        self.name, self.revision = name, revision
        self._settings = settings or RerankingSettings()

    def score(self, query: Query, candidates: Sequence[Candidate]) -> list[float]:
        """Return scores. Raises MissingExtraError without sentence-transformers, ModelError if the model fails."""
        if not candidates:
            return []
        model, size = self._model, self._settings.batch_size
        pairs = [(query.text, reranker_text(candidate)) for candidate in candidates]
        try:
            values = model.predict(pairs, batch_size=size, show_progress_bar=False, convert_to_numpy=True)
        except (RuntimeError, ValueError, IndexError) as error:
            raise ModelError(f"reranker {self.name!r} failed: {first_line(error)}") from None
        if values.ndim != 1:
            raise ModelError(
                f"reranker {self.name!r} returns {values.shape[-1]} values per pair instead of one; choose a model that"
                " was trained to rank"
            )
        return [float(value) for value in values]

    def identity(self) -> Mapping[str, str]:
        folder = Path(self.name)
        if folder.is_dir():
            files = [*sorted(folder.glob("*.safetensors")), *sorted(folder.glob("*.json"))]
            checksum = hashlib.sha256(" ".join(map(fingerprint_of_file, files)).encode()).hexdigest()
            return {"cross-encoder": checksum}
        return {self.name: model_revision(Spec("hf", name=self.name, revision=self.revision))}

    @functools.cached_property
    def _model(self) -> Any:
        device = self._settings.device
        return open_cross_encoder(self.name, self.revision, device=None if device == "auto" else device)


def open_reranker(spec: Spec, settings: RerankingSettings) -> CrossEncoderReranker:
    return CrossEncoderReranker(spec.name, spec.revision, settings)


def open_cross_encoder(name: str, revision: str = "", **options: Any) -> Any:
    """Load a CrossEncoder of sentence-transformers. Raises MissingExtraError without it, ModelError if it fails."""
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


def reranker_text(candidate: Candidate) -> str:
    """Return the text that a model reads of a passage: title and headings, each once, then the passage."""
    data = candidate.data
    headings = dict.fromkeys([str(data["metadata"].get("title", "")), *data["heading"]])
    return "\n".join(part for part in (" > ".join(filter(None, headings)), data["table_header"], data["text"]) if part)
