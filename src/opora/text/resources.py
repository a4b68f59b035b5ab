"""Text files and templates that lie beside the code, and the data of each language under `languages/`.

In: a package or a language, and the name of a file. Out: its text, its lines, or a Jinja template.

    read_lines(__package__, "months.txt")
    language_template("ru", "answer.jinja")
"""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template

LANGUAGES = Path(__file__).parents[1] / "languages"
"""One folder per language, named by its ISO 639-1 code."""


def read_text(package: str, name: str) -> str:
    """Text of a file that lies in `package`."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def read_lines(package: str, name: str) -> list[str]:
    """Lines of a file of `package`, without blank lines and comments (`#`)."""
    return content_lines(read_text(package, name))


def content_lines(text: str) -> list[str]:
    """Lines of `text` without blank lines and comments (`#`), stripped."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def template(package: str, name: str) -> Template:
    """Template in a file of `package`; a missing variable is an error."""
    return compile_template(read_text(package, name))


@functools.lru_cache(maxsize=64)
def compile_template(source: str) -> Template:
    """Jinja template of `source`, for plain text: nothing is escaped, a missing variable is an error."""
    from jinja2 import Environment, StrictUndefined

    return Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True).from_string(source)


def languages() -> tuple[str, ...]:
    """Codes of the languages that have a folder, sorted."""
    return tuple(sorted(path.name for path in LANGUAGES.iterdir() if path.is_dir() and not path.name.startswith("_")))


def language_text(language: str, name: str) -> str:
    """Text of a file of a language's folder; empty if the language has no such file."""
    path = LANGUAGES / language / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def language_lines(language: str, name: str) -> list[str]:
    """Lines of a file of a language's folder, without blank lines and comments; none if there is no such file."""
    return content_lines(language_text(language, name))


def language_template(language: str, name: str) -> Template:
    """Template of a language's folder."""
    return compile_template(language_text(language, name))
