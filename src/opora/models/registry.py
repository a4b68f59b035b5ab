"""Load the language model that a spec names.

model = load_model("smollm2", ModelSettings())
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from opora.errors import InputError, MissingExtraError
from opora.models.base import LanguageModel
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec

LoadModel = Callable[[str, ModelSettings], LanguageModel]

BACKENDS = {
    "smollm2": "opora.models.backends.transformers",
    "hf": "opora.models.backends.transformers",
    "openai": "opora.models.backends.openai",
    "fake": "opora.models.backends.scripted",
}
"""Kind of spec -> module whose `open_model(spec, settings)` loads it; heavy packages are imported there."""


def load_model(spec: str, settings: ModelSettings) -> LanguageModel:
    """The model of a spec. Raises InputError for a wrong spec, MissingExtraError, ModelError if it does not load."""
    kind = parse_spec(spec).kind
    if kind == "extractive":
        raise InputError("extractive is no language model: it answers by itself; use it in ask and bench")
    try:
        module = importlib.import_module(BACKENDS[kind])
        model: LanguageModel = module.open_model(spec, settings)
    except ImportError as error:
        # transformers raises one without a name for an optional package that it misses
        if (error.name or "").startswith("opora") or not (isinstance(error, ModuleNotFoundError) or error.name is None):
            raise
        missing = error.name or str(error).strip().splitlines()[0]
        raise MissingExtraError(f"model {spec!r} ({missing})", "train") from None
    return model
