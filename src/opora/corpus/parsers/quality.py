"""Figures on the text of a document, and the suspicions that they raise.

The thresholds lie between good documents, which have next to none of these faults, and text layers that lie.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from opora.corpus.blocks import INVISIBLE
from opora.corpus.parsers.base import Suspicion

MIN_COVERAGE = 0.85
"""Minimum share of the source's letters and digits that a document keeps."""
MIN_COVERAGE_OF = {"html": 0.0, "mhtml": 0.0}
"""The same for formats whose menus and adverts are left out on purpose; their parser judges its choice itself."""
MIN_SOURCE_CHARS = 200
MIN_CASES, MIN_WORDS = 3, 30
"""Minimum numbers of cases of damage, and of words, that a figure rests on."""
SAMPLE_CHARS, SAMPLES = 10_000, 6
"""Longer texts are judged by pieces."""
_TOKEN = re.compile(r"[^\W_]+")
_INVISIBLE = re.compile(f"[{''.join(map(chr, INVISIBLE))}]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_CID = re.compile(r"\(cid:\d+\)")
_HIGH = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџЎўЈ¤Ґ¦§Ё©Є«¬®Ї°±Ііґµ¶·ё№є»јЅѕї"
_MOJIBAKE = re.compile(
    # UTF-8 read as Windows-1251, as Windows-1252; Windows-1251 read as Windows-1252; any UTF-8 of Latin letters
    rf"(?:[РС][{_HIGH}]){{3,}}|(?:[ÐÑ][^\sA-Za-z0-9]){{3,}}|(?<!\w)[À-ÿ¸¨]{{4,}}(?!\w)|Ã[\xa0-¿€ƒ„†‡ˆŠŒŽšœžŸ]|â€[™œ“”¦]"
)
_MIXED = re.compile(r"[А-Яа-яЁё][A-Za-z]|[A-Za-z][А-Яа-яЁё]")
_DOUBLED = re.compile(r"(?:(\w)\1){3,}", re.IGNORECASE)
_CAPITAL_INSIDE = re.compile(r"[а-яё][А-ЯЁ]")


class _Damage(NamedTuple):
    """Kind of damage: its threshold and a description of it with the figure."""

    threshold: float
    description: str


DAMAGES = {
    "cid": _Damage(0.002, "{:.1%} of the characters have no meaning, only a number: (cid:12)"),
    "replacement": _Damage(0.002, "{:.1%} of the characters could not be decoded"),
    "mojibake": _Damage(0.01, "{:.1%} of the characters look like text in a wrong encoding"),
    "mixed_scripts": _Damage(0.03, "{:.1%} of the words mix Latin and Cyrillic letters"),
    "doubled": _Damage(0.05, "{:.1%} of the words have every letter twice"),
    "inner_capitals": _Damage(0.08, "{:.1%} of the Cyrillic words have capitals inside"),
}


def measure_quality(text: str, source_text: str | None) -> dict[str, float]:
    """Return figures on `text`, by name: shares of the damage found, and `coverage`, the share of `source_text`, all
    text that the source holds, that is in `text`."""
    figures = {name: round(value, 4) for name, value in _measure_damage(_sample(text)).items() if value > 0}
    if source_text is not None and len(source_text) >= MIN_SOURCE_CHARS:
        figures["coverage"] = round(measure_coverage(text, source_text), 4)
    return figures


def measure_coverage(text: str, source_text: str) -> float:
    """Return the share of the letters and digits of `source_text` that are in `text`, as whole words or otherwise
    divided into words, in any order."""
    source = Counter(_TOKEN.findall(_INVISIBLE.sub("", unicodedata.normalize("NFC", source_text)).lower()))
    kept = Counter(_TOKEN.findall(text.lower()))
    total = sum(len(word) * count for word, count in source.items())
    if total == 0:
        return 1.0
    missing, extra = source - kept, kept - source
    missing_letters, extra_letters = _letters(missing), _letters(extra)
    lost = (missing_letters - extra_letters).total()
    return 1.0 - lost / total


def _letters(words: Counter[str]) -> Counter[str]:
    letters: Counter[str] = Counter()
    for word, count in words.items():
        for letter in word:
            letters[letter] += count
    return letters


def _sample(text: str) -> str:
    if len(text) <= SAMPLES * SAMPLE_CHARS:
        return text
    step = len(text) // SAMPLES
    return "\n".join(text[start : start + SAMPLE_CHARS] for start in range(0, step * SAMPLES, step))


def _measure_damage(text: str) -> dict[str, float]:
    if text.isascii():
        numbered = sum(map(len, _CID.findall(text)))
        return {"cid": numbered / len(text)} if numbered else {}
    text_words = _WORD.findall(text)
    cyrillic = [word for word in text_words if "\u0400" <= word[0] <= "\u04ff"]
    long_words = [word for word in text_words if len(word) >= 6]
    damaged_letters = sum(len(match.group()) for match in _MOJIBAKE.finditer(text))
    return {
        "cid": sum(map(len, _CID.findall(text))) / len(text),
        "replacement": text.count("\ufffd") / len(text),
        "mojibake": damaged_letters / len(text) if damaged_letters >= MIN_CASES * 6 else 0.0,
        "mixed_scripts": _share(sum(bool(_MIXED.search(word)) for word in text_words), len(text_words)),
        "doubled": _share(sum(_is_doubled(word) for word in long_words), len(long_words)),
        "inner_capitals": _share(sum(bool(_CAPITAL_INSIDE.search(word)) for word in cyrillic), len(cyrillic)),
    }


def _is_doubled(word: str) -> bool:
    return bool(_DOUBLED.fullmatch(word)) and len(set(word.lower())) > 2


def _share(count: int, total: int) -> float:
    return count / total if total >= MIN_WORDS and count >= MIN_CASES else 0.0


def find_suspicions(quality: Mapping[str, float], format_name: str) -> list[Suspicion]:
    """Return the reasons to distrust a document with these figures."""
    suspicions = []
    coverage = quality.get("coverage", 1.0)
    if coverage < MIN_COVERAGE_OF.get(format_name, MIN_COVERAGE):
        detail = f"{coverage:.0%} of the text of the file is kept"
        suspicions.append(Suspicion(reason="text lost", value=coverage, detail=detail))
    for name, damage in DAMAGES.items():
        value = quality.get(name, 0.0)
        if value >= damage.threshold:
            suspicions.append(
                Suspicion(reason="damaged characters", value=value, detail=damage.description.format(value))
            )
    return suspicions
