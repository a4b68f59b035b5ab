"""What kind of answer a question wants, by the words that it is put with: a heuristic, for Russian and English.

In: a question. Out: one of `TYPES`; `statement` where nothing is asked, as in a few words typed into a search.

    question_type("В каком году открыли причал?")       # 'when'
    question_type("How much is the fee?")               # 'how many'
"""

from __future__ import annotations

import functools
import re
from importlib import resources

TYPES: tuple[str, ...] = ("yes or no", "how many", "when", "who", "where", "why", "how", "what", "statement")

_WHETHER = re.compile(
    r"^\W*(?:правда|верно|is|are|was|were|do|does|did|can|could|has|have|had|should|will|would|may|must)\b",
    re.IGNORECASE,
)


def question_type(question: str) -> str:
    """The first of `TYPES` whose words stand in the question; a question without any asks for yes or no."""
    if _WHETHER.search(question):
        return "yes or no"
    found = next((name for name, words in _patterns().items() if words.search(question)), "")
    return found or ("yes or no" if question.rstrip().endswith("?") else "statement")


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """The sections of `question_types.txt`."""
    sections: dict[str, list[str]] = {}
    text = resources.files(__package__).joinpath("question_types.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        elif not line.startswith("#"):
            lines.append(line)
    return {name: re.compile(rf"\b(?:{'|'.join(lines)})\b", re.IGNORECASE) for name, lines in sections.items()}
