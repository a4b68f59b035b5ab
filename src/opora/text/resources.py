"""Text files and templates beside the code, and the files of each language under `languages/`."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template

LANGUAGES = Path(__file__).parents[1] / "languages"
"""One folder per language, named by its ISO 639-1 code."""


@functools.cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages that have a folder, sorted."""
    return tuple(sorted(path.name for path in LANGUAGES.iterdir() if path.is_dir() and not path.name.startswith("_")))


def language_text(language: str, name: str) -> str:
    """Return the text of a file in the folder of a language; empty if the language has no such file."""
    path = LANGUAGES / language / name
    # the code may come from a document or a question, and must not lead out of the folder
    return path.read_text(encoding="utf-8") if language in languages() and path.is_file() else ""


def language_lines(language: str, name: str) -> list[str]:
    """Return the lines of a file of a language, stripped, without blank lines and comments (`#`)."""
    lines = map(str.strip, language_text(language, name).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def language_template(language: str, name: str) -> Template:
    """Return the template in a file of a language. Raises FileNotFoundError if the language has no such file."""
    source = language_text(language, name)
    if not source:
        raise FileNotFoundError(LANGUAGES / language / name)
    return _compile(source)


def template(package: str, name: str) -> Template:
    """Return the template in a file of `package`."""
    return _compile(resources.files(package).joinpath(name).read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=64)
def _compile(source: str) -> Template:
    """Compile a Jinja template of plain text: nothing is escaped, a missing variable is an error."""
    from jinja2 import Environment, StrictUndefined

    return Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True).from_string(source)
