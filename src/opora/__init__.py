"""A small language model that answers from your documents, cites the place, and proves that it improved.

import opora

opora.ingest("documents")
opora.build_index()
print(opora.ask("What is the daily fee?").text)
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opora.api import ask, build_index, ingest, load_model, open_index, score
    from opora.records import Answer, Citation, Document, Example, Hit, Passage

__version__ = "0.2.0.dev0"

__all__ = [
    "Answer",
    "Citation",
    "Document",
    "Example",
    "Hit",
    "Passage",
    "ask",
    "build_index",
    "ingest",
    "load_model",
    "open_index",
    "score",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import opora` stays fast."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module("opora.records" if name[0].isupper() else "opora.api")
    return getattr(module, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
