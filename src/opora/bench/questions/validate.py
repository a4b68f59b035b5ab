"""Validation of benchmark questions against their documents: every fault with its file and line.

validation = validate_questions([Path("questions.ru.jsonl")], Path("corpus"), Path("index"))
print(validation.faults[0])     # questions.ru.jsonl:17: the quote 'Срок — 5 дней' is not in rules/fees
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from opora.answer.extractive import best_sentences
from opora.artifacts.tables import parse_line, read_lines
from opora.bench.tasks.multiple_choice import count_letters
from opora.corpus.reader import read_documents
from opora.errors import InputError
from opora.examples.contamination import ExampleTexts, find_leaks
from opora.examples.evidence import find_document
from opora.examples.reader import fill_defaults
from opora.examples.split import documents_of
from opora.metrics.key_facts import contains_fact, key_fact_score
from opora.metrics.refusal import is_refusal
from opora.records import QUESTION_TYPES, Behavior, Document, Example, QuestionType
from opora.retrieval.search.searcher import Index, open_index
from opora.text.quotes import locate

BEHAVIORS: Mapping[QuestionType, Behavior] = {
    "nonsense": "refuse", "unanswerable": "refuse", "false_premise": "correct",
}  # fmt: skip
"""Question type -> required behavior; all others are to be answered."""
DERIVED = frozenset(("reasoning",))
"""Question types whose key facts may be derived from the quotes instead of quoted."""
MAX_SUPPORT = 0.8
"""Support from which a sentence seems to answer an unanswerable question. No such question of the benchmark set has
more than 0.77; half of its simple questions have about that much."""
Cell = tuple[str, str, str, str]
"""Language, split, question type and domain."""
SEARCHED = 10
"""Hits that are searched for an answer to an unanswerable question."""


class Fault(NamedTuple):
    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


class QuestionValidation(NamedTuple):
    faults: Sequence[Fault]
    examples: Sequence[Example]
    cells: Mapping[Cell, int]


class QuestionLine(NamedTuple):
    """A question and its place in a file."""

    path: Path
    number: int
    example: Example

    def fault(self, text: str) -> Fault:
        return Fault(self.path, self.number, f"{self.example.id}: {text}")


def validate_questions(files: Sequence[Path], corpus: Path, index: Path, per_cell: int = 0) -> QuestionValidation:
    """Validate questions. With `per_cell`, each language, split, question type and domain must have so many.

    Raises InputError if a file, the corpus or the index is missing.
    """
    documents, searcher = list(read_documents(corpus)), open_index(index)
    lines, faults = _read(files)
    for line in lines:
        faults += _line_faults(line, documents, searcher)
    cells = Counter(_cell(line.example) for line in lines)
    faults += [*_duplicates(lines), *_leaks(lines, documents)]
    faults += _incomplete_cells(lines, cells, per_cell) if per_cell else []
    faults.sort(key=lambda fault: (files.index(fault.path), fault.line))
    return QuestionValidation(faults, [line.example for line in lines], cells)


def format_validation(validation: QuestionValidation) -> str:
    """Return one line per fault, and a summary."""
    examples, faults = validation.examples, validation.faults
    types = len({example.question_type for example in examples})
    domains = len({example.domain for example in examples})
    languages = ", ".join(sorted({example.language for example in examples})) or "none"
    quotes = sum(len(example.quotes) for example in examples)
    counts = f"{len(examples)} questions ({languages}; {types} question types, {domains} domains), {quotes} quotes"
    return "\n".join([*map(str, faults), f"{counts}: {len(faults) or 'no'} faults"])


def _read(files: Sequence[Path]) -> tuple[list[QuestionLine], list[Fault]]:
    """Return all questions, and the faults of lines that are not questions."""
    lines: list[QuestionLine] = []
    faults: list[Fault] = []
    for path in files:
        rows = list(read_lines(path))
        if not rows:
            faults.append(Fault(path, 1, "has no questions"))
        for number, raw in rows:
            try:
                lines.append(QuestionLine(path, number, fill_defaults(parse_line(path, number, raw, Example), path)))
            except InputError as error:
                faults.append(Fault(path, number, str(error).removeprefix(f"{path}:{number}:").strip()))
    return lines, faults


def _line_faults(line: QuestionLine, documents: Sequence[Document], index: Index) -> Iterator[Fault]:
    example = line.example
    if not example.question.strip():
        yield line.fault("the question is empty; write it")
        return
    required = BEHAVIORS.get(example.question_type, "answer")
    if example.behavior != required:
        yield line.fault(f"type {example.question_type!r} requires behavior {required!r}, this is {example.behavior!r}")
    for name in example.documents:
        try:
            find_document(example, name, documents)
        except InputError as error:
            yield line.fault(_without_id(error))
    yield from map(line.fault, _option_faults(example))
    if example.behavior == "refuse":
        yield from map(line.fault, _refusal_faults(example, index))
    else:
        yield from map(line.fault, _answer_faults(example, documents))


def _answer_faults(example: Example, documents: Sequence[Document]) -> Iterator[str]:
    if not example.quotes:
        yield "has no quotes; quote the sentences that prove the answer"
    for quote in example.quotes:
        try:
            document = find_document(example, quote.document, documents)
        except InputError as error:
            yield _without_id(error)
            continue
        if not locate(quote.text, document.text):
            yield f"the quote {quote.text[:60]!r} is not in {document.source}; copy it word by word"
    if not example.facts.must:
        yield "has no key facts; list the facts that a right answer must contain"
        return
    quotes = "\n".join(quote.text for quote in example.quotes)
    for wordings in example.facts.must if example.question_type not in DERIVED else ():
        if not contains_fact(quotes, wordings, example.language):
            yield f"the key fact {' / '.join(wordings)!r} is in none of its quotes"
    if key_fact_score(example.answer, example.facts, example.language) != 1.0:
        yield "the reference answer does not contain its own key facts"


def _refusal_faults(example: Example, index: Index) -> Iterator[str]:
    if example.quotes or example.facts.must:
        yield "must be refused, but has quotes or key facts"
    if not is_refusal(example.answer, example.language):
        yield f"must be refused, but its answer is not a refusal: {example.answer[:60]!r}"
    if example.question_type == "nonsense":
        return
    hits = index.search(example.question, SEARCHED)
    sentences = best_sentences(example.question, hits, index.idf, example.language)
    if sentences and sentences[0].support >= MAX_SUPPORT:
        best = sentences[0]
        text = " ".join(best.passage.text[best.start : best.end].split())[:80]
        source = best.passage.metadata["source"]
        yield f"seems to be answered in {source}: {text!r}; ask for something that no document contains"


def _option_faults(example: Example) -> Iterator[str]:
    texts = [option.text for option in example.options]
    right = sum(option.right for option in example.options)
    if texts and not 0 < right < len(texts):
        yield f"{right} of its {len(texts)} options are right; there must be right and wrong ones"
    if len(texts) > count_letters():
        yield f"has {len(texts)} options, but there are letters for {count_letters()} only"
    if len(set(texts)) < len(texts):
        yield "has an option twice"


def _duplicates(lines: Sequence[QuestionLine]) -> Iterator[Fault]:
    """Yield a fault for each repeated id or question."""
    by_id: dict[str, QuestionLine] = {}
    by_question: dict[tuple[str, str], QuestionLine] = {}
    for line in lines:
        if first := by_id.get(line.example.id):
            yield line.fault(f"has the id of {first.path}:{first.number}; each question needs its own")
        key = (line.example.language, " ".join(line.example.question.casefold().split()))
        if (first := by_question.get(key)) and key[1]:
            yield line.fault(f"repeats the question of {first.path}:{first.number}")
        by_id.setdefault(line.example.id, line)
        by_question.setdefault(key, line)


def _leaks(lines: Sequence[QuestionLine], documents: Sequence[Document]) -> Iterator[Fault]:
    """Yield a fault for each document, text or question that the training and the test split share."""
    written = [line for line in lines if line.example.question.strip()]
    train = [line for line in written if line.example.split == "train"]
    test = {line.example.id: line for line in written if line.example.split == "test"}
    train_sources = {source: line for line in train for source in _sources(line.example, documents)}
    for line in test.values():
        for source in sorted(_sources(line.example, documents) & train_sources.keys()):
            yield line.fault(f"is about {source}, like {train_sources[source].example.id} of the training split")
    train_texts = [_texts(line.example, documents) for line in train]
    for leak in find_leaks(train_texts, [_texts(line.example, documents) for line in test.values()]):
        yield test[leak.tested].fault(f"{leak.kind} as {leak.trained} of the training split: {leak.text[:80]!r}")


def _sources(example: Example, documents: Sequence[Document]) -> set[str]:
    return {document.source for document in _documents(example, documents)}


def _documents(example: Example, documents: Sequence[Document]) -> Iterator[Document]:
    """Yield the documents that a question names."""
    for name in sorted(documents_of(example)):
        with contextlib.suppress(InputError):  # reported by _line_faults
            yield find_document(example, name, documents)


def _texts(example: Example, documents: Sequence[Document]) -> ExampleTexts:
    """Return the texts of a question; a model that was trained on it may have seen its whole documents."""
    private = (example.question, *(quote.text for quote in example.quotes))
    if example.behavior != "refuse":
        private += (example.answer,)
    visible = [document.text for document in _documents(example, documents)]
    return ExampleTexts(example.id, example.question, private, (*private, *visible))


def _incomplete_cells(lines: Sequence[QuestionLine], counts: Counter[Cell], per_cell: int) -> Iterator[Fault]:
    """Yield a fault, at the last line of a language, for each cell without `per_cell` questions."""
    for language in sorted({line.example.language for line in lines}):
        own = [line for line in lines if line.example.language == language]
        splits = sorted({line.example.split or "" for line in own})
        domains = sorted({line.example.domain for line in own})
        for split, domain, question_type in itertools.product(splits, domains, QUESTION_TYPES):
            count = counts[language, split, question_type, domain]
            if count != per_cell:
                cell = f"{language}, {split or 'no split'}, {domain or 'no domain'}"
                text = f"{cell}: {count} questions of type {question_type!r}, not {per_cell}"
                yield Fault(own[-1].path, own[-1].number, text)


def _cell(example: Example) -> Cell:
    return (example.language, example.split or "", example.question_type, example.domain)


def _without_id(error: InputError) -> str:
    """Return the message of an error without the id of the question, which the line has already."""
    return str(error).partition(": ")[2]
