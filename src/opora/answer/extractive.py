"""Extractive answers: the best supported sentences of the passages, verbatim, without a language model.

best_sentences("What is the fee?", hits, index.idf, "en")    # [SupportedSentence(0, passage, 10, 42, support=0.82)]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import NamedTuple

from opora.answer.continued import list_end, whole_lines
from opora.corpus.sections.passage_places import lies_in
from opora.records import Hit, Passage
from opora.retrieval.rerankers.lambdamart.question_types import question_type
from opora.retrieval.search.definitions import asked_word, defines
from opora.retrieval.search.places import parse_places, place_words
from opora.text.lexicon import lexicon
from opora.text.sentences import sentences
from opora.text.terms import stop_terms, terms
from opora.text.words import word_texts

SECOND_BEST = 0.8
"""Further sentences need at least this share of the support of the best one."""
TYPO_SIMILARITY = 0.8
"""Minimum similarity (rapidfuzz ratio, 0 to 1) of a term and a misspelt form of it."""
MIN_TYPO_LENGTH = 4
HEADING_WEIGHT = 0.5
"""Weight of a term that is in the heading but not in the sentence."""
BESIDE_DEFINITION = 0.75
"""Factor for other sentences where one defines the word that is asked for: it is the whole answer."""
MIN_WEIGHT = 0.25
"""Minimum weight of a term, relative to the heaviest one. In a few passages, terms that none holds weigh all."""

_TABLE_LINE = re.compile(r"^\s*\|.*\|\s*$")
_TABLE_BELOW = re.compile(r"\s*\n\|")
_ENTRY = re.compile(r"^\s*\|[^|\d]+\|[^|\d]*\d[^|]*\|\s*$")
_LABELS = re.compile(r"^\s*\|\s*\|[^\d|]*[^\W\d][^\d|]*(?:\|[^\d|]*)+\|\s*$")
"""A further row of a header, over rows that begin with a name: `|  | Plan | Fact |`."""
_TABLE_RULE = re.compile(r"^[\s|:\-]+$")
_YEAR_OR_DATE = re.compile(r"\b(?:1[0-9]|20)\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2}")
_SENTENCE_END = re.compile(r"[.!?…:;][»”\")\]\s]*$")
_MARKUP = re.compile(r"^\s*(?:#{1,6}|[-*+]|\d+[.)])\s+")

Idf = Callable[[str], float]


class SupportedSentence(NamedTuple):
    """The sentence `passage.text[start:end]` of hit number `hit`, from 0, and its support."""

    hit: int
    passage: Passage
    start: int
    end: int
    support: float
    """Share, 0 to 1, of the question's terms in the sentence and its headings, weighted by their idf."""


def best_sentences(question: str, hits: Sequence[Hit], idf: Idf, language: str) -> list[SupportedSentence]:
    """Return all sentences of `hits`, best supported first; equal ones in the order of their hits."""
    weights = _term_weights(question, idf, language)
    total = sum(weights.values())
    if not total:
        return []
    places = parse_places(question, language)
    named = set(terms(place_words(question, language), language)) if places else set()
    asked = asked_word(question, language)
    sentence_terms = _read_sentences(hits, language)
    labels = _find_labels(sentence_terms, weights.keys(), language)
    ranked, definitions = [], []
    for sentence, own in sentence_terms:
        passage, start, end = sentence.passage, sentence.start, sentence.end
        above = labels.get(passage.document_id, set())
        if _is_bare_line(passage.text, start, end) and (own <= above or _TABLE_BELOW.match(passage.text, end)):
            continue
        headings = set(terms(" ".join([str(passage.metadata.get("title", "")), *passage.heading]), language))
        if asked and defines(passage.text[start:end], asked, language, headings):
            definitions.append(sentence._replace(support=1.0))
            continue
        if places and all(lies_in(passage, start, place) for place in places):
            # the question asks for this place, whose text holds neither its number nor the title
            own = own | named | headings
        context = headings | above | set(terms(_table_header(passage, start), language))
        ranked.append(sentence._replace(support=_matched_weight(weights, own, context) / total))
    factor = BESIDE_DEFINITION if definitions else 1.0
    ranked = [*definitions, *(sentence._replace(support=factor * sentence.support) for sentence in ranked)]
    ranked.sort(key=lambda sentence: (-sentence.support, sentence.hit, sentence.start))
    return _dated_first(ranked, language) if question_type(question) == "when" else ranked


def _term_weights(question: str, idf: Idf, language: str) -> dict[str, float]:
    """Return the weight of each term of a question that is no stop word."""
    stops = stop_terms(language)
    weights = {term: idf(term) for term in dict.fromkeys(terms(question, language)) if term not in stops}
    least = MIN_WEIGHT * max(weights.values(), default=0.0)
    return {term: max(least, weight) for term, weight in weights.items()}


def _read_sentences(hits: Sequence[Hit], language: str) -> list[tuple[SupportedSentence, set[str]]]:
    """Return the sentences of all hits, without support, and their terms."""
    return [
        (SupportedSentence(number, hit.passage, start, end, 0.0), set(terms(hit.passage.text[start:end], language)))
        for number, hit in enumerate(hits)
        for start, end in sentence_spans(hit.passage, language)
    ]


