"""Embedder that runs a model of sentence-transformers. Code that a model brings along is never run."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from opora.errors import MissingExtraError, ModelError, first_line
from opora.models.revision import model_revision
from opora.models.spec import Spec
from opora.retrieval.embedders.base import Embedder, Role, Text
from opora.retrieval.embedders.settings import EmbeddingSettings
from opora.retrieval.embedders.static import MODULES, StaticEmbedder, fingerprint_of_folder, is_static
from opora.retrieval.vectors import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PROMPTS: dict[Role, tuple[str, ...]] = {"question": ("query", "question"), "passage": ("passage", "document")}
"""Role -> names under which models keep its prompt."""
E5 = re.compile(r"(?:^|[/_-])e5[-_]", re.IGNORECASE)
E5_PROMPTS: dict[Role, str] = {"question": "query: ", "passage": "passage: "}
E5_INSTRUCT: dict[Role, str] = {
    "question": "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ",
    "passage": "",
}
"""From the model cards; the configs of most E5 models lack it."""


class TransformerEmbedder:
    """Model of sentence-transformers, loaded at first use. `copied`: `save` copies it into the index."""

    def __init__(self, name: str, revision: str, settings: EmbeddingSettings, copied: bool = False) -> None:
        self.name, self.revision = name, revision
        self._settings, self._copied = settings, copied

    @functools.cached_property
    def dimensions(self) -> int:
        return int(self.model.get_embedding_dimension() or 0)

    @functools.cached_property
    def model(self) -> SentenceTransformer:
        """Load the model. Raises MissingExtraError without the packages, ModelError if the model does not load."""
        return load_sentence_transformer(self.name, self.revision, self._settings.device)

    def embed(self, texts: Sequence[Text], role: Role) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        try:
            vectors = self.model.encode(
                [text.text for text in texts],
                prompt=select_prompt(self.name, self.model.prompts, role),
                batch_size=self._settings.batch_size,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        except RuntimeError as error:  # torch: out of memory, device failures
            raise ModelError(f"embedder {self.name}: {first_line(error)}") from None
        rows: Vectors = np.asarray(vectors, dtype=np.float32)
        return rows

    def covers(self, language: str) -> bool:
        return True

    def save(self, folder: Path) -> None:
        if self._copied:
            shutil.copytree(self.name, folder, dirs_exist_ok=True)

    def identity(self) -> Mapping[str, str]:
        if Path(self.name).is_dir():
            return {Path(self.name).name: fingerprint_of_folder(Path(self.name))}
        return {self.name: model_revision(Spec("hf", self.name, self.revision))}


def open_embedder(spec: Spec, folder: Path | None, settings: EmbeddingSettings) -> Embedder:
    """Open a trained model in `folder`, or a model by its name; a static table needs no torch."""
    copied = spec.kind == "train" and folder is not None
    path = folder if copied and folder else Path(spec.name)
    if (copied or (path / MODULES).exists()) and is_static(path):
        return StaticEmbedder(path, copied)
    return TransformerEmbedder(str(path) if copied else spec.name, spec.revision, settings, copied)


def load_sentence_transformer(name: str, revision: str, device: str) -> SentenceTransformer:
    """Load a model. Raises MissingExtraError without the packages, ModelError if the model does not load."""
    try:
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError:
        raise MissingExtraError(f"embedder 'hf:{name}'", "train") from None
    place = None if device == "auto" else device
    try:
        return SentenceTransformer(name, revision=revision or None, device=place, trust_remote_code=False)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise ModelError(f"embedder {name!r} does not load: {first_line(error)}") from None


def select_prompt(name: str, prompts: Mapping[str, str | None], role: Role) -> str:
    """Return the prefix of a text: the model's own prompt, or that of E5 for an E5 model without prompts."""
    if any(prompts.values()):
        return next((prompts[key] or "" for key in PROMPTS[role] if key in prompts), "")
    if E5.search(name):
        return (E5_INSTRUCT if "instruct" in name.lower() else E5_PROMPTS)[role]
    return ""
