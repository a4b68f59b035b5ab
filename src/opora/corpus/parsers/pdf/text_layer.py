"""Detection of text layers that lie: pages that look right on the screen, but whose letters are stored as others.

Fonts without a table of their letters, old encodings and bad OCR leave such text. It is told from codes, names and
other languages by positive signs only: letter pairs that no language has, capitals inside words, characters that are
no text. Measured on real pages: known words .90-.99 (bad .00-.17), common letter pairs .94-1.0 (bad .03-.72).

    judge_text("M]heh\\guc dh^_dk Jhkkbckdhc N_^_jZpbb ...")   # '1 % of its Latin words are known ...'
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from opora.text.terms import russian_analyzer
from opora.text.words import fold

MAX_SAMPLE_CHARS = 3000
"""A lie shows in fewer characters."""
MIN_WORDS = 10
"""Minimum number of different words by which a text is judged."""
MIN_LETTERS = 20
MAX_BROKEN = 0.15
"""Maximum share of characters that are no text: control characters, private use, U+FFFD."""
MAX_CONTROLS = 0.05
"""Maximum share of control characters: numbers of glyphs shown as characters."""
MAX_PHONETIC = 0.3
"""Maximum share of letters between U+0250 and U+02AF: the numbers of Cyrillic glyphs in common fonts."""
MAX_WESTERN = 0.4
"""Maximum share of letters between À and ÿ: above it they are bytes of another encoding."""
MIN_KNOWN = {"Cyrillic": 0.5, "Latin": 0.1}
"""Minimum share of known words. Of Latin scripts only the most frequent words are known: .14-.5 of a usual text."""
MIN_COMMON_PAIRS = 0.8
"""Minimum share of letter pairs that are common in words."""
MAX_ODD_CAPITALS = 0.15
"""Maximum share of words with a capital inside that starts no new word, as in `npeAbABlleHHble` (.23-.39 where Russian
was read as English). Names of programs such as `dateTime` are not odd."""
MIN_SCRIPT_SHARE, MAIN_SCRIPT_SHARE = 0.4, 0.7
"""Words of a script are judged where they are at least this share of all; their capitals at the second share."""

DASH_MARK = "\ufffe"
"""Hyphen at the end of a line, as pdfium marks it."""
_CID = re.compile(r"\(cid:\d+\)")
_WORDS = {
    "Cyrillic": re.compile(r"(?<![\w])[\u0400-\u04ff]{3,}(?![\w])"),
    "Latin": re.compile(r"(?<![\w])[A-Za-z\u00c0-\u024f]{3,}(?![\w])"),
}
_ODD_CAPITAL = re.compile(r"[a-zа-яё][A-ZА-ЯЁ](?![a-zа-яё])|\b[a-zа-яё][A-ZА-ЯЁ]")
_BROKEN_CATEGORIES = frozenset(("Cc", "Co", "Cn", "Cs"))
_WORD_LISTS = {
    "Cyrillic": ("Russian", "Ukrainian", "Belarusian", "Bulgarian", "Serbian", "Macedonian", "Kazakh", "Kyrgyz"),
    "Latin": (
        "English", "German", "French", "Spanish", "Italian", "Portuguese", "Dutch", "Polish", "Czech", "Slovak",
        "Croatian", "Slovenian", "Romanian", "Hungarian", "Swedish", "Danish", "Norwegian_Bokmal", "Finnish",
        "Estonian", "Latvian", "Lithuanian", "Turkish", "Latin", "Indonesian", "Vietnamese",
    ),
}  # fmt: skip
"""Script -> lists of frequent words in jusText."""
_PAIR_LISTS = {"Cyrillic": ("Russian", "Ukrainian", "Bulgarian"), "Latin": _WORD_LISTS["Latin"][:6]}
"""Lists that letter pairs are taken from; the other languages have few pairs besides."""
_MIN_PAIR_COUNT = 2


class ScriptFigures(NamedTuple):
    """Figures on the words of one script in a text."""

    script: str
    share: float  # of the words of the text
    known: float
    common_pairs: float = 1.0  # not measured where enough words are known
    odd_capitals: float = 0.0


def judge_text(text: str) -> str:
    """Return the reason not to trust the letters of `text`; empty if there is none."""
    text = _CID.sub("\ufffd", text[:MAX_SAMPLE_CHARS].replace(DASH_MARK, "-"))
    characters = [char for char in text if not char.isspace()]
    broken = sum(_is_broken(char) for char in characters)
    controls = sum(char < " " for char in characters)
    if broken >= MIN_WORDS and (broken > MAX_BROKEN * len(characters) or controls > MAX_CONTROLS * len(characters)):
        return f"{broken / len(characters):.0%} of its characters are no text"
    letters = [char for char in characters if char.isalpha()]
    phonetic = sum("\u0250" <= char <= "\u02af" for char in letters)
    if phonetic >= MIN_LETTERS and phonetic > MAX_PHONETIC * len(letters):
        return f"{phonetic / len(letters):.0%} of its letters are phonetic signs: numbers of glyphs"
    western = sum("\u00c0" <= char <= "\u00ff" for char in letters)
    if western >= MIN_LETTERS and western > MAX_WESTERN * len(letters):
        return f"{western / len(letters):.0%} of its letters are accented: bytes of another encoding"
    return next(filter(None, map(_judge_script, measure_scripts(text))), "")


def measure_scripts(text: str) -> list[ScriptFigures]:
    """Return figures on the words of each script that is used often enough to judge the text by it."""
    words = {script: set(pattern.findall(text)) for script, pattern in _WORDS.items()}
    total = sum(map(len, words.values()))
    # abbreviations and part numbers are in capitals
    words["Latin"] = {word for word in words["Latin"] if not word.isupper()}
    return [
        _measure(script, script_words, len(script_words) / total)
        for script, script_words in words.items()
        if len(script_words) >= max(MIN_WORDS, MIN_SCRIPT_SHARE * total)
    ]


def _judge_script(figures: ScriptFigures) -> str:
    if figures.known >= MIN_KNOWN[figures.script]:
        return ""
    known = f"{figures.known:.0%} of its {figures.script} words are known"
    if figures.common_pairs < MIN_COMMON_PAIRS:
        return f"{known}, and its letters follow each other as in no language"
    if figures.share >= MAIN_SCRIPT_SHARE and figures.odd_capitals > MAX_ODD_CAPITALS:
        return f"{known}, {figures.odd_capitals:.0%} have capitals inside"
    return ""


def _measure(script: str, words: Collection[str], share: float) -> ScriptFigures:
    folded = [fold(word) for word in words]
    known = known_share(script, folded, MIN_KNOWN[script])
    if known >= MIN_KNOWN[script]:
        return ScriptFigures(script, share, known)
    pairs = [pair for word in folded for pair in _pairs(word)]
    return ScriptFigures(
        script,
        share,
        known,
        common_pairs=sum(map(_common_pairs(script).__contains__, pairs)) / len(pairs),
        odd_capitals=sum(bool(_ODD_CAPITAL.search(word)) for word in words) / len(words),
    )


def known_share(script: str, words: Collection[str], enough: float) -> float:
    """Return the share of folded words that a language knows: the first that knows enough, or that knows most."""
    if script == "Cyrillic":
        best = sum(map(_russian_words(), words)) / len(words)
        if best >= enough:
            return best
    else:
        best = 0.0
    for frequent in frequent_words(script):
        best = max(best, sum(map(frequent.__contains__, words)) / len(words))
        if best >= enough:
            break
    return best


def _is_broken(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in _BROKEN_CATEGORIES


def _pairs(word: str) -> Iterable[str]:
    bounded = f" {word} "
    return (bounded[at : at + 2] for at in range(len(bounded) - 1))


@functools.cache
def _russian_words() -> Callable[[str], bool]:
    is_known: Callable[[str], bool] = russian_analyzer().word_is_known
    return is_known


@functools.cache
def frequent_words(script: str) -> tuple[frozenset[str], ...]:
    """Return the frequent words of the languages of a script, folded: those of Russian or English first."""
    import justext

    return tuple(frozenset(map(fold, justext.get_stoplist(language))) for language in _WORD_LISTS[script])


@functools.cache
def _common_pairs(script: str) -> frozenset[str]:
    """Return the pairs of letters, and of a letter and a border, that words of the script often have."""
    import justext

    words = {fold(word) for language in _PAIR_LISTS[script] for word in justext.get_stoplist(language)}
    counts = Counter(pair for word in words for pair in _pairs(word))
    return frozenset(pair for pair, count in counts.items() if count >= _MIN_PAIR_COUNT)
