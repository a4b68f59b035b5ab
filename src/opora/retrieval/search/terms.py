"""Terms to search for: misspelled ones are corrected, synonyms that the user lists are added.

A file of synonyms has one group per line, separated by commas, and comments after `#`.

    correct_spelling(["финасов", "лимит"], {"финансов": 3, "лимит": 5})      # ['финансов', 'лимит']
    # отпуск по уходу за ребёнком, декретный отпуск, декрет
    load_synonyms(Path("synonyms.txt"), "ru").expand(["когд", "начина", "декрет"])
    # ['отпуск', 'уход', 'ребенок', 'декретн']
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from opora.errors import InputError
from opora.text.search_terms import search_terms

Phrase = tuple[str, ...]
"""Terms of a word or phrase."""
MIN_SIMILARITY = 0.9
"""Jaro-Winkler similarity (Winkler 1990), which tolerates swapped letters, from which a term is a misspelling."""
MIN_LETTERS = 4
"""Shorter terms are not corrected."""


def correct_spelling(terms: Iterable[str], frequencies: Mapping[str, int]) -> list[str]:
    """Return the distinct terms in order; an unknown term is replaced by the most similar known one, or dropped if none
    is similar enough, if it is short, or if it contains a digit."""
    corrected = (term if term in frequencies else _most_similar(term, frequencies) for term in terms)
    return [term for term in dict.fromkeys(corrected) if term]


def _most_similar(term: str, frequencies: Mapping[str, int]) -> str | None:
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    if len(term) < MIN_LETTERS or any(map(str.isdigit, term)):
        return None
    similarity = JaroWinkler.normalized_similarity
    best = process.extractOne(term, frequencies.keys(), scorer=similarity, score_cutoff=MIN_SIMILARITY)
    return str(best[0]) if best else None


class Synonyms:
    """Groups of phrases with the same meaning, one per line of the file."""

    def __init__(self, groups: Sequence[Sequence[Phrase]]) -> None:
        self._groups: dict[str, list[tuple[Phrase, list[str]]]] = {}
        for group in groups:
            for phrase in group:
                synonyms = list(dict.fromkeys(term for synonym in group if synonym != phrase for term in synonym))
                self._groups.setdefault(phrase[0], []).append((phrase, synonyms))

    def expand(self, terms: Sequence[str]) -> list[str]:
        """Return the distinct terms to add to those of a question: for each phrase whose terms are all in the question,
        in any order, the terms of its synonyms."""
        added: list[str] = []
        for first in dict.fromkeys(terms):
            for phrase, synonyms in self._groups.get(first, ()):
                if set(phrase) <= set(terms):
                    added += synonyms
        return [term for term in dict.fromkeys(added) if term not in terms]


def load_synonyms(path: Path, language: str) -> Synonyms:
    """Read a file of synonyms for questions in a language. Raises InputError for a file that cannot be read, and for a
    line with fewer than two phrases or with a phrase of stop words."""
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except OSError as error:
        hint = "set index.synonyms to the path of a text file"
        raise InputError(f"{path}: cannot be read ({error.strerror}); {hint}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    return Synonyms([group for number, line in enumerate(lines, 1) for group in _group(line, language, path, number)])


def _group(line: str, language: str, path: Path, number: int) -> Iterator[list[Phrase]]:
    """Yield the phrases of a line as one group; nothing for an empty line."""
    written = [phrase.strip() for phrase in line.partition("#")[0].split(",") if phrase.strip()]
    if not written:
        return
    phrases = [tuple(search_terms(phrase, language)) for phrase in written]
    if () in phrases:
        empty = written[phrases.index(())]
        hint = "which are not searched for; use another phrase"
        raise InputError(f"{path}:{number}: {empty!r} has only stop words, {hint}")
    distinct = list(dict.fromkeys(phrases))
    if len(distinct) < 2:
        hint = "put synonyms on one line, separated by commas"
        raise InputError(f"{path}:{number}: {line.strip()[:60]!r} is a single phrase to the search; {hint}")
    yield distinct
