"""Whether a benchmark set can be believed: each fault by file and line.

In: files of questions, a corpus and its index. Out: every fault found, and how full the cells of kind and domain are.

    checked = check_questions([Path("questions.ru.jsonl")], Path("corpus"), Path("index"))
    for fault in checked.faults:
        print(fault)           # questions.ru.jsonl:17: the quote 'Срок — 5 дней' is not in rules/fees
"""

from __future__ import annotations

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
from opora.records import KINDS, Behavior, Document, Example, QuestionKind
from opora.retrieval.search.searcher import Index, open_index
from opora.text.quotes import locate
from opora.text.words import fold

EXPECTED: Mapping[QuestionKind, Behavior] = {"trash": "refuse", "no info": "refuse", "incorrect by design": "correct"}
"""The behaviour that a kind asks for; the others are to be answered."""
DERIVED = frozenset(("logical thinking",))
"""Kinds whose key facts may follow from the quotes without standing in them."""
TOLD = 0.8
"""A sentence that supports this much of a question without an answer seems to answer it: no such question of the
benchmark itself has more than 0.77, and half of its simple ones have about as much."""
SEARCHED = 10


class Fault(NamedTuple):
    """What is wrong, and where."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


class CheckedSet(NamedTuple):
    """`cells`: (language, split, kind, domain) -> how many questions."""

    faults: Sequence[Fault]
    examples: Sequence[Example]
    cells: Mapping[tuple[str, str, str, str], int]


class Line(NamedTuple):
    path: Path
    number: int
    example: Example

    def fault(self, text: str) -> Fault:
        return Fault(self.path, self.number, f"{self.example.id}: {text}")


def check_questions(files: Sequence[Path], corpus: Path, index: Path, per_cell: int = 0) -> CheckedSet:
    """`per_cell`: how many questions each language, half, kind and domain must have; 0: as many as there are. Raises
    InputError if a file, the corpus or the index is not there."""
    documents, opened = list(read_documents(corpus)), open_index(index)
    faults: list[Fault] = []
    lines: list[Line] = []
    for path in files:
        rows = list(read_lines(path))
        if not rows:
            faults.append(Fault(path, 1, "holds no questions"))
        for number, raw in rows:
            try:
                lines.append(Line(path, number, fill_defaults(parse_line(path, number, raw, Example), path)))
            except InputError as error:
                faults.append(Fault(path, number, str(error).removeprefix(f"{path}:{number}:").strip()))
    for line in lines:
        faults += _line_faults(line, documents, opened)
    faults += [*_twice(lines), *_leaks(lines, documents), *_empty_cells(lines, files, per_cell)]
    order = {path: number for number, path in enumerate(files)}
    cells = Counter(_cell(line.example) for line in lines)
    found = sorted(faults, key=lambda fault: (order[fault.path], fault.line))
    return CheckedSet(found, [line.example for line in lines], cells)


def format_check(checked: CheckedSet) -> str:
    """The faults, a line each, and what was checked."""
    kinds = len({example.kind for example in checked.examples})
    domains = len({example.domain for example in checked.examples})
    languages = ", ".join(sorted({example.language for example in checked.examples})) or "none"
    quotes = sum(len(example.quotes) for example in checked.examples)
    lines = [str(fault) for fault in checked.faults]
    lines.append(
        f"{len(checked.examples)} questions ({languages}; {kinds} kinds, {domains} domains), {quotes} quotes:"
        f" {len(checked.faults) or 'no'} faults"
    )
    return "\n".join(lines)


def _line_faults(line: Line, documents: Sequence[Document], index: Index) -> Iterator[Fault]:
    example = line.example
    if not example.question.strip():
        yield line.fault("the question is empty; write it")
        return
    expected = EXPECTED.get(example.kind, "answer")
    if example.behavior != expected:
        yield line.fault(f"kind {example.kind!r} asks for behavior {expected!r}, this is {example.behavior!r}")
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
        yield "has no key facts; name what a right answer must hold"
        return
    quoted = "\n".join(quote.text for quote in example.quotes)
    for fact in example.facts.must if example.kind not in DERIVED else ():
        if not contains_fact(quoted, fact, example.language):
            yield f"the key fact {' / '.join(fact)!r} is in none of its quotes"
    if key_fact_score(example.answer, example.facts, example.language) != 1.0:
        yield "the reference answer does not pass its own key facts"


def _refusal_faults(example: Example, index: Index) -> Iterator[str]:
    if example.quotes or example.facts.must:
        yield "is to be refused, but has quotes or key facts"
    if not is_refusal(example.answer, example.language):
        yield f"is to be refused, but its answer is no refusal: {example.answer[:60]!r}"
    if example.kind == "trash":
        return
    hits = index.search(example.question, SEARCHED)
    found = best_sentences(example.question, hits, index.idf, example.language)
    if found and found[0].support >= TOLD:
        best = found[0]
        sentence = " ".join(best.passage.text[best.start : best.end].split())[:80]
        yield f"seems to be answered in {best.passage.metadata['source']}: {sentence!r}; ask for what is nowhere"


def _option_faults(example: Example) -> Iterator[str]:
    texts = [option.text for option in example.options]
    right = sum(option.right for option in example.options)
    if texts and not 0 < right < len(texts):
        yield f"{right} of its {len(texts)} options are right; some must be, and some not"
    if len(texts) > count_letters():
        yield f"has {len(texts)} options; at most {count_letters()} can be lettered"
    if len(set(texts)) < len(texts):
        yield "an option stands twice"


def _twice(lines: Sequence[Line]) -> Iterator[Fault]:
    """Ids, and questions, that stand twice."""
    ids: dict[str, Line] = {}
    asked: dict[tuple[str, str], Line] = {}
    for line in lines:
        if first := ids.get(line.example.id):
            yield line.fault(f"the id stands in {first.path}:{first.number} too; every question needs its own")
        key = (line.example.language, " ".join(fold(line.example.question).split()))
        if (same := asked.get(key)) and key[1]:
            yield line.fault(f"the question is asked in {same.path}:{same.number} too")
        ids.setdefault(line.example.id, line)
        asked.setdefault(key, line)


def _leaks(lines: Sequence[Line], documents: Sequence[Document]) -> Iterator[Fault]:
    """What the training half tells of the test half: a document of both, the same words, nearly the same question."""
    written = [line for line in lines if line.example.question.strip()]
    train = [line for line in written if line.example.split == "train"]
    test = {line.example.id: line for line in written if line.example.split == "test"}
    trained = {source: line for line in train for source in _sources(line.example, documents)}
    for line in test.values():
        for source in sorted(_sources(line.example, documents) & trained.keys()):
            yield line.fault(f"is about {source}, and so is {trained[source].example.id} of the training half")
    seen = [_checked(line.example, documents) for line in train]
    for leak in find_leaks(seen, [_checked(line.example, documents) for line in test.values()]):
        yield test[leak.tested].fault(f"{leak.kind} as {leak.trained} of the training half: {leak.text[:80]!r}")


def _sources(example: Example, documents: Sequence[Document]) -> set[str]:
    """The documents that a question is about, whichever way it names them."""
    return {document.source for document in _documents(example, documents)}


def _documents(example: Example, documents: Sequence[Document]) -> Iterator[Document]:
    for name in sorted(documents_of(example)):
        try:
            yield find_document(example, name, documents)
        except InputError:
            continue  # it is a fault of its own


def _checked(example: Example, documents: Sequence[Document]) -> ExampleTexts:
    """A question with all the text of its documents: what a model that was trained on it may have seen."""
    texts = (example.question, *(quote.text for quote in example.quotes))
    answer = () if example.behavior == "refuse" else (example.answer,)
    told = [document.text for document in _documents(example, documents)]
    return ExampleTexts(example.id, example.question, (*texts, *answer), (*texts, *answer, *told))


def _empty_cells(lines: Sequence[Line], files: Sequence[Path], per_cell: int) -> Iterator[Fault]:
    if not per_cell:
        return
    counts = Counter(_cell(line.example) for line in lines)
    for language in sorted({line.example.language for line in lines}):
        last = next(line for line in reversed(lines) if line.example.language == language)
        own = [line.example for line in lines if line.example.language == language]
        for split in sorted({example.split or "" for example in own}):
            for domain in sorted({example.domain for example in own}):
                for kind in KINDS:
                    if (count := counts[language, split, kind, domain]) != per_cell:
                        where = f"{language}, {split or 'no split'}, {domain or 'no domain'}"
                        yield Fault(
                            last.path, last.number, f"{where}: {count} questions of kind {kind!r}, not {per_cell}"
                        )


def _cell(example: Example) -> tuple[str, str, str, str]:
    return (example.language, example.split or "", example.kind, example.domain)


def _without_id(error: InputError) -> str:
    """The message of an error that names the question, which the line does already."""
    return str(error).partition(": ")[2]
