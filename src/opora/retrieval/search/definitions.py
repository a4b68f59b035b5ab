"""Questions that ask for a definition, and the sentences that define: `оператор - лицо, которое ...`.

asked = asked_word("Что такое оператор?", "ru")        # ('оператор',)
defines("2) оператор - лицо, которое ...", asked, "ru")    # True
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection

from opora.text.resources import language_lines
from opora.text.terms import stop_terms, terms
from opora.text.words import fold

MAX_WORDS = 6
MAX_HEAD = 100
"""Maximum length of a defined word with its adjectives, in characters."""
_MARK = re.compile(r"[\s*•–—-]*(?:\(?[^\W_]{1,3}(?:\.\d+)*[.)]\s+)?")
_ASIDE = re.compile(r"\s*\([^()]{0,80}\)\s*$")


def asked_word(question: str, language: str) -> tuple[str, ...]:
    """Return the terms of the word that a question asks to define; empty for another question."""
    match = _questions(language).match(fold(question))
    asked = _content(question[match.end() :], language) if match else ()
    return asked if len(asked) <= MAX_WORDS else ()


def defines(text: str, asked: tuple[str, ...], language: str, context: Collection[str] = ()) -> bool:
    """Return True if a sentence, or a line of a passage, begins with the word that is asked for and defines it. Words
    behind its first one may be missing if they are in `context`, the terms of the title and the headings."""
    signs = _signs(language)
    for line in text.splitlines():
        start = _MARK.match(line)
        rest = line[start.end() if start else 0 :]
        sign = signs.search(rest, 0, MAX_HEAD)
        head = _content(_ASIDE.sub("", rest[: sign.start()]), language) if sign else ()
        if head and head == asked[: len(head)] and all(term in context for term in asked[len(head) :]):
            return True
    return False


def _content(text: str, language: str) -> tuple[str, ...]:
    stops = stop_terms(language)
    return tuple(term for term in terms(text, language) if term not in stops)


@functools.cache
def _parts(language: str) -> tuple[str, str]:
    """Return the alternatives of the beginnings of questions, and of the signs."""
    lines = language_lines(language, "definitions.txt")
    at = lines.index("[sign]") if lines else 0
    return "|".join(lines[:at]), "|".join(lines[at + 1 :])


@functools.cache
def _questions(language: str) -> re.Pattern[str]:
    beginnings = _parts(language)[0]
    return re.compile(rf"\W*(?:{beginnings})\s" if beginnings else r"(?!)")


@functools.cache
def _signs(language: str) -> re.Pattern[str]:
    signs = _parts(language)[1]
    return re.compile(rf"\s(?:{signs})\s" if signs else r"(?!)", re.IGNORECASE)
