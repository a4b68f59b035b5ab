"""Labelled queries: questions of a file with the passages that answer them.

In: JSON Lines of examples with quotes, or with gold passages of this corpus. Out: each question, outside the test
split, with the ids of its passages and documents.

    queries = read_labelled_queries(Path("questions.jsonl"), Path("corpus"))
    queries[0].gold, queries[0].documents          # frozenset({'1f0c-3'}), ('1f0c',)
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from opora.corpus.reader import read_documents, read_passages
from opora.examples.evidence import find_document, resolve_gold
from opora.examples.reader import read_questions
from opora.records import Example


class LabelledQuery(NamedTuple):
    """`gold`: ids of the passages that answer it; `documents`: ids of their documents, or a placeholder without
    gold."""

    example: Example
    gold: frozenset[str]
    documents: tuple[str, ...]


def read_labelled_queries(path: Path, corpus: Path) -> list[LabelledQuery]:
    """Return the queries in the order of the file. Raises InputError, with the line or the question, for a wrong row
    and for a quote or document that is not in the corpus."""
    examples = [example for example in read_questions(path) if example.split != "test"]
    documents = list(read_documents(corpus)) if any(example.quotes for example in examples) else []
    quoted = {find_document(example, quote.document, documents).id for example in examples for quote in example.quotes}
    passages = [passage for passage in read_passages(corpus) if passage.document_id in quoted]
    return [_label(example, resolve_gold(example, documents, passages)) for example in examples]


def _label(example: Example, resolved: Example) -> LabelledQuery:
    gold = frozenset(resolved.gold)
    documents = {passage.document_id for passage in resolved.passages if passage.id in gold}
    return LabelledQuery(example, gold, tuple(sorted(documents)) or (f"question {example.id}",))
