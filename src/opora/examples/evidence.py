"""Which passages hold the answer: quotes of a question, located in the corpus as it was cut.

In: an example with quotes, and the corpus. Out: the example with its gold passages. Quotes survive another cutting of
the documents, ids of passages do not.

    resolve_gold(example, documents, passages).gold       # ('1f0c-3',)
"""

from __future__ import annotations

from collections.abc import Sequence

from opora.errors import InputError
from opora.records import Document, Example, Passage, Quote
from opora.text.quotes import locate


def resolve_gold(example: Example, documents: Sequence[Document], passages: Sequence[Passage]) -> Example:
    """`example` with its gold: every passage of the quoted document that, as it is shown, holds a quote whole, so a
    sentence that the document repeats, or that an overlap repeats, has several; where cutting went through the quote,
    every passage that holds a part of it. An example with passages of its own is returned as it is.

    Raises InputError that names the question and the quote, or document, that is not in the corpus.
    """
    if example.passages:
        return example
    gold: dict[str, Passage] = {}
    for quote in example.quotes:
        document = find_document(example, quote.document, documents)
        inside = [each for each in passages if each.document_id == document.id]
        whole = [each for each in inside if locate(quote.text, each.shown)]
        found = whole or _parts(example, quote, document, inside)
        gold.update({each.id: each for each in found})
    return example.model_copy(update={"passages": tuple(gold.values()), "gold": tuple(gold)})


def names_source(name: str, source: str) -> bool:
    """True if a question's name of a document, `finance/review`, means the source `en/finance/review.pdf`."""
    head, _, last = source.rpartition("/")
    stem = f"{head}/{last.rsplit('.', 1)[0]}".removeprefix("/")
    return any(each == name or each.endswith(f"/{name}") for each in (source, stem))


def find_document(example: Example, name: str, documents: Sequence[Document]) -> Document:
    """The document that `example` calls `name`, in its language. Raises InputError if there is none, or are several."""
    named = [each for each in documents if names_source(name, each.source)]
    spoken = [each for each in named if not example.language or each.language == example.language]
    if len(spoken) == 1:
        return spoken[0]
    if not spoken:
        languages = f", only in {', '.join(sorted({each.language for each in named}))}" if named else ""
        raise InputError(f"question {example.id!r}: the corpus has no document {name!r}{languages}")
    sources = ", ".join(sorted(each.source for each in spoken))
    raise InputError(f"question {example.id!r}: {name!r} may be {sources}; write more of the path")


def _parts(example: Example, quote: Quote, document: Document, inside: Sequence[Passage]) -> list[Passage]:
    span = locate(quote.text, document.text)
    if span is None:
        raise InputError(
            f"question {example.id!r}: the quote {quote.text[:60]!r} is not in {document.source}; mend the quote"
        )
    return [each for each in inside if each.start < span[1] and span[0] < each.end]
