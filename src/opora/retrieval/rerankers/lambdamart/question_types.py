"""Heuristic type of a question, from the question words of all languages."""

from __future__ import annotations

import functools
import re

from opora.text.resources import language_lines, languages

TYPES: tuple[str, ...] = ("yes_or_no", "how_many", "when", "who", "where", "why", "how", "what", "statement")
"""Question types in the order in which their words are looked for; `statement` if nothing is asked."""
OPENING = "opening"
FILE = "question_types.txt"


def question_type(question: str) -> str:
    """Return the first of `TYPES` whose words occur; a question without any asks for yes or no."""
    patterns = _patterns()
    if OPENING in patterns and patterns[OPENING].search(question):
        return "yes_or_no"
    matching = (name for name in TYPES if name in patterns and patterns[name].search(question))
    return next(matching, "yes_or_no" if question.rstrip().endswith("?") else "statement")


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """Compile the sections of `question_types.txt` of all languages: their words are searched together."""
    sections: dict[str, list[str]] = {}
    for language in languages():
        section: list[str] = []
        for line in language_lines(language, FILE):
            if line.startswith("[") and line.endswith("]"):
                section = sections.setdefault(line[1:-1], [])
            else:
                section.append(line)
    return {
        name: re.compile((r"^\W*" if name == OPENING else r"\b") + rf"(?:{'|'.join(words)})\b", re.IGNORECASE)
        for name, words in sections.items()
    }
