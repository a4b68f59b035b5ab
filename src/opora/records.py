"""The nouns of opora: frozen records that every stage reads and writes.

In: keyword values, or a mapping from JSON or YAML through `parse_record`. Out: validated, immutable records.

    passage = Passage(id="1f0c-3", document_id="1f0c", text="...", start=120, end=410, heading=("Rules", "Fees"))
    passage.location                     # 'fees.pdf, Rules > Fees, p. 2'
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import model_validator

from opora.validation import Record, warn_of_old_name

Scalar = str | int | float | bool

QuestionType = Literal[
    "simple",
    "typos",
    "nonsense",
    "paraphrase",
    "false_premise",
    "table",
    "unanswerable",
    "multi_part",
    "multi_hop",
    "reasoning",
]
QUESTION_TYPES: tuple[QuestionType, ...] = get_args(QuestionType)
OLD_QUESTION_TYPES: dict[str, QuestionType] = {
    "with errors": "typos",
    "trash": "nonsense",
    "reformulation": "paraphrase",
    "incorrect by design": "false_premise",
    "no info": "unanswerable",
    "double": "multi_part",
    "multi block": "multi_hop",
    "logical thinking": "reasoning",
}
"""Question type of the last release -> its current name."""
Behavior = Literal["answer", "refuse", "correct"]
Split = Literal["train", "test"]
Role = Literal["system", "user", "assistant"]


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

    `table_header` repeats the header of a table that was split above this span; it is not part of the span.
    `metadata` always holds `source`, `title` and `language`, and `page` (from 1) where the document has pages.
    """

    id: str
    document_id: str
    text: str
    start: int
    end: int
    heading: tuple[str, ...] = ()
    table_header: str = ""
    metadata: dict[str, Scalar] = {}
    access: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """What a reader or a model is shown: the span, below the table header that it lost."""
        return f"{self.table_header}\n{self.text}" if self.table_header else self.text

    @property
    def location(self) -> str:
        """Source, heading path and page, as a person would cite it."""
        return format_location(self)


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


class TypedQuestion(Record):
    """Base of records with a `question_type`. Reads the key `kind` and the types of the last release."""

    @model_validator(mode="before")
    @classmethod
    def _accept_old_type(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "question_type" in data or "kind" not in data:
            return data
        warn_of_old_name("kind", "question_type")
        return {
            ("question_type" if key == "kind" else key): OLD_QUESTION_TYPES.get(value, value) if key == "kind" else value
            for key, value in data.items()
        }


class Example(TypedQuestion):
    """A question with what is known about its answer. One definition serves training, benchmark and reward."""

    id: str
    question: str
    answer: str
    language: str = ""
    question_type: QuestionType = "simple"
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
    location: str
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


def format_location(passage: Passage) -> str:
    parts = [str(passage.metadata.get("source", passage.document_id))]
    if passage.heading:
        parts.append(" > ".join(passage.heading))
    if "page" in passage.metadata:
        parts.append(f"p. {passage.metadata['page']}")
    return ", ".join(parts)
