"""Answers without a language model: the best supported sentences of the best passages, verbatim.

In: a question and its hits. Out: up to a few sentences with their places, or nothing where support is too weak.

    best_sentences("What is the fee?", hits, index, settings)    # [Supported(passage, start, end, support=0.82)]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from opora.records import Hit, Passage
from opora.text.sentences import sentences
from opora.text.terms.stems import terms
from opora.text.terms.stopwords import stop_terms

SECOND_BEST = 0.8
"""A further sentence is quoted only if its support is at least this share of the best one's."""
TYPO = 0.8
"""Two terms at least this similar (rapidfuzz ratio) count as one word misspelt."""
HEADING_SHARE = 0.5
"""What a term counts that stands in the heading, not in the sentence."""

_TABLE_LINE = re.compile(r"^\s*\|.*\|\s*$")
_TABLE_RULE = re.compile(r"^[\s|:\-]+$")
_MARKUP = re.compile(r"^\s*(?:#{1,6}|[-*+]|\d+[.)])\s+")

Idf = Callable[[str], float]


class Supported(NamedTuple):
    """A sentence `passage.text[start:end]` and its support: the share, 0 to 1, of the question's words by weight
    (inverse document frequency) that it and its headings hold."""

    hit: int
    passage: Passage
    start: int
    end: int
    support: float


def best_sentences(question: str, hits: Sequence[Hit], idf: Idf, language: str) -> list[Supported]:
    """All sentences of `hits`, best supported first; of equal ones that of the better hit."""
    stops = stop_terms(language)
    weights = {term: idf(term) for term in dict.fromkeys(terms(question, language)) if term not in stops}
    total = sum(weights.values())
    if not total:
        return []
    found = []
    for number, hit in enumerate(hits):
        passage = hit.passage
        around = set(terms(" ".join([str(passage.metadata.get("title", "")), *passage.heading]), language))
        for start, end in spans(passage, language):
            around_row = around | set(terms(_columns(passage, start), language))
            held = _held(weights, set(terms(passage.text[start:end], language)), around_row)
            found.append(Supported(number, passage, start, end, held / total))
    return sorted(found, key=lambda each: (-each.support, each.hit, each.start))


def spans(passage: Passage, language: str) -> list[tuple[int, int]]:
    """Spans of the sentences and of the table rows of a passage; headings and table rules are none."""
    found: list[tuple[int, int]] = []
    offset = 0
    in_table = bool(passage.header)
    for line in passage.text.splitlines(keepends=True):
        start, end = offset, offset + len(line.rstrip())
        offset += len(line)
        text = passage.text[start:end]
        if _TABLE_LINE.match(text):
            # the first row of a table is its header, and no answer
            if in_table and not _TABLE_RULE.match(text):
                found.append((start, end))
            in_table = True
            continue
        in_table = False
        if not text or text.startswith("#"):
            continue
        if mark := _MARKUP.match(text):
            start += mark.end()
        found += [(start + a, start + b) for a, b in sentences(passage.text[start:end], language)]
    return found


def choose(found: Sequence[Supported], max_sentences: int) -> list[Supported]:
    """The best sentence, and others that are nearly as well supported and say something else."""
    chosen: list[Supported] = []
    for each in found:
        if len(chosen) == max_sentences or each.support < SECOND_BEST * found[0].support:
            break
        text = each.passage.text[each.start : each.end]
        if all(text != one.passage.text[one.start : one.end] for one in chosen):
            chosen.append(each)
    return chosen


def _held(weights: dict[str, float], sentence: set[str], around: set[str]) -> float:
    """Weight of the question's terms that a sentence holds, misspelt ones by their similarity."""
    held = 0.0
    for term, weight in weights.items():
        if term in sentence:
            held += weight
        else:
            held += weight * max(_similar(term, sentence), HEADING_SHARE * (term in around))
    return held


def _similar(term: str, others: set[str]) -> float:
    from rapidfuzz import fuzz, process

    if len(term) < 4 or any(map(str.isdigit, term)):
        return 0.0
    match = process.extractOne(term, others, scorer=fuzz.ratio, score_cutoff=100 * TYPO)
    return match[1] / 100 if match else 0.0


def _columns(passage: Passage, at: int) -> str:
    """The header of the table that a row at offset `at` belongs to; empty outside tables."""
    if not passage.text.startswith("|", at):
        return ""
    lines = passage.text[:at].splitlines()
    header = passage.header
    for above, line in zip(["", *lines], lines, strict=False):
        if _TABLE_LINE.match(line) and not _TABLE_LINE.match(above):
            header = line
    return header
