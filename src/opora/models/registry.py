"""Load the language model that a spec names."""

from __future__ import annotations

from collections.abc import Callable

from opora.errors import InputError, MissingExtraError
from opora.models.base import LanguageModel
from opora.models.settings import ModelSettings
from opora.models.spec import MODELS

LoadModel = Callable[[str, ModelSettings], LanguageModel]


def load_model(spec: str, settings: ModelSettings) -> LanguageModel:
    """Load a model. Raises InputError for a wrong spec, MissingExtraError, ModelError if it does not load."""
    kind = MODELS.parse(spec).kind
    if kind == "extractive":
        raise InputError("extractive is not a language model: it answers by itself; use it in ask and bench")
    try:
        model: LanguageModel = MODELS.module(kind).open_model(spec, settings)
    except ImportError as error:
        # transformers raises one without a name for an optional package that is missing
        if (error.name or "").startswith("opora") or not (isinstance(error, ModuleNotFoundError) or error.name is None):
            raise
        missing = error.name or str(error).strip().splitlines()[0]
        raise MissingExtraError(f"model {spec!r} ({missing})", "train") from None
    return model
