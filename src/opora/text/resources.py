"""Text files and templates beside the code, and the files of each language under `languages/`.

In: a package or a language, and the name of a file. Out: its text, its lines, or a Jinja template.

    read_lines(__package__, "months.txt")
    language_template("ru", "answer.jinja")
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from jinja2 import Template

P = ParamSpec("P")
R = TypeVar("R")

LANGUAGES = Path(__file__).parents[1] / "languages"
"""One folder per language, named by its ISO 639-1 code."""

_language_caches: list[Callable[[], None]] = []


def language_cache(function: Callable[P, R]) -> Callable[P, R]:
    """Cache a function that depends on the files of `languages/`; `languages_at` empties all such caches."""
    return bounded_language_cache(None)(function)


def bounded_language_cache(maxsize: int | None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a `language_cache` of at most `maxsize` values."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        cached = functools.lru_cache(maxsize)(function)
        _language_caches.append(cached.cache_clear)
        return cast(Callable[P, R], cached)

    return decorate


@contextlib.contextmanager
def languages_at(folder: Path) -> Iterator[None]:
    """Read all languages from `folder` within a `with` block."""
    global LANGUAGES
    before, LANGUAGES = LANGUAGES, folder
    _clear_language_caches()
    try:
        yield
    finally:
        LANGUAGES = before
        _clear_language_caches()


def _clear_language_caches() -> None:
    for clear in _language_caches:
        clear()


def read_text(package: str, name: str) -> str:
    """Return the text of a file in `package`."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def read_lines(package: str, name: str) -> list[str]:
    """Return the lines of a file in `package`, without blank lines and comments (`#`)."""
    return content_lines(read_text(package, name))


def content_lines(text: str) -> list[str]:
    """Return the lines of `text` without blank lines and comments (`#`), stripped."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def template(package: str, name: str) -> Template:
    """Return the template in a file of `package`; a missing variable is an error."""
    return compile_template(read_text(package, name))


@functools.lru_cache(maxsize=64)
def compile_template(source: str) -> Template:
    """Compile a Jinja template of plain text: nothing is escaped, a missing variable is an error."""
    from jinja2 import Environment, StrictUndefined

    return Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True).from_string(source)


@language_cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages that have a folder, sorted."""
    return tuple(sorted(path.name for path in LANGUAGES.iterdir() if path.is_dir() and not path.name.startswith("_")))


def language_text(language: str, name: str) -> str:
    """Return the text of a file in the folder of a language; empty if the language has no such file."""
    path = LANGUAGES / language / name
    # the code may come from a document or a question, and must not lead out of the folder
    return path.read_text(encoding="utf-8") if language in languages() and path.is_file() else ""


def language_lines(language: str, name: str) -> list[str]:
    """Return the lines of a file in the folder of a language, without blank lines and comments; empty if there is no
    such file."""
    return content_lines(language_text(language, name))


def language_template(language: str, name: str) -> Template:
    """Return the template in a file of a language. Raises FileNotFoundError if the language has no such file."""
    source = language_text(language, name)
    if not source:
        raise FileNotFoundError(LANGUAGES / language / name)
    return compile_template(source)
