"""Names of places in documents, and of headings told by their form, read from `languages/CODE/places.yaml`.

place_number("12¹")                 # '12.1'
place_number("II")                  # '2'
place_number("первая")              # '1'
place_names().kinds["глава"]        # 'chapter'
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

import yaml

from opora.text.entities.numerals import ARABIC
from opora.text.resources import language_text, languages
from opora.text.words import fold
from opora.validation import Record, parse_record

FILE = "places.yaml"
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED = re.compile(r"\s?([⁰¹²³⁴⁵⁶⁷⁸⁹]+)|[(<\[](\d+)[)>\]]|-(\d+)")
_LOOKALIKES = str.maketrans("авекмнорстухі", "abekmhopctyxi")


class PlaceFile(Record):
    """File of one language; see `PlaceNames`."""

    heading_words: dict[str, tuple[str, ...]]
    other_words: dict[str, tuple[str, ...]]
    captions: dict[str, tuple[str, ...]]
    inner_abbreviations: tuple[str, ...]
    labels: dict[str, str]
    ordinals: tuple[str, ...]
    headings: tuple[str, ...]
    contents: tuple[str, ...]
    rulings: tuple[str, ...]
    acts: tuple[str, ...]
    codes: tuple[str, ...]
    approvals: tuple[str, ...]
    subject_starts: tuple[str, ...]
    date_starts: tuple[str, ...]
    appendix_tails: tuple[str, ...]
    verbs: tuple[str, ...]
    inner_references: dict[str, str]


class PlaceNames(NamedTuple):
    """Names of places and headings in all languages; all words are folded."""

    kinds: dict[str, str]  # word of references.txt -> kind of place, such as `article`
    heading_kinds: dict[str, str]  # word at the beginning of a heading, or `§` -> its kind
    ranks: dict[str, int]  # kind -> its rank among kinds, outermost first
    captions: dict[str, str]  # word at the beginning of a caption -> its kind
    inner_abbreviations: frozenset[str]  # for clauses, and for subclauses beside a clause
    ordinals: dict[str, int]  # stem of an ordinal number -> the number
    headings: frozenset[str]  # headings that are a whole line
    contents: frozenset[str]  # headings of a table of contents
    rulings: frozenset[str]  # last words, before a colon, of lines that divide a judgment
    acts: frozenset[str]  # kinds of documents: beginning of the title
    codes: frozenset[str]  # first words of lines with the code of a document, such as `УДК`
    approvals: frozenset[str]  # first words of the lines that say who approved an attached document
    subject_starts: frozenset[str]  # first words of the subject in a title, such as `О` in `О персональных данных`
    date_starts: frozenset[str]  # first words of the date in a title
    appendix_tails: frozenset[str]  # words after the number of an appendix that continue its heading
    verbs: frozenset[str]  # words that a sentence has and a heading has not
    inner_references: dict[str, str]  # kind of a numbered paragraph of an article -> pattern of a reference to it


@functools.cache
def place_names() -> PlaceNames:
    """Return the names in all languages."""
    files = [_file(code) for code in languages() if language_text(code, FILE)]
    headed = [(word, kind) for file in files for kind, words in file.heading_words.items() for word in words]
    further = [(word, kind) for file in files for kind, words in file.other_words.items() for word in words]
    captions = [(word, kind) for file in files for kind, words in file.captions.items() for word in words]
    return PlaceNames(
        kinds=dict([*further, *headed, ("§", "paragraph")]),
        heading_kinds=dict([*headed, ("§", "paragraph")]),
        ranks=_ranks(files),
        captions=dict(captions),
        inner_abbreviations=_union(file.inner_abbreviations for file in files),
        ordinals={stem: number for file in files for number, stem in enumerate(file.ordinals, 1)},
        headings=_union(file.headings for file in files),
        contents=_union(file.contents for file in files),
        rulings=_union(file.rulings for file in files),
        acts=_union(file.acts for file in files),
        codes=_union(file.codes for file in files),
        approvals=_union(file.approvals for file in files),
        subject_starts=_union(file.subject_starts for file in files),
        date_starts=_union(file.date_starts for file in files),
        appendix_tails=_union(file.appendix_tails for file in files),
        verbs=_union(file.verbs for file in files),
        inner_references={kind: pattern for file in files for kind, pattern in file.inner_references.items()},
    )


@functools.cache
def place_labels(language: str) -> dict[str, str]:
    """Return kind of place -> its label in a citation, such as `п.`; empty for a language without the file."""
    return _file(language).labels if language_text(language, FILE) else {}


def place_number(raw: str) -> str:
    """Return one spelling of the number of a place: `12¹`, `12(1)` and `12-1` are `12.1`, `IV` and `четвёртая` are `4`,
    a letter is lower case and Latin where Latin has the same; empty if it is none."""
    text = raw.strip().rstrip(".:").strip()
    text = text if "(" in text else text.rstrip(")")
    if text[:1].isdigit():
        flat = _RAISED.sub(lambda match: "." + (match[1] or match[2] or match[3]).translate(_SUPERSCRIPTS), text)
        return ".".join(str(int(piece)) if piece.isdecimal() else piece.lower() for piece in flat.split("."))
    folded = fold(text)
    latin = folded.translate(_LOOKALIKES)
    if text.isupper() and latin.upper() in ARABIC:
        return ARABIC[latin.upper()]
    if len(folded) == 1:
        return latin
    if folded[:1] and len(folded) > 1 and len(latin) <= 4 and folded[1:2] in "([" and folded[:1].isalpha():
        return f"{latin[0]}.{latin[2:].rstrip(')]')}"
    return next((str(number) for stem, number in place_names().ordinals.items() if folded.startswith(stem)), "")


def _file(code: str) -> PlaceFile:
    return parse_record(PlaceFile, yaml.safe_load(language_text(code, FILE)), f"languages/{code}/{FILE}")


def _ranks(files: Iterable[PlaceFile]) -> dict[str, int]:
    """Return the ranks of the language with most kinds first, then of kinds that only others have."""
    ranks: dict[str, int] = {}
    for file in sorted(files, key=lambda file: -len(file.heading_words)):
        for kind in file.heading_words:
            ranks.setdefault(kind, len(ranks))
    return ranks


def _union(groups: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(fold(word) for group in groups for word in group)