def _find_labels(
    sentence_terms: Sequence[tuple[SupportedSentence, set[str]]], asked: Set[str], language: str
) -> dict[str, set[str]]:
    """Return document id -> terms of its lines that only repeat words of the question: they are context."""
    labels: dict[str, set[str]] = {}
    stops = stop_terms(language)
    for sentence, own in sentence_terms:
        passage = sentence.passage
        if own - stops and own - stops <= asked and _is_bare_line(passage.text, sentence.start, sentence.end):
            labels.setdefault(passage.document_id, set()).update(own)
    return labels


def _is_bare_line(text: str, start: int, end: int) -> bool:
    """Return true for a whole line without markup and without an end of a sentence, such as the number of a case: a
    question that holds its words is not answered by it."""
    is_whole = text[:start].endswith(("", "\n")[start > 0]) and text[end : end + 1] in ("", "\n")
    return is_whole and not text.startswith("|", start) and not _SENTENCE_END.search(text[start:end])


def _dated_first(ranked: Sequence[SupportedSentence], language: str) -> list[SupportedSentence]:
    """Return the sentences with those first that hold a date and are nearly as well supported as the best one."""
    months = lexicon(language).months

    def is_dated(sentence: SupportedSentence) -> bool:
        text = sentence.passage.text[sentence.start : sentence.end]
        return bool(_YEAR_OR_DATE.search(text)) or any(word.lower() in months for word in word_texts(text))

    near = [row for row in ranked if row.support >= SECOND_BEST * ranked[0].support]
    dated = [row for row in near if is_dated(row)]
    return [*dated, *(row for row in ranked if row not in dated)]


def sentence_spans(passage: Passage, language: str) -> list[tuple[int, int]]:
    """Return the spans of sentences and table rows in a passage, without headings, table headers and rules."""
    spans: list[tuple[int, int]] = []
    offset, in_table, was_rule = 0, bool(passage.table_header), False
    lines = [line for line in passage.text.splitlines() if line.strip()]
    # a passage of headings without text, such as articles that are repealed
    has_headings_only = len(lines) > 1 and all(line.startswith("#") for line in lines[1:])
    for line in whole_lines(passage.text):
        start, text = offset, line.rstrip()
        offset += len(line)
        was_in_table, in_table = in_table, bool(_TABLE_LINE.match(text))
        is_below_rule, was_rule = was_rule, bool(_TABLE_RULE.match(text))
        if in_table:
            # the first row of a table is its header, not an answer, unless it is an entry such as `Founded | 1961`
            if (was_in_table or _ENTRY.match(text)) and not (
                _TABLE_RULE.match(text) or (is_below_rule and _LABELS.match(text))
            ):
                spans.append((start, start + len(text)))
        elif text and (has_headings_only or not text.startswith("#")):
            markup = _MARKUP.match(text)
            indent = markup.end() if markup else 0
            spans += [(start + indent + a, start + indent + b) for a, b in sentences(text[indent:], language)]
    return spans


def select_sentences(ranked: Sequence[SupportedSentence], max_sentences: int) -> list[SupportedSentence]:
    """Return the best sentence, and further ones with nearly the same support and a different text."""
    selected: dict[str, SupportedSentence] = {}
    for sentence in ranked:
        if len(selected) == max_sentences or sentence.support < SECOND_BEST * ranked[0].support:
            break
        if not any(_holds(longer, sentence) for longer in selected.values()):
            selected.setdefault(sentence.passage.text[sentence.start : sentence.end], _with_list(sentence))
    return list(selected.values())


def _with_list(sentence: SupportedSentence) -> SupportedSentence:
    return sentence._replace(end=list_end(sentence.passage.text, sentence.start, sentence.end))


def _holds(longer: SupportedSentence, sentence: SupportedSentence) -> bool:
    return longer.passage.id == sentence.passage.id and longer.start < sentence.end and sentence.start < longer.end


def _matched_weight(weights: Mapping[str, float], sentence: set[str], context: set[str]) -> float:
    """Return the total weight of the question's terms in a sentence; typos count by similarity."""
    total = 0.0
    for term, weight in weights.items():
        in_context = term in context or _typo_similarity(term, context)
        share = 1.0 if term in sentence else max(_typo_similarity(term, sentence), HEADING_WEIGHT * in_context)
        total += weight * share
    return total


def _typo_similarity(term: str, candidates: set[str]) -> float:
    """Return the similarity of the most similar candidate, or 0 if none is similar enough; numbers must be exact."""
    from rapidfuzz import fuzz, process

    if len(term) < MIN_TYPO_LENGTH or any(map(str.isdigit, term)):
        return 0.0
    # the first letter is rarely mistyped, and `говорит` is no `договор`
    alike = [candidate for candidate in candidates if candidate[0] == term[0]]
    match = process.extractOne(term, alike, scorer=fuzz.ratio, score_cutoff=100 * TYPO_SIMILARITY)
    return match[1] / 100 if match else 0.0


def _table_header(passage: Passage, row_start: int) -> str:
    """Return the header of the table with the row at `row_start`, and the line above the table if it is no sentence;
    empty outside tables."""
    if not passage.text.startswith("|", row_start):
        return ""
    lines = passage.text[:row_start].splitlines()
    header = passage.table_header
    caption = above = ""
    for line in lines:
        if _TABLE_LINE.match(line):
            if not _TABLE_LINE.match(above):
                header = f"{caption} {line}"
            elif _TABLE_RULE.match(above) and _LABELS.match(line):
                header += f" {line}"
        elif line.strip():
            caption = "" if _SENTENCE_END.search(line) else line
        above = line
    return header
