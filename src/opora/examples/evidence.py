"""The passages that hold the evidence of an example, and the spans of its quotes.

Quotes stay valid when documents are chunked differently; passage ids do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from opora.errors import InputError
from opora.metrics.spans import Span, overlap
from opora.records import Document, Example, Passage, Quote
from opora.text.quotes import locate


def resolve_gold(example: Example, documents: Sequence[Document], passages: Sequence[Passage]) -> Example:
    """Return `example` with its gold passages: all passages of the quoted document that hold a whole quote.

    A sentence that the document, or the overlap of passages, repeats has several. If chunking split the quote, all
    passages that hold a part of it are gold. An example with passages of its own is returned unchanged. Raises
    InputError that names the question and the quote, or document, that is not in the corpus.
    """
    if example.passages:
        return example
    gold: dict[str, Passage] = {}
    for quote in example.quotes:
        document = find_document(example, quote.document, documents)
        candidates = [passage for passage in passages if passage.document_id == document.id]
        whole = [passage for passage in candidates if locate(quote.text, passage.full_text)]
        holders = whole or _holding_parts(example, quote, document, candidates)
        gold.update({passage.id: passage for passage in holders})
    return example.model_copy(update={"passages": tuple(gold.values()), "gold": tuple(gold)})


def gold_passages(example: Example) -> list[Passage]:
    """Return the gold passages of an example, in the order in which it carries them."""
    return [passage for passage in example.passages if passage.id in example.gold]


def evidence(example: Example) -> list[Passage]:
    """Return gold passages that together hold the evidence, without repetition.

    These are the first passage that holds each quote, and every gold passage that holds no whole quote.
    """
    gold = gold_passages(example)
    holders = [[passage.id for passage in gold if locate(quote.text, passage.full_text)] for quote in example.quotes]
    redundant = {passage_id for ids in holders for passage_id in ids} - {ids[0] for ids in holders if ids}
    return [passage for passage in gold if passage.id not in redundant]


def gold_spans(example: Example) -> list[Span]:
    """Return the span of each quote in its document, and the spans of gold passages that hold no whole quote."""
    spans: list[Span] = []
    passages = evidence(example)
    for quote in example.quotes:
        for passage in passages:
            if span := locate(quote.text, passage.text):
                spans.append(Span(passage.document_id, passage.start + span[0], passage.start + span[1]))
                break
    without_quote = (p for p in passages if not any(locate(quote.text, p.full_text) for quote in example.quotes))
    return spans + [Span(passage.document_id, passage.start, passage.end) for passage in without_quote]


def matches_source(name: str, source: str) -> bool:
    """Return True if `name`, as questions name documents (`finance/review`), means the file `en/finance/review.pdf`."""
    folder, _, file_name = source.rpartition("/")
    stem = f"{folder}/{file_name.rsplit('.', 1)[0]}".removeprefix("/")
    return any(path == name or path.endswith(f"/{name}") for path in (source, stem))


def find_document(example: Example, name: str, documents: Sequence[Document]) -> Document:
    """Return the document that `example` names, in its language. Raises InputError if there is none, or several."""
    matching = [document for document in documents if matches_source(name, document.source)]
    candidates = [document for document in matching if not example.language or document.language == example.language]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        sources = ", ".join(sorted(document.source for document in candidates))
        raise InputError(f"question {example.id!r}: {name!r} may be {sources}; write more of the path")
    languages = ", ".join(sorted({document.language for document in matching}))
    only_in = f", only in {languages}" if matching else ""
    raise InputError(f"question {example.id!r}: the corpus has no document {name!r}{only_in}")


def _holding_parts(example: Example, quote: Quote, document: Document, candidates: Sequence[Passage]) -> list[Passage]:
    span = locate(quote.text, document.text)
    if span is None:
        fault = f"the quote {quote.text[:60]!r} is not in {document.source}; correct the quote"
        raise InputError(f"question {example.id!r}: {fault}")
    quoted = Span(document.id, *span)
    return [passage for passage in candidates if overlap(passage, quoted)]
