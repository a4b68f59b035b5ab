"""What a judge wrote, as a verdict: JSON, or whatever comes near it without being open to doubt.

In: the text of a reply, and the form asked for. Out: a verdict; a `NoVerdictError` where there is none, or two.

    parse_verdict('{"reason": "All is said.", "score": 5, "correct": 1}', FORMS["score"])
    # JudgeVerdict(reason='All is said.', value=5, correct=True)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from opora.bench.results.verdict import JudgeVerdict
from opora.models.base import JsonSchema


class NoVerdictError(Exception):
    """A reply holds no verdict, or more than one."""


class Form(NamedTuple):
    """The form of a reply: its keys in order, one of them of a number, and that number's range."""

    keys: tuple[str, ...]
    lowest: int
    highest: int
    correct: JsonSchema = {"type": "boolean"}

    @property
    def has_correct(self) -> bool:
        return "correct" in self.keys

    @property
    def schema(self) -> JsonSchema:
        """The reason comes first, so that it is written before the verdict and not to defend it."""
        number = {"type": "integer", "enum": list(range(self.lowest, self.highest + 1))}
        types = {"reason": {"type": "string"}, "correct": self.correct}
        return {
            "type": "object",
            "properties": {key: types.get(key, number) for key in self.keys},
            "required": list(self.keys),
            "additionalProperties": False,
        }


FORMS = {
    "score": Form(("reason", "score", "correct"), 1, 5, {"type": "integer", "enum": [0, 1]}),
    "grade": Form(("reason", "correct", "grade"), 0, 4),
    "pair": Form(("reason", "better"), 1, 2),
}
KEYS = {
    "reason": ("reason", "reasoning", "explanation", "обоснование", "причина", "пояснение", "объяснение"),
    "value": ("score", "grade", "rating", "better", "оценка", "балл", "лучше", "лучший"),
    "correct": ("correct", "is_correct", "верно", "правильно", "верный", "корректно"),
}
YES = ("true", "1", "yes", "correct", "right", "да", "верно", "правильно", "верный", "истина")
NO = ("false", "0", "no", "not correct", "incorrect", "wrong", "нет", "неверно", "не верно", "неправильно", "ложь")


def parse_verdict(text: str, form: Form) -> JudgeVerdict:
    """Whole JSON objects come first; without one, the fields are looked for by their keys. Raises NoVerdictError."""
    text = re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)
    found = [verdict for each in _objects(text) if (verdict := _from_fields(each, form))]
    if not found and (loose := _from_fields(_loose_fields(text, form), form)):
        found = [loose]
    if not found:
        raise NoVerdictError("the reply holds no verdict")
    if len({(each.value, each.correct) for each in found}) > 1:
        raise NoVerdictError("the reply holds two verdicts")
    verdict = found[-1]
    if verdict.correct is not None and verdict.value == (form.lowest if verdict.correct else form.highest):
        raise NoVerdictError("the verdict contradicts itself")
    return verdict


def _objects(text: str) -> Iterator[Mapping[str, object]]:
    """The JSON objects in a text, also those inside of others; one that gives a key twice is none."""
    inner: list[dict[str, object]] = []

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        fields = _by_known_key(pairs)
        inner.append(fields)
        return fields

    decoder, at = json.JSONDecoder(strict=False, object_pairs_hook=once), text.find("{")
    while at >= 0:
        inner.clear()
        try:
            end = decoder.raw_decode(text, at)[1]
        except (ValueError, RecursionError):  # the latter for brackets nested a thousand deep
            end = at + 1
        else:
            yield from inner
        at = text.find("{", end)


def _by_known_key(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Raises ValueError if two pairs say different things of one key."""
    names = {name: key for key, known in KEYS.items() for name in known}
    fields: dict[str, object] = {}
    for name, value in pairs:
        key = names.get(name.strip().lower(), name)
        if fields.setdefault(key, value) != value:
            raise ValueError(f"{key} is given twice")
    return fields


def _from_fields(fields: Mapping[str, object], form: Form) -> JudgeVerdict | None:
    value, correct = _number(fields.get("value"), form), _truth(fields.get("correct"))
    if value is None or (form.has_correct and correct is None):
        return None
    return JudgeVerdict(reason=str(fields.get("reason", "")).strip(), value=value, correct=correct)


def _number(given: object, form: Form) -> int | None:
    """`4`, `4.0`, "4", "4/5", "4 из 5"; None for what is out of range or of another range."""
    match = re.fullmatch(r"(\d+)(?:[.,]0+)?\s*(?:(?:/|из|of|out of)\s*(\d+))?", str(given).strip().lower())
    if isinstance(given, bool) or not match or (match[2] and int(match[2]) != form.highest):
        return None
    return int(match[1]) if form.lowest <= int(match[1]) <= form.highest else None


def _truth(given: object) -> bool | None:
    word = str(given).strip(" .!*_\"'«»`").lower()
    return True if word in YES else False if word in NO else None


def _loose_fields(text: str, form: Form) -> dict[str, object]:
    """Fields of what is no JSON: cut off, in single quotes, with a comma too many, or plain lines. A field that is
    given twice with different values is left out."""
    given = {"value": _NUMBER.findall(text), "correct": _TRUTH.findall(text)}
    fields: dict[str, object] = {}
    for key, read in (("value", lambda each: _number(each, form)), ("correct", _truth)):
        values = {read(each) for each in given[key]}
        if len(values) == 1:
            fields[key] = given[key][0]
    if reason := _REASON.search(text):
        fields["reason"] = reason["closed"] or reason["open"] or ""
    return fields


def _key(key: str) -> str:
    """A key with the marks around it, and the sign behind it."""
    return rf"(?<!\w)(?:{'|'.join(KEYS[key])})[\"'»*_`]*\s*(?:[:=]|[—–-]\s)\s*[\"'«*_`]*\s*"


_LOOSE = re.IGNORECASE | re.DOTALL
_NUMBER = re.compile(_key("value") + r"(\d+(?:[.,]\d+)?(?:\s*(?:/|из|of|out of)\s*\d+)?)(?!\w)", _LOOSE)
_WORDS = "|".join(sorted(map(re.escape, YES + NO), key=len, reverse=True))
_TRUTH = re.compile(_key("correct") + rf"({_WORDS})(?!\w)", _LOOSE)
_REASON = re.compile(
    rf"(?<!\w)(?:{'|'.join(KEYS['reason'])})[\"'»*_`]*\s*(?:[:=]|[—–-]\s)\s*"
    r"(?:[\"«'](?P<closed>.*?)[\"»']\s*(?:,\s*[\"'«\w]|\}|$)|(?P<open>[^\n]*))",
    _LOOSE,
)
