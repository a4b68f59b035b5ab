"""Texts and numbers of tables in the language of the reader.

words = words_in("ru")                          # texts of languages/ru/bench.yaml; English where it has none
words("scores.title"), words.number(0.42)       # 'Оценки', '0,42'
row_names(table, words)                         # {'1 random': 'случайных: 1'}
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from opora.bench.results.metrics import Column
from opora.bench.results.table import ConditionValues, Table
from opora.metrics.bootstrap import Interval
from opora.text.language_pack import language_pack
from opora.text.resources import language_text

TEXTS = "bench.yaml"
NONE = "–"
"""Shown where there is no value."""


class Words:
    """Texts of one language by dotted key, and its format of numbers."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language, self._texts = language, texts
        self._pack = language_pack(language)

    def __call__(self, key: str, **values: object) -> str:
        return self._texts[key].format(**values)

    def named(self, group: str, name: str) -> str:
        """Return the display name of an item, such as a question type; the name itself if it has none."""
        return self._texts.get(f"{group}.{name}", name or self._texts["none"])

    def label(self, column: Column) -> str:
        return self._texts[f"label.{column.metric}"]

    def meaning(self, column: Column) -> str:
        return self._texts[f"meaning.{column.metric}"]

    def section(self, name: str) -> dict[str, str]:
        """Return the texts below a key, by the rest of their keys."""
        prefix = f"{name}."
        return {key.removeprefix(prefix): text for key, text in self._texts.items() if key.startswith(prefix)}

    def number(self, value: float | None, digits: int = 2, signed: bool = False) -> str:
        if value is None:
            return NONE
        rounded = round(value, digits) + 0.0  # turns -0.0 into 0.0
        text = f"{rounded:{'+' if signed else ''}.{digits}f}"
        return text.replace(".", self._pack.decimal_mark)

    def span(self, interval: Interval, digits: int = 2, signed: bool = False) -> str:
        """Return `[0.31, 0.54]`, in Russian `[0,31; 0,54]`; empty if there is no interval."""
        if interval.low is None or interval.high is None:
            return ""
        low, high = (self.number(bound, digits, signed) for bound in (interval.low, interval.high))
        return f"[{low}{self._pack.interval_separator}{high}]"

    def interval(self, interval: Interval, digits: int = 2, signed: bool = False) -> str:
        """Return `0.42 [0.31, 0.54]`, or a dash if there is no value."""
        return f"{self.number(interval.mean, digits, signed)} {self.span(interval, digits, signed)}".rstrip()

    def p(self, value: float | None) -> str:
        """Return a p-value: `0.012`, or `< 0.001`."""
        if value is not None and value < 0.001:
            return f"< {self.number(0.001, 3)}"
        return self.number(value, 3)


def capital(text: str) -> str:
    """Return the text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


@functools.cache
def words_in(language: str) -> Words:
    return Words(language, read_texts("en") | read_texts(language))


def read_texts(language: str) -> dict[str, str]:
    """Return dotted key -> text of a language; empty if it has none."""
    return dict(flatten_texts(yaml.safe_load(language_text(language, TEXTS)) or {}))


def flatten_texts(texts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted key, text) of every leaf of nested mappings."""
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from flatten_texts(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def row_names(table: Table, words: Words) -> dict[str, str]:
    """Return name of a row -> its display name."""
    if words.language == "en":
        return {row.name: row.name for row in table.rows}
    several = len({row.model for row in table.rows}) > 1
    names = {}
    for row in table.rows:
        condition = condition_in_words(row.condition, words)
        names[row.name] = f"{row.model}: {condition}" if condition and several else condition or row.name
    return names


def condition_in_words(condition: ConditionValues, words: Words) -> str:
    """Return the description of a condition; empty for no condition and for unknown ones."""
    if "gold_position" in condition:
        return words("condition.gold_position", **condition)
    if "order" in condition:
        order = words.named("order", str(condition["order"]))
        return words("condition.order", passages=condition["passages"], order=order)
    if "distractors" not in condition:
        return ""
    if not condition["count"]:
        return words("condition.none")
    kind = words.named("distractor", str(condition["distractors"]))
    return words("condition.distractors", count=condition["count"], kind=kind)
