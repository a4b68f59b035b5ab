"""The one string that names a model.

In: a spec. Out: its parts.

    parse_spec("hf:Qwen/Qwen2.5-1.5B-Instruct@main+train/raft")
    # ModelSpec(kind='hf', name='Qwen/Qwen2.5-1.5B-Instruct', revision='main', adapter='train/raft', url='')
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from opora.errors import InputError
from opora.records import nearest

Kind = Literal["extractive", "smollm2", "hf", "openai", "fake"]
KINDS: tuple[Kind, ...] = ("extractive", "smollm2", "hf", "openai", "fake")
FORMS = "extractive, smollm2[+ADAPTER], hf:NAME-OR-PATH[@REVISION][+ADAPTER], openai:MODEL@URL, fake[:SCRIPT]"


class ModelSpec(NamedTuple):
    """A spec taken apart; what a spec lacks is an empty string."""

    kind: Kind
    name: str = ""
    revision: str = ""
    adapter: str = ""
    url: str = ""


def parse_spec(spec: str) -> ModelSpec:
    """Take a spec apart. Raises InputError that names the forms, or the nearest kind."""
    head = re.split(r"[:+]", spec, maxsplit=1)[0]
    if head not in KINDS:
        raise InputError(f"model {spec!r} is unknown; {nearest(head, list(KINDS))}; forms: {FORMS}")
    rest = spec[len(head) :]
    if head == "openai":
        return _openai(spec, rest)
    if head == "hf":
        return _hf(spec, rest)
    if head == "smollm2" and (not rest or (rest[0] == "+" and rest[1:])):
        return ModelSpec("smollm2", adapter=rest[1:])
    if head == "fake" and (not rest or (rest[0] == ":" and rest[1:])):
        return ModelSpec("fake", name=rest[1:])
    if head == "extractive" and not rest:
        return ModelSpec("extractive")
    raise InputError(f"model {spec!r} is not of a known form: {FORMS}")


def _openai(spec: str, rest: str) -> ModelSpec:
    name, at, url = rest[1:].partition("@http")
    if not at or not name:
        raise InputError(
            f"model {spec!r}: openai:MODEL@URL is expected, such as openai:qwen2.5@http://localhost:8000/v1"
        )
    return ModelSpec("openai", name=name, url=f"http{url}")


def _hf(spec: str, rest: str) -> ModelSpec:
    base, plus, adapter = rest[1:].partition("+")
    name, at, revision = base.partition("@")
    if not name or (plus and not adapter) or (at and not revision):
        raise InputError(f"model {spec!r}: hf:NAME-OR-PATH[@REVISION][+ADAPTER] is expected")
    return ModelSpec("hf", name=name, revision=revision, adapter=adapter)
