"""Parse the string that names a model, an embedder, a reranker, a store or a runner: `kind:name@revision+adapter`.

MODELS.parse("hf:Qwen/Qwen2.5-1.5B-Instruct@main+train/raft")
# Spec(kind='hf', name='Qwen/Qwen2.5-1.5B-Instruct', revision='main', adapter='train/raft', url='')
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from opora.errors import InputError
from opora.validation import warn_of_old_name

PARTS = {
    "NAME-OR-PATH": r"(?P<name>[^@+]+)",
    "NAME": r"(?P<name>[^/:@\s]+)/?",
    "MODEL": r"(?P<name>\S.*?)",
    **dict.fromkeys(("SCRIPT", "URI", "ADDRESS"), r"(?P<name>.+)"),
    "URL": r"(?P<url>https?://[^\s/]\S*)",
    "REVISION": r"(?P<revision>[^+]+)",
    "ADAPTER": r"(?P<adapter>.+)",
}
"""Upper-case word of a form -> pattern of the part that stands there."""


class Spec(NamedTuple):
    """Parts of a spec. `name` is a model, script, URI or address; a part that the spec lacks is empty."""

    kind: str
    name: str = ""
    revision: str = ""
    adapter: str = ""
    url: str = ""


class SpecKind(NamedTuple):
    """One kind of spec. `form` is its grammar with optional parts in brackets; `module` opens it, imported lazily."""

    form: str
    module: str = ""
    example: str = ""

    def match(self, spec: str) -> re.Match[str] | None:
        """Match a spec of this kind. A path of an existing folder may contain `+` and `@`."""
        folder = _existing_folder(spec.partition(":")[2]) if "NAME-OR-PATH" in self.form else ""
        parts = PARTS | {"NAME-OR-PATH": f"(?P<name>{re.escape(folder)})"} if folder else PARTS
        return re.fullmatch("".join(_patterns(self.form, parts)), spec)


class SpecRegistry:
    """Kinds of one family of specs, such as embedders. `noun` names the family in errors.

    `renamed`: old kind -> new kind; the old one is accepted for one release with a warning.
    """

    def __init__(self, noun: str, kinds: Mapping[str, SpecKind], renamed: Mapping[str, str] | None = None) -> None:
        self.noun, self.kinds, self._renamed = noun, kinds, renamed or {}

    @property
    def forms(self) -> str:
        """All forms, for help texts and errors."""
        return ", ".join(row.form for row in self.kinds.values())

    def parse(self, spec: str) -> Spec:
        """Split a spec into its parts. Raises InputError with the nearest valid spec or the expected form."""
        current = self._current(spec)
        kind = self._kind(current)
        if kind is None:
            raise InputError(f"{self.noun} {spec!r} is unknown; {self._suggestion(spec)}")
        row = self.kinds[kind]
        match = row.match(current)
        if match is None:
            raise InputError(
                f"{self.noun} {spec!r} does not have the form {row.form}, for example {row.example or kind}"
            )
        return Spec(kind, **{part: text for part, text in match.groupdict().items() if text})

    def module(self, kind: str) -> ModuleType:
        """Import the module that opens specs of `kind`."""
        return importlib.import_module(self.kinds[kind].module)

    def _current(self, spec: str) -> str:
        """Replace the kind's name of the last release."""
        head = _head(spec)
        if head not in self._renamed:
            return spec
        new = self._renamed[head] + spec[len(head) :]
        warn_of_old_name(f"{self.noun} {spec}", new)
        return new

    def _kind(self, spec: str) -> str | None:
        """Return the kind of a spec, which is alone or followed by a separator; None for an unknown one."""
        for kind, row in self.kinds.items():
            separators = ":+@" + row.form[len(kind) : len(kind) + 1]
            if spec == kind or (spec.startswith(kind) and spec[len(kind)] in separators):
                return kind
        return None

    def _suggestion(self, spec: str) -> str:
        """Return the nearest valid spec as a question, else all forms."""
        head = _head(spec)
        candidates = [kind + spec[len(head) :] for kind in difflib.get_close_matches(head.lower(), self.kinds, n=1)]
        if url := re.search(r"https?://\S+", spec):
            candidates.insert(0, f"openai:MODEL@{url[0]}")
        if "/" in spec or (spec and Path(spec).is_dir()):
            candidates.append(f"hf:{spec}")
        for candidate in candidates:
            kind = self._kind(candidate)
            if kind and self.kinds[kind].match(candidate):
                return f"did you mean {candidate}?"
        return f"forms: {self.forms}"


PACKAGE = "opora.models.backends"
MODELS = SpecRegistry(
    "model",
    {
        "extractive": SpecKind("extractive"),
        "smollm2": SpecKind("smollm2[+ADAPTER]", f"{PACKAGE}.loading", "smollm2+train/raft"),
        "hf": SpecKind("hf:NAME-OR-PATH[@REVISION][+ADAPTER]", f"{PACKAGE}.loading", "hf:Qwen/Qwen2.5-1.5B-Instruct"),
        "openai": SpecKind("openai:MODEL@URL", f"{PACKAGE}.openai", "openai:qwen2.5@http://localhost:8000/v1"),
        "scripted": SpecKind("scripted[:SCRIPT]", f"{PACKAGE}.scripted", "scripted:answers.jsonl"),
    },
    renamed={"fake": "scripted"},
)
"""Language models; each module has `open_model(spec, settings)`. `scripted` ships with the package, for tests."""
parse_spec = MODELS.parse

BACKENDS = {"ctranslate2": f"{PACKAGE}.ctranslate2", "transformers": f"{PACKAGE}.transformers"}
"""Backends of local models, in the order in which `auto` tries them. Each module has `supports(spec, device)` and
`open_model(spec, settings, device)`."""


def _head(spec: str) -> str:
    return re.split(r"[:+@/]", spec, maxsplit=1)[0]


def _patterns(form: str, parts: Mapping[str, str]) -> Iterator[str]:
    """Yield the regular expressions of the pieces of a form."""
    for piece in re.findall(r"[A-Z][A-Z-]*|\[|\]|.", form):
        yield {"[": "(?:", "]": ")?"}.get(piece) or parts.get(piece) or re.escape(piece)


def _existing_folder(text: str) -> str:
    """Return the longest prefix of `text`, ending at a `+` or its end, that is an existing folder; empty if none is."""
    ends = [len(text), *(match.start() for match in re.finditer(r"\+", text))]
    return next((text[:end] for end in sorted(ends, reverse=True) if end and Path(text[:end]).is_dir()), "")
