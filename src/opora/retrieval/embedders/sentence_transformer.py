"""Any model of sentence-transformers, by name or folder.

In: `hf:NAME-OR-PATH[@REVISION]`. Out: vectors of length one. Code that a model brings along is not run.

    TransformerEmbedder("intfloat/multilingual-e5-large", "", EmbedderSettings())
"""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from opora.errors import MissingExtraError, ModelError, first_line
from opora.models.revision import revision_of
from opora.models.spec import ModelSpec
from opora.retrieval.embedders.base import Role, Text
from opora.retrieval.embedders.fingerprint import fingerprint_of_folder
from opora.retrieval.embedders.settings import EmbedderSettings
from opora.retrieval.vectors import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PROMPTS: dict[Role, tuple[str, ...]] = {"question": ("query", "question"), "passage": ("passage", "document")}
"""Names under which models keep what is put before a text."""
E5 = re.compile(r"(?:^|[/_-])e5[-_]", re.IGNORECASE)
E5_PROMPTS: dict[Role, str] = {"question": "query: ", "passage": "passage: "}
E5_INSTRUCT: dict[Role, str] = {
    "question": "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ",
    "passage": "",
}
"""From the cards of the models; most of them lack it in their config."""


class TransformerEmbedder:
    """The model is loaded when it is first needed. `copied`: `save` puts it into the index."""

    def __init__(self, name: str, revision: str, settings: EmbedderSettings, copied: bool = False) -> None:
        self.name, self.revision = name, revision
        self._settings, self._copied = settings, copied

    @functools.cached_property
    def dimensions(self) -> int:
        return int(self.model.get_embedding_dimension() or 0)

    @functools.cached_property
    def model(self) -> SentenceTransformer:
        """Raises MissingExtraError, or ModelError if the model does not load."""
        return load_sentence_transformer(self.name, self.revision, self._settings.device)

    def embed(self, texts: Sequence[Text], role: Role) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        try:
            vectors = self.model.encode(
                [text.text for text in texts],
                prompt=prompt_of(self.name, self.model.prompts, role),
                batch_size=self._settings.batch_size,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        except RuntimeError as error:  # torch: memory, devices
            raise ModelError(f"embedder {self.name}: {first_line(error)}") from None
        found: Vectors = np.asarray(vectors, dtype=np.float32)
        return found

    def covers(self, language: str) -> bool:
        return True

    def save(self, folder: Path) -> None:
        if self._copied:
            shutil.copytree(self.name, folder, dirs_exist_ok=True)

    def identity(self) -> Mapping[str, str]:
        if Path(self.name).is_dir():
            return {Path(self.name).name: fingerprint_of_folder(Path(self.name))}
        return {self.name: revision_of(ModelSpec("hf", self.name, self.revision))}


def load_sentence_transformer(name: str, revision: str, device: str) -> SentenceTransformer:
    """Raises MissingExtraError without the packages, ModelError if the model does not load."""
    try:
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError:
        raise MissingExtraError(f"embedder 'hf:{name}'", "train") from None
    try:
        return SentenceTransformer(
            name,
            revision=revision or None,
            device=None if device == "auto" else device,
            trust_remote_code=False,
        )
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise ModelError(f"embedder {name!r} does not load: {first_line(error)}") from None


def prompt_of(name: str, prompts: Mapping[str, str | None], role: Role) -> str:
    """What is put before a text: the model's own prompt, or the prefix of E5 where it has none and is called so."""
    if any(prompts.values()):
        return next((prompts[each] or "" for each in PROMPTS[role] if each in prompts), "")
    if E5.search(name):
        return (E5_INSTRUCT if "instruct" in name.lower() else E5_PROMPTS)[role]
    return ""
