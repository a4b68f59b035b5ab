"""Words and phrases that mean the same, as the user lists them.

In: a text file, a line of words or phrases with commas between them, `#` before a comment; a language. Out: the terms
to ask for besides those of a question.

    # synonyms.txt
    отпуск по уходу за ребёнком, декретный отпуск, декрет

    load_synonyms(Path("synonyms.txt"), "ru").expand(["когд", "начина", "декрет"])
    # ['отпуск', 'уход', 'ребенок', 'декретн']
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from opora.errors import InputError
from opora.text.terms.index_terms import search_terms

Phrase = tuple[str, ...]
"""The terms of a word or phrase."""


class Synonyms:
    """`groups`: phrases that mean the same, by line."""

    def __init__(self, groups: Sequence[Sequence[Phrase]]) -> None:
        self._groups: dict[str, list[tuple[Phrase, list[str]]]] = {}
        for group in groups:
            for phrase in group:
                others = list(dict.fromkeys(term for each in group if each != phrase for term in each))
                self._groups.setdefault(phrase[0], []).append((phrase, others))

    def expand(self, terms: Sequence[str]) -> list[str]:
        """The terms to add to the `terms` of a question: of each phrase whose terms are all there, in whatever order,
        those of the phrases that mean the same. They are distinct and none of `terms`; what is added calls up nothing
        further."""
        asked = set(terms)
        added = (
            term
            for first in dict.fromkeys(terms)
            for phrase, others in self._groups.get(first, ())
            if asked.issuperset(phrase)
            for term in others
        )
        return [term for term in dict.fromkeys(added) if term not in asked]


def load_synonyms(path: Path, language: str) -> Synonyms:
    """Read a file of synonyms for questions of a language.

    Raises InputError if the file cannot be read or is not UTF-8, and for a line with fewer than two phrases or with a
    phrase of stop words only.
    """
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); synonyms is the path of a text file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    return Synonyms([group for number, line in enumerate(lines, 1) for group in _group(line, language, path, number)])


def _group(line: str, language: str, path: Path, number: int) -> Iterator[list[Phrase]]:
    """The phrases of a line, none of a line without any."""
    written = [phrase.strip() for phrase in line.partition("#")[0].split(",") if phrase.strip()]
    if not written:
        return
    phrases = [tuple(search_terms(phrase, language)) for phrase in written]
    if () in phrases:
        empty = written[phrases.index(())]
        raise InputError(f"{path}:{number}: {empty!r} holds no term to search by; name it by other words")
    distinct = list(dict.fromkeys(phrases))
    if len(distinct) < 2:
        raise InputError(
            f"{path}:{number}: {line.strip()[:60]!r} is one phrase for search; put words that mean the same "
            "on one line, with commas between them"
        )
    yield distinct
