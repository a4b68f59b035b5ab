"""Front matter of Markdown: YAML between lines of `---`, or TOML between lines of `+++`."""

from __future__ import annotations

import datetime
import re
import tomllib
from typing import Any, NamedTuple

import yaml

from opora.corpus.blocks import one_line
from opora.records import Scalar

MAX_KEYS, MAX_VALUE_CHARS = 30, 200
TITLE_KEYS = ("title", "Title", "TITLE", "название", "заголовок", "sidebar_label", "linkTitle")
_YAML = re.compile(r"\A\s*---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\A\s*\+\+\+[ \t]*\n(.{0,20000}?)\n\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_PAIR = re.compile(r"^[\w-]+[ \t]*:(?:[ \t]|$)", re.MULTILINE)


class FrontMatter(NamedTuple):
    """Titles of a document, and the other facts that it states about itself."""

    titles: tuple[str, ...] = ()
    metadata: dict[str, Scalar] = {}


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Return the front matter of a document, empty if it has none, and the rest of its text."""
    if match := _TOML.match(text):
        try:
            return _read(tomllib.loads(match[1])), text[match.end() :]
        except tomllib.TOMLDecodeError:
            return FrontMatter(), text
    match = _YAML.match(text)
    if match is None or not _PAIR.search(match[1]):
        # text between two rules
        return FrontMatter(), text
    try:
        values = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError):
        values = None
    return _read(values), text[match.end() :]


def _read(values: Any) -> FrontMatter:
    if not isinstance(values, dict):
        return FrontMatter()
    titles = tuple(one_line(values[key]) for key in TITLE_KEYS if isinstance(values.get(key), str))
    metadata: dict[str, Scalar] = {}
    for key, value in values.items():
        if isinstance(value, (datetime.date, datetime.time)):
            value = value.isoformat()
        is_short = not isinstance(value, str) or len(value) <= MAX_VALUE_CHARS
        if isinstance(key, str) and key not in TITLE_KEYS and isinstance(value, (str, int, float, bool)) and is_short:
            metadata[key] = one_line(value) if isinstance(value, str) else value
    return FrontMatter(titles, dict(list(metadata.items())[:MAX_KEYS]))
