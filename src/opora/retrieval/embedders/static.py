"""Embedder that reads a table of word vectors saved by sentence-transformers or model2vec, without torch.

The model is a `StaticEmbedding`, followed by any of `Dense` without activation and `Normalize`. The package model2vec
reads such a table too, but not the Dense layers after it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from opora.artifacts import fingerprint_of_file
from opora.artifacts.checksums import files_below, hash_json
from opora.errors import InputError, MissingExtraError, first_line
from opora.retrieval.embedders.base import Role, Text
from opora.retrieval.vectors import Vectors

BATCH = 1024
MODULES = "modules.json"
LANGUAGES = "languages.json"
"""File beside the model that lists the languages it was trained for. Without it, every language is accepted."""
SUPPORTED = ("Dense", "Normalize")


class StaticEmbedder:
    """Mean of the vectors of a text's tokens, then linear layers. `copied`: `save` copies the model into the index."""

    def __init__(self, folder: Path, copied: bool = False) -> None:
        self.folder, self._copied = folder, copied
        try:
            from tokenizers import Tokenizer
        except ModuleNotFoundError:
            raise MissingExtraError(f"embedder {str(folder)!r}", "train") from None
        try:
            modules = json.loads((folder / MODULES).read_text(encoding="utf-8"))
            table = folder / str(modules[0]["path"])
            self._tokenizer = Tokenizer.from_file(str(table / "tokenizer.json"))
            self._rows = _token_vectors(_read_weights(table))
            self._layers = [layer for module in modules[1:] if (layer := _layer(folder, module)) is not None]
            languages = folder / LANGUAGES
            self._languages = json.loads(languages.read_text(encoding="utf-8")) if languages.exists() else None
        except InputError:
            raise
        except Exception as error:  # tokenizers raises bare ones, safetensors its own
            reason = first_line(error)
            raise InputError(f"{folder}: the embedder is damaged ({reason}); train or copy it again") from None
        self._tokenizer.no_padding()
        self.dimensions = self._layers[-1][0].shape[0] if self._layers else self._rows.shape[1]

    def embed(self, texts: Sequence[Text], role: Role = "passage") -> Vectors:
        """Return unit vectors, the same for both roles."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            vectors[start : start + len(batch)] = self._embed_batch([text.text for text in batch])
        return vectors

    def covers(self, language: str) -> bool:
        return self._languages is None or language in self._languages

    def save(self, folder: Path) -> None:
        if self._copied:
            shutil.copytree(self.folder, folder, dirs_exist_ok=True)

    def identity(self) -> Mapping[str, str]:
        return {self.folder.name: fingerprint_of_folder(self.folder)}

    def _embed_batch(self, texts: Sequence[str]) -> Vectors:
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        vectors = np.zeros((len(texts), self._rows.shape[1]), dtype=np.float32)
        for row, encoding in enumerate(encodings):
            if encoding.ids:
                self._rows.take(encoding.ids, axis=0).mean(axis=0, out=vectors[row])
        for weight, bias in self._layers:
            vectors = vectors @ weight.T + bias
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-12)
        return unit


def is_static(folder: Path) -> bool:
    """Return True if the model in `folder` is a table of vectors. Raises InputError if it holds no model."""
    path = folder / MODULES
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))
        return str(modules[0]["type"]).rpartition(".")[2] == "StaticEmbedding"
    except (OSError, ValueError, LookupError, TypeError):
        raise InputError(f"{path} is missing or damaged; a model of sentence-transformers is expected") from None


def fingerprint_of_folder(folder: Path) -> str:
    """Return one checksum of all files except the model card."""
    files = [path for path in files_below(folder) if path.name != "README.md"]
    return hash_json({str(path.relative_to(folder)): fingerprint_of_file(path) for path in files})


def _read_weights(folder: Path) -> dict[str, Vectors]:
    from safetensors.numpy import load_file

    weights: dict[str, Vectors] = load_file(str(folder / "model.safetensors"))
    return weights


def _token_vectors(weights: Mapping[str, Vectors]) -> Vectors:
    """Return one row per token; tokens of a model2vec table may share rows and have weights."""
    if "embedding.weight" in weights:
        return weights["embedding.weight"].astype(np.float32)
    rows = weights["embeddings"].astype(np.float32)
    if "mapping" in weights:
        rows = rows[weights["mapping"].astype(np.int64)]
    return rows * weights["weights"].astype(np.float32)[:, None] if "weights" in weights else rows


def _layer(folder: Path, module: Mapping[str, Any]) -> tuple[Vectors, Vectors] | None:
    """Return (weight, bias) of a linear layer, None for `Normalize`. Raises InputError for an unsupported module."""
    name = str(module["type"]).rpartition(".")[2]
    if name == "Normalize":
        return None
    if name not in SUPPORTED:
        raise InputError(f"{folder}: module {name} after a table is not supported; {' and '.join(SUPPORTED)} are")
    path = folder / str(module["path"])
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    activation = str(config.get("activation_function", "torch.nn.modules.activation.Tanh")).rpartition(".")[2]
    if activation != "Identity" or config.get("use_residual"):
        part = f"the activation {activation}" if activation != "Identity" else "a residual connection"
        raise InputError(f"{folder}: a Dense layer with {part} is not supported; use Identity")
    weights = _read_weights(path)
    weight = weights["linear.weight"].astype(np.float32)
    bias = weights.get("linear.bias")
    return weight, np.zeros(len(weight), dtype=np.float32) if bias is None else bias.astype(np.float32)
