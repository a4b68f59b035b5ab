"""Settings of the report."""

from __future__ import annotations

from pydantic import field_validator

from opora.text.resources import language_text, languages
from opora.validation import Settings, nearest

TEXTS = "report.yaml"
"""File with the texts of the report in the folder of a language."""


def report_languages() -> list[str]:
    """Return the codes of the languages in which a report can be written."""
    return [language for language in languages() if language_text(language, TEXTS)]


class ReportSettings(Settings):
    """The report: a page with the results of all benchmarks."""

    title: str = "opora"
    """Title of the page."""
    language: str = "en"
    """Language of headings and explanations, by its ISO 639-1 code; questions and answers are not translated."""

    @field_validator("language")
    @classmethod
    def _has_texts(cls, language: str) -> str:
        if language not in report_languages():
            raise ValueError(f"there are no texts in this language; {nearest(language, report_languages())}")
        return language
