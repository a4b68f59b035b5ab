"""Records that every stage reads and writes: documents, passages, examples, answers.

In: keyword values, or a mapping from JSON or YAML through `parse_record`. Out: validated, immutable records.

    passage = Passage(id="1f0c-3", document_id="1f0c", text="...", start=120, end=410, heading=("Rules", "Fees"))
    passage.location                     # 'fees.pdf, Rules > Fees, p. 2'
"""

from __future__ import annotations

from bisect import bisect_right
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
MAX_HEADING = 100
"""Characters of a heading in a location."""
Behavior = Literal["answer", "refuse", "correct"]
Split = Literal["train", "test"]
Role = Literal["system", "user", "assistant"]


class Document(Record):
    """A source as text. `id` is the hash of the source's bytes (hex, 16 digits); `text` is Markdown."""

    id: str
    source: str
    title: str
    text: str
    language: str
    metadata: dict[str, Scalar] = {}
    access: tuple[str, ...] = ()
    """Access labels; empty: everyone may read it."""
    pages: tuple[int, ...] = ()
    """Offsets in `text`, in characters, where each page begins; empty for formats without pages."""


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
    places: tuple[str, ...] = ()
    """Places that it lies in or holds, in text order, such as `article 186`, `clause 4.1`, `table 2`."""
    clause: str = ""
    """Label of the only numbered clause that it lies in, such as `п. 4.1`."""
    page_breaks: tuple[int, ...] = ()
    """Offsets in `text` where pages begin: the one after `metadata["page"]`, the one after that, and so on."""

    @property
    def full_text(self) -> str:
        """The span for a reader or a model, below its table header."""
        return f"{self.table_header}\n{self.text}" if self.table_header else self.text

    @property
    def location(self) -> str:
        """Source, heading path, clause and page, for a citation."""
        return format_location(self)

    def page_at(self, start: int) -> int | None:
        """Return the page on which the offset `start` of the text lies; None in formats without pages."""
        page = self.metadata.get("page")
        return int(page) + bisect_right(self.page_breaks, start) if isinstance(page, int) else None


class Hit(Record):
    """A retrieved passage with its rank (from 1) and its scores by name; higher is better."""

    passage: Passage
    rank: int
    scores: dict[str, float] = {}


class Quote(Record):
    """A verbatim piece of a document. `document` names its source, with or without language folder and suffix."""

    document: str
    text: str


class KeyFacts(Record):
    """Facts that a correct answer contains (`must`) or excludes (`must_not`).

    A fact of `must` is a list of wordings, any of which counts.
    """

    must: tuple[tuple[str, ...], ...] = ()
    must_not: tuple[str, ...] = ()


class Option(Record):
    """Option of a multiple-choice question."""

    text: str
    right: bool


class TypedQuestion(Record):
    """Base of records with a `question_type`; accepts the key `kind` and the types of the last release."""

    @model_validator(mode="before")
    @classmethod
    def _accept_old_type(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "question_type" in data or "kind" not in data:
            return data
        warn_of_old_name("kind", "question_type")
        old_type = data["kind"]
        rest = {key: value for key, value in data.items() if key != "kind"}
        return rest | {"question_type": OLD_QUESTION_TYPES.get(old_type, old_type)}


class Example(TypedQuestion):
    """A question with its reference answer and evidence. One definition serves training, benchmark and reward."""

    id: str
    question: str
    answer: str
    language: str = ""
    question_type: QuestionType = "simple"
    domain: str = ""
    split: Split | None = None
    behavior: Behavior = "answer"
    documents: tuple[str, ...] = ()
    """Sources of the answer, named like `Quote.document`; examples are split by them."""
    quotes: tuple[Quote, ...] = ()
    facts: KeyFacts = KeyFacts()
    options: tuple[Option, ...] = ()
    """Options of the multiple-choice form; one or several are right."""
    passages: tuple[Passage, ...] = ()
    gold: tuple[str, ...] = ()
    """Ids of the passages that hold the answer."""
    origin: str = ""
    """Provenance: file and line, or the method that generated it."""


class Message(Record):
    """One turn of a chat."""

    role: Role
    content: str


class Citation(Record):
    """Evidence for an answer: characters `start:end` of a document's text, which are `text`."""

    document_id: str
    passage_id: str
    start: int
    end: int
    text: str
    location: str
    marker: int | None = None
    """Number of its `[n]` mark in the answer's text, from 1."""


class DroppedCitation(Record):
    """Citation that could not be verified: the text it claimed, and the reason."""

    text: str
    reason: Literal["no such passage", "quote not found"]


class Answer(Record):
    """Answer to a question. `text` has verified citations only; `raw` is the output of the model.

    `seconds` is the wall time of retrieval and generation; tokens are counted by the model's own tokenizer.
    """

    text: str
    refused: bool
    raw: str = ""
    citations: tuple[Citation, ...] = ()
    dropped: tuple[DroppedCitation, ...] = ()
    warnings: tuple[str, ...] = ()
    """Reasons to read the answer with care: a suspect document is cited, or the model stopped early. One line each."""
    hits: tuple[Hit, ...] = ()
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


class Score(Record):
    """One metric of one answer. If it does not apply or failed, `value` is None, never zero, and `reason` says why."""

    metric: str
    value: float | None
    reason: str = ""


def format_location(passage: Passage, clause: str | None = None, page: int | None = None) -> str:
    """Return source, heading path, clause and page: `fees.pdf, Rules > Fees, cl. 4.1, p. 2`.

    `clause` and `page` replace those of the passage. A first heading that is the title is left out if others follow,
    and long headings are cut.
    """
    metadata, heading = passage.metadata, passage.heading
    if len(heading) > 1 and str(metadata.get("title", "")).startswith(heading[0].removesuffix(" …")):
        heading = heading[1:]
    label = passage.clause if clause is None else clause
    number = metadata.get("page") if page is None else page
    parts = [str(metadata.get("source", passage.document_id)), " > ".join(map(_shorten, heading)), label]
    return ", ".join(filter(None, [*parts, "" if number is None else f"p. {number}"]))


def _shorten(heading: str) -> str:
    if len(heading) <= MAX_HEADING:
        return heading
    return heading[:MAX_HEADING].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
