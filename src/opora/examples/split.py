"""Split of examples by document: no document of a test question is trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from opora.errors import InputError
from opora.examples.evidence import gold_passages
from opora.records import Example


class Splits(NamedTuple):
    """Three splits that share no document. `spanning` holds the examples about documents of several splits."""

    train: list[Example]
    valid: list[Example]
    test: list[Example]
    spanning: list[Example]


def split_by_document(examples: Sequence[Example], *, valid_share: float, test_share: float, seed: int) -> Splits:
    """Split examples by document.

    Examples that have a split keep it. If none has, whole documents are drawn until the share `test_share` of the
    examples is about them alone. `valid_share` is a share of the training examples. Raises InputError if only some
    examples have a split, or a document is in both.
    """
    with_split = [example for example in examples if example.split]
    if with_split and len(with_split) < len(examples):
        without_split = next(example for example in examples if not example.split)
        raise InputError(f"question {without_split.id!r} has no split, but others have; set it for all or for none")
    if with_split:
        tested = (documents_of(example) for example in examples if example.split == "test")
        test_documents = frozenset[str]().union(*tested)
        _check_separate(examples, test_documents)
    else:
        test_documents = _draw_documents(examples, test_share, f"test {seed}")
    test, remaining, spanning = _partition(examples, test_documents)
    valid_documents = _draw_documents(remaining, valid_share, f"valid {seed}")
    valid, train, spanning_valid = _partition(remaining, valid_documents)
    return Splits(train, valid, test, spanning + spanning_valid)


def documents_of(example: Example) -> frozenset[str]:
    """Return the documents that an example names, else those of its gold passages, else a unique name of its own."""
    names = {*example.documents, *(quote.document for quote in example.quotes)}
    gold = {passage.document_id for passage in gold_passages(example)}
    return frozenset(names or gold or {f"question {example.id}"})


def _partition(examples: Sequence[Example], documents: frozenset[str]) -> tuple[list[Example], ...]:
    """Return the examples about `documents` only, about none of them, and about both."""
    own = [(example, documents_of(example)) for example in examples]
    inside = [example for example, names in own if names <= documents]
    outside = [example for example, names in own if names.isdisjoint(documents)]
    spanning = [example for example, names in own if not (names <= documents or names.isdisjoint(documents))]
    return inside, outside, spanning


def _draw_documents(examples: Sequence[Example], share: float, salt: str) -> frozenset[str]:
    """Draw documents in the order of a salted hash until the examples about them alone reach `share`."""
    own = [documents_of(example) for example in examples]
    names = frozenset[str]().union(*own)
    drawn: set[str] = set()
    for name in sorted(names, key=lambda name: hashlib.sha256(f"{salt} {name}".encode()).digest()):
        is_enough = sum(documents <= drawn for documents in own) >= share * len(own)
        if is_enough or not any(documents.isdisjoint(drawn) for documents in own):
            break
        drawn.add(name)
    return frozenset(drawn)


def _check_separate(examples: Sequence[Example], test_documents: frozenset[str]) -> None:
    for example in examples:
        shared = documents_of(example) & test_documents
        if example.split == "train" and shared:
            raise InputError(
                f"question {example.id!r} has the split train, but a test question is also about {min(shared)!r};"
                " give all questions about one document the same split"
            )
