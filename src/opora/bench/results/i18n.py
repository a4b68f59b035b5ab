"""The words of a report and of its tables, in English and in Russian.

In: a language. Out: texts by key from `words.en.yaml` or `words.ru.yaml`, numbers as that language writes them. English
labels and meanings of metrics stand in `columns.py`; names that a file does not know are shown as they are.

    words = words_in("ru")
    words("scores.title"), words.number(0.42)       # 'Оценки', '0,42'
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml

from opora.bench.results.metrics import Column
from opora.metrics.bootstrap import Interval

Language = str
NONE = "–"


class Words:
    """Texts of one language by dotted key."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language, self._texts = language, texts

    def __call__(self, key: str, **values: object) -> str:
        return self._texts[key].format(**values)

    def named(self, group: str, name: str) -> str:
        """A name from a known list, such as a kind of question; one that is not known is shown as it is."""
        return self._texts.get(f"{group}.{name}", name or self._texts["none"])

    def label(self, column: Column) -> str:
        return self._texts.get(f"label.{column.metric}", column.label)

    def meaning(self, column: Column) -> str:
        return self._texts.get(f"meaning.{column.metric}", column.meaning)

    def section(self, name: str) -> dict[str, str]:
        """The texts below a key, by what is left of theirs."""
        prefix = f"{name}."
        return {key.removeprefix(prefix): text for key, text in self._texts.items() if key.startswith(prefix)}

    def number(self, value: float | None, digits: int = 2, signed: bool = False) -> str:
        if value is None:
            return NONE
        rounded = round(value, digits) + 0.0  # which makes -0.0 a 0.0
        text = f"{rounded:{'+' if signed else ''}.{digits}f}"
        return text.replace(".", ",") if self.language == "ru" else text

    def span(self, interval: Interval, digits: int = 2, signed: bool = False) -> str:
        """`[0.31, 0.54]`, in Russian `[0,31; 0,54]`; empty where there is none."""
        if interval.low is None or interval.high is None:
            return ""
        low, high = (self.number(each, digits, signed) for each in (interval.low, interval.high))
        return f"[{low}{'; ' if self.language == 'ru' else ', '}{high}]"

    def interval(self, interval: Interval, digits: int = 2, signed: bool = False) -> str:
        """`0.42 [0.31, 0.54]`, or a dash where there is no value."""
        mean = self.number(interval.mean, digits, signed)
        return f"{mean} {self.span(interval, digits, signed)}".rstrip()

    def p(self, value: float | None) -> str:
        """`0.012`, or `< 0.001`."""
        if value is not None and value < 0.001:
            return f"< {self.number(0.001, 3)}"
        return self.number(value, 3)


def capital(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


@functools.cache
def words_in(language: Language) -> Words:
    return Words(language, read_texts(language))


def read_texts(language: Language) -> dict[str, str]:
    """Dotted key -> text."""
    source = resources.files(__package__).joinpath(f"words.{language}.yaml").read_text(encoding="utf-8")
    return dict(flatten_texts(yaml.safe_load(source)))


def flatten_texts(texts: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return (dotted key, text) of every leaf of nested mappings."""
    found: list[tuple[str, str]] = []
    for key, value in texts.items():
        found += flatten_texts(value, f"{prefix}{key}.") if isinstance(value, dict) else [(f"{prefix}{key}", str(value))]
    return found
