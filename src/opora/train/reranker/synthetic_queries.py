"""Questions that are made from the passages of a corpus, with the passages that answer them.

In: passages. Out: what to search for: a sentence of a passage in fewer words, or the heading of a section, whose
passages then have to be found by their text.

    made = make_questions(passages, count=3000, seed=0)
    made[0].text, made[0].sentence          # 'плата хранение багажа', 'Плата за хранение багажа не берётся.'
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from opora.records import Passage
from opora.text.sentences import sentences
from opora.text.search_terms import search_terms
from opora.text.words import words

FEWEST_TERMS = 4
"""A sentence with fewer is no question, a passage with fewer beside it cannot be found."""
MOST_TYPED = 6
"""Words of a question as one types it into a search."""
MOST_ASKED = 14
"""Words of the part of a sentence that a question is made of."""
KEPT = 0.7
"""Share of these that it keeps."""


class Made(NamedTuple):
    """A question that a passage answers. `sentence`: what it was made of; empty where it was made of the headings,
    which are then to be taken from all passages."""

    text: str
    document_id: str
    passage_id: str
    heading: tuple[str, ...]
    sentence: str = ""


def make_questions(passages: Iterable[Passage], count: int, seed: int) -> list[Made]:
    """At most `count` questions, one of a passage, of passages drawn by a hash, in the order of that hash. A third of
    those below headings asks for the heading."""
    drawn = heapq.nsmallest(2 * count, ((_digest(each, seed), each) for each in passages), key=lambda pair: pair[0])
    found = (_make(passage, random.Random(digest)) for digest, passage in drawn)
    return list(itertools.islice((made for made in found if made), count))


def _make(passage: Passage, rng: random.Random) -> Made | None:
    """None where the passage gives no question."""
    language = str(passage.metadata["language"])
    about = (passage.document_id, passage.id, passage.heading)
    if passage.heading and rng.random() < 1 / 3:
        text = _of_heading(passage.heading, language)
        return Made(text, *about) if text else None
    known = list(_sentences(passage, language))
    if not known:
        return None
    sentence = rng.choice(known)
    typed = rng.random() < 1 / 2
    text = _content_words(sentence, language, rng) if typed else _some_words(sentence, rng)
    return Made(text, *about, sentence) if len(search_terms(text, language)) >= FEWEST_TERMS - 1 else None


def _of_heading(heading: tuple[str, ...], language: str) -> str:
    """The last headings that together hold two terms."""
    for start in reversed(range(len(heading))):
        text = ". ".join(heading[start:])
        if len(set(search_terms(text, language))) >= 2:
            return text
    return ""


def _sentences(passage: Passage, language: str) -> Iterator[str]:
    """Those that say something, in a passage that says something beside them."""
    whole = len(search_terms(passage.text, language))
    for start, end in sentences(passage.text, language):
        sentence = passage.text[start:end]
        held = len(search_terms(sentence, language))
        if held >= FEWEST_TERMS and whole - held >= FEWEST_TERMS and not sentence.startswith(("|", "#")):
            yield sentence


def _content_words(sentence: str, language: str, rng: random.Random) -> str:
    """As one types into a search: without the words that say nothing."""
    told = [word.text for word in words(sentence) if search_terms(word.text, language)]
    return " ".join(_some(told, MOST_TYPED, rng))


def _some_words(sentence: str, rng: random.Random) -> str:
    """As one asks: a part of the sentence, of which some words are left out."""
    found = [word.text for word in words(sentence)]
    start = rng.randrange(max(1, len(found) - MOST_ASKED + 1))
    part = found[start : start + MOST_ASKED]
    return " ".join(_some(part, max(1, round(KEPT * len(part))), rng)) + "?"


def _some(found: Sequence[str], most: int, rng: random.Random) -> list[str]:
    """At most so many, drawn, in their order."""
    kept = sorted(rng.sample(range(len(found)), min(most, len(found))))
    return [found[place] for place in kept]


def _digest(passage: Passage, seed: int) -> str:
    return hashlib.sha256(f"{seed} {passage.id}".encode()).hexdigest()
