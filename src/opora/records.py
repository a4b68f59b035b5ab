"""The nouns of opora: frozen records that every stage reads and writes.

In: keyword values, or a mapping from JSON or YAML through `parse_record`. Out: validated, immutable records.

    passage = Passage(id="1f0c-3", document_id="1f0c", text="...", start=120, end=410, heading=("Rules", "Fees"))
    passage.place                     # 'fees.pdf, Rules > Fees, p. 2'
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails

from opora.errors import InputError

Scalar = str | int | float | bool

QuestionKind = Literal[
    "simple",
    "with errors",
    "trash",
    "reformulation",
    "incorrect by design",
    "table",
    "no info",
    "double",
    "multi block",
    "logical thinking",
]
KINDS: tuple[QuestionKind, ...] = get_args(QuestionKind)
Behavior = Literal["answer", "refuse", "correct"]
Split = Literal["train", "test"]
Role = Literal["system", "user", "assistant"]


class Record(BaseModel):
    """Base of every noun: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Settings(Record):
    """Base of every section of a recipe. `origins` tells where each given value came from (a file, `--set`, a flag)."""

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def origins(self) -> dict[str, str]:
        """Dotted key -> where its value came from; a key that is absent has its default."""
        return dict(self._origins)

    def with_origins(self, origins: Mapping[str, str]) -> Settings:
        self._origins.update(origins)
        return self


class Document(Record):
    """One source as it was read. `id` is the hash of the source's bytes (hex, 16 digits); `text` is Markdown."""

    id: str
    source: str
    title: str
    text: str
    language: str
    metadata: dict[str, Scalar] = {}
    access: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()
    """Offsets in `text`, in characters, at which each page begins; empty where the format has no pages."""


class Passage(Record):
    """A span of a document: `document.text[start:end] == text`, always (offsets in characters).

    `header` repeats the header of a table that was cut between rows before this span; it is no part of the span.
    `metadata` always holds `source`, `title` and `language`, and `page` (from 1) where the document has pages.
    """

    id: str
    document_id: str
    text: str
    start: int
    end: int
    heading: tuple[str, ...] = ()
    header: str = ""
    metadata: dict[str, Scalar] = {}
    access: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """What a reader or a model is shown: the span, below the table header that it lost."""
        return f"{self.header}\n{self.text}" if self.header else self.text

    @property
    def place(self) -> str:
        """Source, heading path and page, as a person would cite it."""
        return format_place(self)


class Hit(Record):
    """A passage that a search found: its rank (from 1) and the scores that put it there, by name, higher is better."""

    passage: Passage
    rank: int
    scores: dict[str, float] = {}


class Quote(Record):
    """A verbatim piece of a document. `document` names a source without language folder or suffix, or with them."""

    document: str
    text: str


class KeyFacts(Record):
    """What an answer must and must not hold. Each fact of `must` is a list of wordings, any of which will do."""

    must: tuple[tuple[str, ...], ...] = ()
    must_not: tuple[str, ...] = ()


class Option(Record):
    """One option of a closed question."""

    text: str
    right: bool


class Example(Record):
    """A question with what is known about its answer. One definition serves training, benchmark and reward."""

    id: str
    question: str
    answer: str
    language: str = ""
    kind: QuestionKind = "simple"
    domain: str = ""
    split: Split | None = None
    behavior: Behavior = "answer"
    documents: tuple[str, ...] = ()
    """Sources that the question is about, as `Quote.document` names them; splits are made by them."""
    quotes: tuple[Quote, ...] = ()
    facts: KeyFacts = KeyFacts()
    options: tuple[Option, ...] = ()
    """What the closed form of the question lets one choose from; one or several are right."""
    passages: tuple[Passage, ...] = ()
    gold: tuple[str, ...] = ()
    """Ids of the passages that hold the answer."""
    origin: str = ""
    """Where it came from: file and line, or the method that made it."""


class Message(Record):
    """One turn of a chat."""

    role: Role
    content: str


class Citation(Record):
    """A place that an answer stands on: characters `start:end` of a document's text, which hold `text`."""

    document_id: str
    passage_id: str
    start: int
    end: int
    text: str
    place: str
    marker: int | None = None
    """The number that the answer's text cites it by, from 1."""


