"""Questions of a file, with the passages of the corpus that answer them.

In: JSON Lines of examples with quotes, or with gold passages of this corpus. Out: each with ids of passages and
documents, but for those of the split `test`.

    asked = read_asked(Path("questions.jsonl"), Path("corpus"))
    asked[0].gold, asked[0].documents          # frozenset({'1f0c-3'}), ('1f0c',)
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from opora.artifacts import read_records
from opora.corpus.reader import read_documents, read_passages
from opora.examples.evidence import find_document, resolve_gold
from opora.records import Example
from opora.text.language import detect_language


class Asked(NamedTuple):
    """`documents`: ids of those that the gold passages stand in; without gold the question counts as its own."""

    example: Example
    gold: frozenset[str]
    documents: tuple[str, ...]


def read_asked(path: Path, corpus: Path) -> list[Asked]:
    """Questions in the order of the file. Raises InputError that names the line, or the question whose quote or
    document is not in the corpus."""
    examples = [_with_language(each) for each in read_records(path, Example) if each.split != "test"]
    documents = list(read_documents(corpus)) if any(each.quotes for each in examples) else []
    quoted = {find_document(each, quote.document, documents).id for each in examples for quote in each.quotes}
    passages = [each for each in read_passages(corpus) if each.document_id in quoted]
    return [_asked(each, resolve_gold(each, documents, passages)) for each in examples]


def _asked(example: Example, resolved: Example) -> Asked:
    gold = frozenset(resolved.gold)
    found = {each.document_id for each in resolved.passages if each.id in gold}
    return Asked(example, gold, tuple(sorted(found)) or (f"question {example.id}",))


def _with_language(example: Example) -> Example:
    return example.model_copy(update={"language": example.language or detect_language(example.question)})
