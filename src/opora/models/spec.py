"""The one string that names a model.

In: a spec. Out: its parts.

    parse_spec("hf:Qwen/Qwen2.5-1.5B-Instruct@main+train/raft")
    # ModelSpec(kind='hf', name='Qwen/Qwen2.5-1.5B-Instruct', revision='main', adapter='train/raft', url='')
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, NamedTuple

from opora.errors import InputError
from opora.validation import nearest

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
    """Take a spec apart. Raises InputError that names the nearest right one, or the forms."""
    head = re.split(r"[:+]", spec, maxsplit=1)[0]
    rest = spec[len(head) :]
    if head not in KINDS:
        raise InputError(f"model {spec!r} is unknown; {_nearest_spec(spec, head, rest)}")
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
    raise InputError(f"model {spec!r} is not of a known form; forms: {FORMS}")


def _nearest_spec(spec: str, head: str, rest: str) -> str:
    if url := re.search(r"https?://\S+", spec):
        return f"did you mean openai:MODEL@{url[0]}?"
    if "/" in head or (spec and Path(spec).is_dir()):
        return f"did you mean hf:{spec}?"
    close = nearest(head.lower(), list(KINDS))
    return close.replace("?", f"{rest}?") if close.endswith("?") else f"forms: {FORMS}"


def _openai(spec: str, rest: str) -> ModelSpec:
    found = re.fullmatch(r":(?P<name>\S+?)@(?P<url>https?://[^\s/]\S*)", rest)
    if not found:
        raise InputError(
            f"model {spec!r}: openai:MODEL@URL is expected, such as openai:qwen2.5@http://localhost:8000/v1"
        )
    return ModelSpec("openai", name=found["name"], url=found["url"])


def _hf(spec: str, rest: str) -> ModelSpec:
    text = rest[1:] if rest.startswith(":") else ""
    base, plus, adapter = _split_folder(text) or text.partition("+")
    name, at, revision = (base, "", "") if Path(base).is_dir() else base.partition("@")
    if not name or (plus and not adapter) or (at and not revision):
        raise InputError(f"model {spec!r}: hf:NAME-OR-PATH[@REVISION][+ADAPTER] is expected")
    return ModelSpec("hf", name=name, revision=revision, adapter=adapter)


def _split_folder(text: str) -> tuple[str, str, str] | None:
    """(folder, plus, adapter) where `text` begins with a folder that exists: its path may itself hold `+` and `@`."""
    ends = [len(text), *(found.start() for found in re.finditer(r"\+", text))]
    folder = next((text[:end] for end in sorted(ends, reverse=True) if end and Path(text[:end]).is_dir()), None)
    return None if folder is None else (folder, *text[len(folder) :].partition("+")[1:])
