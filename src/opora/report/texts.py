"""Texts of the report page, in every language that has a `languages/XX/report.yaml`.

In: a language. Out: its `Words`: the texts of the page together with those of the benchmark's tables.

    report_words("ru")("training.title")      # 'Обучение'
"""

from __future__ import annotations

import functools

import yaml

from opora.bench.results.i18n import Words, flatten_texts, read_texts
from opora.report.settings import TEXTS
from opora.text.resources import language_text


@functools.cache
def report_words(language: str) -> Words:
    """Return the texts of a report in `language`; a key that it lacks has its English text."""
    return Words(language, read_report_texts("en") | read_report_texts(language))


def read_report_texts(language: str) -> dict[str, str]:
    """Return dotted key -> text of the page and of the benchmark's tables in `language`."""
    return read_texts(language) | dict(flatten_texts(yaml.safe_load(language_text(language, TEXTS))))
