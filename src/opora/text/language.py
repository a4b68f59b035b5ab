"""Detection of the language of texts, as an ISO 639-1 code.

detect_language("срок хранения", among={"ru", "en"})              # 'ru'
detect_language("Как настроить git rebase?", among={"ru", "en"})  # 'ru'
detect_languages(["Срок хранения: пять дней.", "Машина, л"])      # ['ru', 'ru']: the short text follows the other

py3langid adds up the evidence of the words, and takes small differences between kindred languages for large ones. So a
rarer language has to be likelier by a margin that grows with the length of the text.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from opora.text.language_pack import CYRILLIC, DEFAULT_LANGUAGE, SNOWBALL, language_pack
from opora.text.resources import languages
from opora.text.words import word_texts

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NO_LANGUAGE = "zxx"
"""Code that py3langid gives to codes and numbers."""
MAX_SAMPLE_CHARS = 4000
"""A language shows in fewer characters; the time of py3langid grows with the length."""
CYRILLIC_SHARE = 0.4
"""Minimum share of Cyrillic words: Russian sentences have many foreign names and commands, others few Russian ones."""
OFTEN_WRITTEN = frozenset(
    (*SNOWBALL, *CYRILLIC, "cs", "sk", "uk", "hr", "lv", "he", "fa", "zh", "ja", "ko", "vi", "th")
)
"""Languages besides those with a folder that documents are often in."""
CHOSEN_MARGIN, OFTEN_MARGIN, RARE_MARGIN = (5.0, 0.5), (10.0, 1.0), (25.0, 3.0)
"""Minimum logarithms of likelihood ratios (once, a word) for a language that was named by the user, is often written,
or is rare, against a language with a folder. Right guesses have 4 to 8 a word, wrong ones 1 to 2."""
MIN_SHARE = 0.1
"""Minimum share of the words of a corpus, or of a folder, that are in a language which its other documents take."""
MIN_FOLDER_WORDS, MAX_DOCUMENT_WORDS = 100, 200
MIN_LOWER_WORDS = 8
"""With fewer words that begin with a small letter, those with a capital count, too."""
SHORT_WORDS = 12
"""Shorter texts are in a language of the corpus."""


class Evidence(NamedTuple):
    """Log likelihoods of languages for a text, and the number of words that they rest on."""

    scores: Mapping[str, float]
    words: int


def detect_language(text: str, among: Collection[str] = ()) -> str:
    """Return the likeliest language of `text`, one of `among` unless that is empty. Without letters in `text`: the
    first of `among`, or English."""
    return _detect(_weigh(text, among), among)


def detect_languages(texts: Iterable[str], folders: Iterable[str] = (), among: Collection[str] = ()) -> list[str]:
    """Return the languages of the texts of one corpus, each one of `among` unless that is empty.

    Short texts, tables and close calls take a language that prevails in their folder or in the corpus.
    """
    evidence = [_weigh(text, among) for text in texts]
    places = [*folders] or [*repeat("", len(evidence))]
    first = [_detect(weighed, among) for weighed in evidence]
    corpus = Counter[str]()
    by_folder: dict[str, Counter[str]] = {}
    min_words = SHORT_WORDS if any(weighed.words > SHORT_WORDS for weighed in evidence) else 0
    for language, weighed, folder in zip(first, evidence, places, strict=True):
        if weighed.words > min_words:
            for counter in (corpus, by_folder.setdefault(folder, Counter())):
                counter[language] += min(MAX_DOCUMENT_WORDS, weighed.words)
    detected = []
    for language, weighed, folder in zip(first, evidence, places, strict=True):
        counts = by_folder.get(folder, Counter())
        usual = _prevailing(counts if counts.total() >= MIN_FOLDER_WORDS else corpus)
        detected.append(_fit(language, weighed, usual, _prevailing(corpus)))
    return detected


def uses_cyrillic(language: str) -> bool:
    """Return true if a language is written in Cyrillic."""
    return language_pack(language).script == "cyrillic"


def _weigh(text: str, among: Collection[str]) -> Evidence:
    """Return the evidence for each language of the script of `text`; without scores if there is nothing to weigh."""
    text_words = [word for word in word_texts(text[:MAX_SAMPLE_CHARS]) if word[0].isalpha()]
    if not text_words:
        return Evidence({}, 0)
    cyrillic = _is_cyrillic(text_words)
    in_script = [word for word in text_words if _starts_cyrillic(word) == cyrillic]
    # names mislead the model, and so do words in capitals
    lower = in_script[:1] + [word for word in in_script[1:] if word[0].islower()]
    in_script = (
        lower if len(lower) >= MIN_LOWER_WORDS else [word.lower() if word.isupper() else word for word in in_script]
    )
    candidates = [code for code in among if uses_cyrillic(code) == cyrillic] or [*among]
    if len(candidates) == 1:
        return Evidence({candidates[0]: 0.0}, len(in_script))
    ranking = {str(code): float(score) for code, score in _identifier().rank(" ".join(in_script))}
    if candidates:
        lowest = min(ranking.values(), default=0.0) - 1.0
        return Evidence({code: ranking.get(code, lowest) for code in candidates}, len(in_script))
    possible = {code: score for code, score in ranking.items() if uses_cyrillic(code) == cyrillic}
    possible.pop(NO_LANGUAGE, None)
    return Evidence(possible, len(in_script))


def _detect(evidence: Evidence, among: Collection[str]) -> str:
    if not evidence.scores:
        return min(among, default=DEFAULT_LANGUAGE)
    usual = [code for code in languages() if code in evidence.scores]
    if among:
        return _challenge(evidence, usual, evidence.scores, CHOSEN_MARGIN)
    best = _challenge(evidence, usual, OFTEN_WRITTEN & evidence.scores.keys(), OFTEN_MARGIN)
    return _challenge(evidence, [best], evidence.scores, RARE_MARGIN)


def _challenge(evidence: Evidence, usual: Collection[str], rivals: Collection[str], margin: tuple[float, float]) -> str:
    """Return the likeliest of the usual languages, or of the rivals if it is likelier by the margin."""
    scores = evidence.scores
    champion = max(usual, key=scores.__getitem__, default="")
    rival = max(rivals, key=scores.__getitem__, default=champion)
    if not champion:
        return rival
    return rival if scores[rival] - scores[champion] >= margin[0] + margin[1] * evidence.words else champion


def _prevailing(counts: Counter[str]) -> list[str]:
    return [code for code, count in counts.most_common() if count >= MIN_SHARE * counts.total()]


def _fit(language: str, evidence: Evidence, usual: Sequence[str], corpus: Sequence[str]) -> str:
    """Return the language of a document, or a usual one that is nearly as likely."""
    if not corpus:
        return language
    if not evidence.scores:
        return (usual or corpus)[0]
    possible = [code for code in usual if code in evidence.scores] or [
        code for code in corpus if code in evidence.scores
    ]
    if not possible:
        return language
    if evidence.words <= SHORT_WORDS:
        return max(possible, key=evidence.scores.__getitem__)
    margin = CHOSEN_MARGIN if language in languages() or language in corpus else RARE_MARGIN
    return _challenge(evidence, possible, [language], margin)


def _is_cyrillic(text_words: list[str]) -> bool:
    # words with a capital, except for the first, are names or codes
    telling = text_words[:1] + [word for word in text_words[1:] if word[0].islower()]
    return sum(map(_starts_cyrillic, telling)) >= CYRILLIC_SHARE * len(telling)


def _starts_cyrillic(word: str) -> bool:
    return "\u0400" <= word[0] <= "\u04ff"


@functools.cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
