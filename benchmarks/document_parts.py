"""Parts of the readers that `documents.py` can switch off, to see what each of them is worth.

with switched_off(["columns", "hyphens"]):
    opora.ingest("documents")        # parsed in this process, without these parts
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from opora.corpus.parsers.base import Parsed
from opora.corpus.parsers.registry import parse_document
from opora.corpus.settings import DEFAULT_PARSING, LimitSettings, ParseSettings

PARSERS = "opora.corpus.parsers"


class SwitchedPart(NamedTuple):
    """A function or method of a parser, as `module:name`, and what takes its place."""

    target: str
    replacement: Callable[..., Any]


PARTS: dict[str, SwitchedPart] = {
    "columns": SwitchedPart(
        f"{PARSERS}.pdf.layout.lines:order_regions", lambda items, *_, **__: [sorted(items, key=lambda item: item.y0)]
    ),
    "running lines": SwitchedPart(f"{PARSERS}.pdf.layout.document:find_running", lambda pages: (set(), set())),
    "contents": SwitchedPart(f"{PARSERS}.pdf.layout.document:find_contents", lambda lines, count: (set(), [])),
    "hyphens": SwitchedPart(f"{PARSERS}.pdf.layout.hyphens:HyphenJoiner._is_own", lambda *_: True),
    "aligned tables": SwitchedPart(
        f"{PARSERS}.pdf.tables.finding:find_aligned_tables", lambda page, taken, before=(): []
    ),
    "joined tables": SwitchedPart(f"{PARSERS}.pdf.layout.document:join_tables", lambda parts, text: parts),
    "ocr": SwitchedPart(f"{PARSERS}.ocr.tesseract:installed_languages", tuple),
    "main text": SwitchedPart(f"{PARSERS}.html.parser:choose_content", lambda root, placed: _whole_page(placed)),
    "wrapped lines": SwitchedPart(f"{PARSERS}.text.plain:find_width", lambda lines: 0),
    "headings by form": SwitchedPart(f"{PARSERS}.assembly:mark_headings", list),
}
"""Name -> part."""


@contextlib.contextmanager
def switched_off(names: Sequence[str]) -> Iterator[None]:
    """Switch parts off, by name. Documents are then parsed in this process, which a sandbox would keep whole."""
    with contextlib.ExitStack() as stack:
        for name in names:
            module, _, path = PARTS[name].target.partition(":")
            owner: Any = importlib.import_module(module)
            *outer, attribute = path.split(".")
            for part in outer:
                owner = getattr(owner, part)
            stack.enter_context(patch.object(owner, attribute, PARTS[name].replacement))
        if names:
            pool = importlib.import_module("opora.corpus.sandbox.pool")
            stack.enter_context(patch.object(pool, "SandboxedParser", ParserInProcess))
        yield


class ParserInProcess:
    """Stands in for `SandboxedParser`."""

    def __init__(self, limits: LimitSettings, settings: ParseSettings = DEFAULT_PARSING) -> None:
        self._settings, self._max_unpacked_bytes = settings, limits.max_unpacked_mb << 20

    def __enter__(self) -> ParserInProcess:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def parse(self, path: Path) -> Parsed:
        return parse_document(path.read_bytes(), str(path), self._max_unpacked_bytes, self._settings)


def _whole_page(placed: Any) -> Any:
    from opora.corpus.parsers.html.content.choice import PageContent

    return PageContent(placed)
