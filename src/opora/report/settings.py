"""Settings of the report."""

from __future__ import annotations

from typing import Literal

from opora.validation import Settings


class ReportSettings(Settings):
    """The page that shows benchmarks."""

    title: str = "opora"
    language: Literal["en", "ru"] = "en"
    """Of the headings and explanations; questions and answers stay as they are."""
