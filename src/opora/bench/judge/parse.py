"""Parsing of a judge's reply: JSON, or text that resembles it and is unambiguous.

parse_verdict('{"reason": "All is said.", "score": 5, "correct": 1}', FORMS["score"])
# JudgeVerdict(reason='All is said.', value=5, correct=True)
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml

from opora.bench.results.table import JudgeVerdict
from opora.models.base import JsonSchema
from opora.models.chat_forms import remove_thinking
from opora.text.resources import language_text, languages

WORDS = "judge_reply.yaml"
"""File in the folder of a language with the words of a reply."""


class NoVerdictError(Exception):
    """A reply holds no verdict, or several that differ."""


class ReplyForm(NamedTuple):
    """Required form of a reply: keys in order, and the range of its number."""

    keys: tuple[str, ...]
    lowest: int
    highest: int
    correct: JsonSchema = {"type": "boolean"}

    @property
    def schema(self) -> JsonSchema:
        """JSON schema of a reply. The reason comes first, so that the model writes it before it decides."""
        number = {"type": "integer", "enum": list(range(self.lowest, self.highest + 1))}
        types = {"reason": {"type": "string"}, "correct": self.correct}
        return {
            "type": "object",
            "properties": {key: types.get(key, number) for key in self.keys},
            "required": list(self.keys),
            "additionalProperties": False,
        }


FORMS = {
    "score": ReplyForm(("reason", "score", "correct"), 1, 5, {"type": "integer", "enum": [0, 1]}),
    "grade": ReplyForm(("reason", "correct", "grade"), 0, 4),
    "pair": ReplyForm(("reason", "better"), 1, 2),
}
"""Template -> form of its replies."""


def parse_verdict(text: str, form: ReplyForm) -> JudgeVerdict:
    """Parse whole JSON objects; if there are none, search the text for the keys. Raises NoVerdictError."""
    text = remove_thinking(text)
    verdicts = list(filter(None, (_from_fields(fields, form) for fields in _objects(text))))
    verdicts = verdicts or list(filter(None, [_from_fields(_loose_fields(text, form), form)]))
    if not verdicts:
        raise NoVerdictError("the reply holds no verdict")
    if len({(verdict.value, verdict.correct) for verdict in verdicts}) > 1:
        raise NoVerdictError("the reply holds two verdicts")
    verdict = verdicts[-1]
    if verdict.correct is not None and verdict.value == (form.lowest if verdict.correct else form.highest):
        raise NoVerdictError("the verdict contradicts itself")
    return verdict


@functools.cache
def reply_words() -> dict[str, tuple[str, ...]]:
    """Return the words of a reply in all languages: `reason`, `value` and `correct` are keys, `yes` and `no` values."""
    words: dict[str, tuple[str, ...]] = {}
    for language in languages():
        for key, own in (yaml.safe_load(language_text(language, WORDS)) or {}).items():
            words[key] = (*words.get(key, ()), *own)
    return words


def _objects(text: str) -> Iterator[Mapping[str, object]]:
    """Yield the JSON objects in a text, nested ones too, except objects with two values of one key."""
    inner: list[dict[str, object]] = []

    def collect(pairs: list[tuple[str, object]]) -> dict[str, object]:
        fields = _with_standard_keys(pairs)
        inner.append(fields)
        return fields

    decoder, position = json.JSONDecoder(strict=False, object_pairs_hook=collect), text.find("{")
    while position >= 0:
        inner.clear()
        try:
            end = decoder.raw_decode(text, position)[1]
        except (ValueError, RecursionError):  # RecursionError: brackets nested a thousand deep
            end = position + 1
        else:
            yield from inner
        position = text.find("{", end)


def _with_standard_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the fields by standard key. Raises ValueError if a key has two values."""
    keys = {name: key for key in ("reason", "value", "correct") for name in reply_words()[key]}
    fields: dict[str, object] = {}
    for name, value in pairs:
        key = keys.get(name.strip().lower(), name)
        if fields.setdefault(key, value) != value:
            raise ValueError(f"{key} has two values")
    return fields


def _from_fields(fields: Mapping[str, object], form: ReplyForm) -> JudgeVerdict | None:
    value, correct = _number(fields.get("value"), form), _truth(fields.get("correct"))
    if value is None or (correct is None and "correct" in form.keys):
        return None
    return JudgeVerdict(reason=str(fields.get("reason", "")).strip(), value=value, correct=correct)


def _number(value: object, form: ReplyForm) -> int | None:
    """Return the number in `4`, `4.0`, "4", "4/5" or "4 из 5"; None if it is out of range or on another scale."""
    text = str(value).strip().lower()
    match = re.fullmatch(rf"(\d+)(?:[.,]0+)?\s*(?:(?:{_out_of()})\s*(\d+))?", text)
    if isinstance(value, bool) or not match or (match[2] and int(match[2]) != form.highest):
        return None
    return int(match[1]) if form.lowest <= int(match[1]) <= form.highest else None


def _truth(value: object) -> bool | None:
    word = str(value).strip(" .!*_\"'«»`").lower()
    words = reply_words()
    return True if word in words["yes"] else False if word in words["no"] else None


def _loose_fields(text: str, form: ReplyForm) -> dict[str, object]:
    """Return the fields of text that is not JSON: cut off, in single quotes, with a trailing comma, or plain lines.

    A field with two different values is left out.
    """
    patterns = _loose_patterns()
    matches = {key: patterns[key].findall(text) for key in ("value", "correct")}
    fields: dict[str, object] = {}
    for key, read in (("value", lambda match: _number(match, form)), ("correct", _truth)):
        if len({read(match) for match in matches[key]}) == 1:
            fields[key] = matches[key][0]
    if reason := patterns["reason"].search(text):
        fields["reason"] = reason["closed"] or reason["open"] or ""
    return fields


@functools.cache
def _loose_patterns() -> dict[str, re.Pattern[str]]:
    """Return standard key -> pattern of the key, its punctuation and its value."""
    words = reply_words()
    truths = "|".join(sorted(map(re.escape, words["yes"] + words["no"]), key=len, reverse=True))
    number = rf"(\d+(?:[.,]\d+)?(?:\s*(?:{_out_of()})\s*\d+)?)(?!\w)"
    reason = r"(?:[\"«'](?P<closed>.*?)[\"»']\s*(?:,\s*[\"'«\w]|\}|$)|(?P<open>[^\n]*))"
    flags, opening_mark = re.IGNORECASE | re.DOTALL, r"[\"'«*_`]*\s*"
    return {
        "value": re.compile(_key("value") + opening_mark + number, flags),
        "correct": re.compile(_key("correct") + opening_mark + rf"({truths})(?!\w)", flags),
        "reason": re.compile(_key("reason") + reason, flags),
    }


def _key(key: str) -> str:
    """Return the pattern of a key with its marks and the sign after it."""
    return rf"(?<!\w)(?:{'|'.join(reply_words()[key])})[\"'»*_`]*\s*(?:[:=]|[—–-]\s)\s*"


def _out_of() -> str:
    """Return the pattern between a number and the end of its scale: `/`, `из`, `out of`."""
    return "|".join(["/", *reply_words()["out_of"]])
