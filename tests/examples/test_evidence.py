"""Quotes resolve to the passages that hold them."""

import pytest

from opora.errors import InputError
from opora.examples.evidence import evidence, matches_source, resolve_gold
from opora.records import Document, Example, Passage, Quote
from tests.factories import FEE_EXAMPLE

TEXTS = {
    "ru/rules/fees.pdf": ("ru", "Плата 12 рублей в день. Собаки бесплатно.\n\nСобаки бесплатно. Дети платят половину."),
    "en/rules/fees.pdf": ("en", "A fee of 12 roubles is due. Dogs go free.\n\nDogs go free. Children pay half."),
    "en/tech/fees.md": ("en", "| Unit | Flow |\n|---|---|\n| A | 5 |\n| B | 7 |"),
}
SPANS = {
    "ru/rules/fees.pdf": [(0, 41), (43, 60), (61, 83)],
    "en/rules/fees.pdf": [(0, 27), (14, 41), (43, 75)],
    "en/tech/fees.md": [(0, 36), (37, 46)],
}


@pytest.fixture(scope="module")
def documents():
    return [
        Document(id=source, source=source, title="", text=text, language=language)
        for source, (language, text) in TEXTS.items()
    ]


@pytest.fixture(scope="module")
def pieces():
    header = TEXTS["en/tech/fees.md"][1][:26]
    return [
        Passage(id=f"{source}-{n}", document_id=source, text=TEXTS[source][1][a:b], start=a, end=b,
                table_header=header if source.endswith(".md") and n else "")
        for source, spans in SPANS.items() for n, (a, b) in enumerate(spans)
    ]  # fmt: skip


def example(document, *quotes, language="en"):
    own = tuple(Quote(document=document, text=quote) for quote in quotes)
    return Example(id="q7", question="?", answer="!", language=language, quotes=own)


@pytest.mark.parametrize(
    ("document", "language", "quote", "gold"),
    [
        ("rules/fees", "en", "A fee of 12 roubles is due.", ["en/rules/fees.pdf-0"]),
        ("rules/fees", "en", "12 roubles", ["en/rules/fees.pdf-0"]),
        ("rules/fees", "en", "«12   Roubles»", ["en/rules/fees.pdf-0"]),
        ("rules/fees", "en", "roubles is due", ["en/rules/fees.pdf-0"]),
        ("rules/fees", "en", "Dogs go free", ["en/rules/fees.pdf-1", "en/rules/fees.pdf-2"]),  # a repeated sentence
        ("rules/fees", "en", "A fee of 12 roubles is due. Dogs go free.",
         ["en/rules/fees.pdf-0", "en/rules/fees.pdf-1"]),  # split by chunking
        ("rules/fees", "ru", "Плата 12 рублей", ["ru/rules/fees.pdf-0"]),
        ("ru/rules/fees.pdf", "ru", "Собаки бесплатно", ["ru/rules/fees.pdf-0", "ru/rules/fees.pdf-1"]),
        ("rules/fees.pdf", "ru", "Дети платят половину", ["ru/rules/fees.pdf-2"]),
        ("tech/fees", "en", "| B | 7 |", ["en/tech/fees.md-1"]),
        ("tech/fees", "en", "| Unit | Flow |\n|---|---|\n| B | 7 |", ["en/tech/fees.md-1"]),  # below its own header
    ],
)  # fmt: skip
def test_quotes_resolve_to_gold_passages(documents, pieces, document, language, quote, gold):
    resolved = resolve_gold(example(document, quote, language=language), documents, pieces)
    assert list(resolved.gold) == gold
    assert [passage.id for passage in resolved.passages] == gold


def test_several_quotes_share_gold_passages(documents, pieces):
    resolved = resolve_gold(example("rules/fees", "12 roubles", "A fee of 12", "Children pay"), documents, pieces)
    assert resolved.gold == ("en/rules/fees.pdf-0", "en/rules/fees.pdf-2")


@pytest.mark.parametrize(
    ("document", "language", "quote", "message"),
    [
        ("rules/fees", "en", "A fee of 13 roubles", "'q7': the quote 'A fee of 13 roubles' is not in en/rules"),
        ("rules/fine", "en", "12", "question 'q7': the corpus has no document 'rules/fine'$"),
        ("tech/fees", "ru", "5", "no document 'tech/fees', only in en"),
        ("fees", "en", "12", "'fees' may be en/rules/fees.pdf, en/tech/fees.md; write more of the path"),
    ],
)
def test_an_unknown_quote_or_document_is_an_error(documents, pieces, document, language, quote, message):
    with pytest.raises(InputError, match=message):
        resolve_gold(example(document, quote, language=language), documents, pieces)


def test_an_example_with_passages_is_unchanged(documents, pieces):
    own = example("rules/fees").model_copy(update={"passages": (pieces[0],), "gold": (pieces[0].id,)})
    assert resolve_gold(own, documents, pieces) == own
    assert resolve_gold(example("rules/fees"), documents, pieces).gold == ()


@pytest.mark.parametrize(
    ("name", "source", "means"),
    [
        ("finance/review", "en/finance/review.pdf", True),
        ("finance/review.pdf", "en/finance/review.pdf", True),
        ("en/finance/review", "en/finance/review.pdf", True),
        ("en/finance/review.pdf", "en/finance/review.pdf", True),
        ("view", "en/finance/review.pdf", False),
        ("finance/review-2", "en/finance/review.pdf", False),
        ("review", "en/finance/review.pdf", True),
        ("review", "review.pdf", True),
        ("review-q3.2024", "ru/review-q3.2024.docx", True),
        ("finance/review.docx", "en/finance/review.pdf", False),
        ("ru/finance/review", "en/finance/review.pdf", False),
    ],
)
def test_names_match_sources(name, source, means):
    assert matches_source(name, source) is means


def test_evidence_has_no_redundant_passages():
    quotes = (Quote(document="d0", text="It is due on Monday."), Quote(document="d0", text="The fee is 12 EUR a day."))
    example = FEE_EXAMPLE.model_copy(update={"quotes": quotes, "gold": ("d0-0", "d0-1")})
    assert [passage.id for passage in evidence(example)] == ["d0-0"]
