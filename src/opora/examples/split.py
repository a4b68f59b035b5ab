"""Splits by document: what is tested was never trained on, nor any question about the same document.

In: examples, some or none of which say which split they belong to. Out: train, valid and test, and the questions that
span two of them and are left out.

    splits = split_by_document(examples, valid=0.1, test=0.2, seed=0)
    splits.train, splits.valid, splits.test, splits.spanning
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from opora.errors import InputError
from opora.records import Example


class Splits(NamedTuple):
    """Three splits that share no document; `spanning` are questions about documents of more than one."""

    train: list[Example]
    valid: list[Example]
    test: list[Example]
    spanning: list[Example]


def split_by_document(examples: Sequence[Example], *, valid: float, test: float, seed: int) -> Splits:
    """Train, valid (share `valid` of the training questions) and test. Examples that carry a split keep it; if none
    does, whole documents make up the test split until it has the share `test` of the questions.

    Raises InputError if only some examples carry a split, or a document stands in both.
    """
    given = [example for example in examples if example.split]
    if given and len(given) < len(examples):
        odd = next(example for example in examples if not example.split)
        raise InputError(f"question {odd.id!r} has no split, others have; give all of them one, or none")
    if given:
        test_documents = _documents(example for example in examples if example.split == "test")
        _refuse_shared(examples, test_documents)
    else:
        test_documents = _draw(examples, test, f"test {seed}")
    tested, others, spanning = _divide(examples, test_documents)
    valid_documents = _draw(others, valid, f"valid {seed}")
    held_out, trained, between = _divide(others, valid_documents)
    return Splits(trained, held_out, tested, spanning + between)


def documents_of(example: Example) -> frozenset[str]:
    """What an example is about: the documents it names, else those of its gold passages, else itself alone."""
    named = {*example.documents, *(quote.document for quote in example.quotes)}
    gold = {passage.document_id for passage in example.passages if passage.id in example.gold}
    return frozenset(named or gold or {f"question {example.id}"})


def _documents(examples: Iterable[Example]) -> frozenset[str]:
    return frozenset().union(*map(documents_of, examples))


def _divide(examples: Sequence[Example], held: Collection[str]) -> tuple[list[Example], list[Example], list[Example]]:
    """Examples about `held` documents only, about none of them, and about both."""
    inside, outside, both = [], [], []
    for example in examples:
        documents = documents_of(example)
        if documents <= set(held):
            inside.append(example)
        elif documents & set(held):
            both.append(example)
        else:
            outside.append(example)
    return inside, outside, both


def _draw(examples: Sequence[Example], share: float, salt: str) -> frozenset[str]:
    """Whole documents, in the order of a salted hash, until the questions about them alone reach `share`."""
    wanted = share * len(examples)
    drawn: set[str] = set()
    for document in sorted(_documents(examples), key=lambda each: hashlib.sha256(f"{salt} {each}".encode()).digest()):
        inside, outside, _ = _divide(examples, drawn)
        if len(inside) >= wanted or not outside:
            break
        drawn.add(document)
    return frozenset(drawn)


def _refuse_shared(examples: Sequence[Example], test_documents: frozenset[str]) -> None:
    for example in examples:
        shared = documents_of(example) & test_documents
        if example.split == "train" and shared:
            raise InputError(
                f"question {example.id!r} is for training, but a test question is about {min(shared)!r} too;"
                " put all questions about one document into one split"
            )
