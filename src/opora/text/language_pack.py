"""Facts of each language, read from `languages/CODE/language.yaml`.

A new language is one folder: `language.yaml` and, next to it, prompts, word lists and labels; the language named by
`fallback` replaces prompts and labels that are missing.

    language_pack("ru").wording.answer      # 'Ответ'
    language_pack("de").stemmer             # 'german': no folder, so only what every language has
"""

from __future__ import annotations

import functools
from typing import Annotated

import yaml
from pydantic import AfterValidator

from opora.errors import InputError
from opora.text.resources import language_text, languages
from opora.validation import Record, nearest, parse_record

DEFAULT_LANGUAGE = "en"
"""Language of prompts and labels where no other is known."""

SNOWBALL = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "es": "spanish", "et": "estonian",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""Snowball stemmers of languages without a folder."""
CYRILLIC = frozenset(("uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt", "ba"))
"""Languages without a folder that are written in Cyrillic."""
SLAVIC_CYRILLIC = frozenset(("uk", "be", "bg", "sr", "mk"))
"""Languages without a folder whose words look Russian and are not: they are never lemmatized as Russian."""


class Wording(Record):
    """Fixed words of an answer."""

    quote: str  # label of a quote line
    answer: str  # label of the line with the final answer
    refusal: str  # sentence that refuses to answer


class MultipleChoice(Record):
    """Words and letters of multiple-choice questions."""

    letters: str  # of the options, in order
    lookalikes: dict[str, str] = {}  # letter of another alphabet -> the option letter that it looks like
    announcements: tuple[str, ...] = ()  # patterns of words that announce a choice, such as `answers?`
    verbs: tuple[str, ...] = ()  # words between an announcement and the letters, such as `is`


class WordStyles(Record):
    """Names of paragraph styles in documents of Microsoft Word."""

    title: tuple[str, ...] = ()
    heading: tuple[str, ...] = ()  # names before the level
    caption: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()  # names of entries of tables of contents and the like, before the level


class LanguagePack(Record):
    """Facts of one language."""

    code: str  # ISO 639-1 code, which is the name of the folder
    name: str  # in the language itself
    script: str = "latin"  # or `cyrillic` or another
    letters: str = ""  # pattern of a folded word of this language; empty if every word may be one
    stemmer: str = ""  # name of a Snowball stemmer; empty for none
    lemmatizer: str = ""  # `pymorphy3`, or empty for none
    sentence_splitter: str = "sentencex"  # or `razdel`
    abbreviations_before_numbers: tuple[str, ...] = ()  # without the point; no sentence starts with a number after one
    mixes_with: tuple[str, ...] = ()  # languages whose words appear in texts of this one; their word lists apply too
    fallback: str = DEFAULT_LANGUAGE  # language whose files are used where this one has none
    wording: Wording | None = None
    yes_no: tuple[str, str] | None = None  # words for yes and no that a reward model chooses from
    multiple_choice: MultipleChoice | None = None
    conjunctions: tuple[str, ...] = ()  # words for `and` and `or`
    ordinals: tuple[str, ...] = ()  # patterns of ordinal endings, as in `5th`
    day_endings: tuple[str, ...] = ()  # ordinal endings of the day in a date
    spaced_abbreviations: dict[str, str] = {}
    """First letter of two-letter abbreviations that may have a blank inside (`т. е.`) -> their second letters."""
    date_prepositions: tuple[str, ...] = ()  # words between day and month, such as `of`
    month_may_come_first: bool = False  # `03/04/2021` may be March 4
    decimal_mark: str = "."
    thousands_mark: str = ""  # mark between thousands besides white space, such as `,`
    word_styles: WordStyles = WordStyles()
    interval_separator: str = ", "  # between the two ends of an interval


@functools.cache
def language_pack(code: str) -> LanguagePack:
    """Return the pack of a language; one without a folder has a stemmer, a script and nothing else."""
    if source := language_text(code, "language.yaml"):
        return parse_record(LanguagePack, {"code": code, **yaml.safe_load(source)}, f"languages/{code}/language.yaml")
    foreign = () if code in SLAVIC_CYRILLIC else ("ru",)
    script = "cyrillic" if code in CYRILLIC else "latin"
    return LanguagePack(code=code, name=code, script=script, stemmer=SNOWBALL.get(code, ""), mixes_with=foreign)


@functools.cache
def fallbacks(code: str) -> tuple[str, ...]:
    """Return a language and those it falls back to, only languages with a folder. Raises InputError for a circle."""
    codes = [_with_folder(code)]
    while codes[-1] != DEFAULT_LANGUAGE:
        fallback = _with_folder(language_pack(codes[-1]).fallback)
        if fallback in codes:
            path = " -> ".join([*codes, fallback])
            raise InputError(
                f"languages/{codes[-1]}/language.yaml: fallback {fallback} makes a circle ({path}); "
                f"name a language that leads to {DEFAULT_LANGUAGE}"
            )
        codes.append(fallback)
    return tuple(codes)


def language_with_file(code: str, name: str) -> str:
    """Return the language whose folder has a file `name`: `code`, or the first that it falls back to."""
    return next((code for code in fallbacks(code) if language_text(code, name)), DEFAULT_LANGUAGE)


def wording(code: str) -> Wording:
    """Return the fixed words of an answer in a language, or in the first it falls back to."""
    return next(words for code in fallbacks(code) if (words := language_pack(code).wording))


def multiple_choice(code: str) -> MultipleChoice:
    """Return letters and words of multiple-choice questions in a language, or in the first it falls back to."""
    return next(choice for code in fallbacks(code) if (choice := language_pack(code).multiple_choice))


def _with_folder(code: str) -> str:
    return code if code in languages() else DEFAULT_LANGUAGE


def language_packs() -> list[LanguagePack]:
    """Return the packs of all languages with a folder."""
    return [language_pack(code) for code in languages()]


def check_language(code: str) -> str:
    """Return `code` unchanged. Raises ValueError if the language has no folder."""
    if code not in languages():
        raise ValueError(f"no language {code!r}; {nearest(code, list(languages()))}")
    return code


SupportedLanguage = Annotated[str, AfterValidator(check_language)]
"""Type of a setting that names a language with a folder under `languages/`."""