class DroppedCitation(Record):
    """What an answer claimed to cite and could not: the text of the claim, and why it was dropped."""

    text: str
    reason: Literal["no such passage", "quote not found"]


class Answer(Record):
    """What came back for a question. `seconds` is wall time of retrieval and generation; tokens are the model's own.

    `text` is the final answer, every citation in it checked; `raw` is all that the model wrote.
    """

    text: str
    refused: bool
    raw: str = ""
    citations: tuple[Citation, ...] = ()
    dropped: tuple[DroppedCitation, ...] = ()
    hits: tuple[Hit, ...] = ()
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


class Score(Record):
    """One metric of one answer. `value` is None, never zero, where the metric does not apply or could not be had."""

    metric: str
    value: float | None
    reason: str = ""


def format_place(passage: Passage) -> str:
    parts = [str(passage.metadata.get("source", passage.document_id))]
    if passage.heading:
        parts.append(" > ".join(passage.heading))
    if "page" in passage.metadata:
        parts.append(f"p. {passage.metadata['page']}")
    return ", ".join(parts)


R = TypeVar("R", bound=Record)


def parse_record(model: type[R], data: object, where: str) -> R:
    """Validate `data` as `model`. `where` names the file (and line) for the message of the InputError."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{where}: {explain(model, error)}") from None


def explain(model: type[BaseModel], error: ValidationError) -> str:
    """One fault of a validation error as one line: the key, its value, and the nearest known key."""
    first = chief_fault(error)
    path = [part for part in first["loc"] if isinstance(part, str | int)]
    location = _without_tags(model, path)
    key = ".".join(map(str, location))
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        prefix = "".join(f"{part}." for part in location[:-1])
        return f"{key} is unknown; {nearest(str(location[-1]), known_fields(model, path[:-1]), prefix)}{more}"
    if first["type"] == "missing":
        return f"{key} is missing{more}"
    value = repr(first["input"])
    shown = value if len(value) <= 60 else value[:57] + "..."
    message = first["msg"][0].lower() + first["msg"][1:]
    return f"{key} is {shown}: {message}{more}" if key else f"{message}{more}"


def chief_fault(error: ValidationError) -> ErrorDetails:
    """The fault to tell first: an unknown key, which often explains a missing one, else the first."""
    faults = error.errors(include_url=False)
    return next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])


def known_fields(model: type[BaseModel], path: list[str | int]) -> list[str]:
    """Field names of the model that lies at `path` (field names, indices, tags of unions) below `model`; empty if none
    does."""
    below = _models_below(model, path)
    return list(below[-1].model_fields) if below[-1] else []


def nearest(name: str, known: list[str], prefix: str = "") -> str:
    """'did you mean X?' for a near miss, else the list of what is known."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {prefix}{close[0]}?"
    return f"known: {', '.join(prefix + each for each in known) or 'none'}"


def _without_tags(model: type[BaseModel], path: list[str | int]) -> list[str | int]:
    """A path as its writer knows it: pydantic puts the tag of a union into it."""
    below = _models_below(model, path)
    steps = zip(path, below, below[1:], strict=False)
    return [part for part, before, after in steps if not (before and _is_tag(part, before, after))]


def _models_below(model: type[BaseModel], path: list[str | int]) -> list[type[BaseModel] | None]:
    """The model at the beginning of a path and behind each of its parts; of a union the first until its tag comes."""
    found: list[type[BaseModel] | None] = [model]
    choices: list[type[BaseModel]] = []
    for part in path:
        current = found[-1]
        if current and isinstance(part, str) and part in current.model_fields:
            choices = _models_in(current.model_fields[part].annotation)
            found.append(choices[0] if choices else None)
        else:
            tagged = (each for each in choices if part in _tags(each))
            found.append(next(tagged, current))
    return found


def _is_tag(part: str | int, before: type[BaseModel], after: type[BaseModel] | None) -> bool:
    return part not in before.model_fields and after is not None and part in _tags(after)


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    """What tells a model from the others of its union: the values of its `method`."""
    field = model.model_fields.get("method")
    return get_args(field.annotation) if field else ()


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The model classes inside an annotation such as `tuple[Quote, ...]` or `Train | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, tuple, list, dict, Annotated):
        return [model for argument in get_args(annotation) for model in _models_in(argument)]
    return []


PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
