import pytest

from opora.metrics.citations import citation_precision, citation_recall, evidence_recall
from opora.metrics.spans import Span


@pytest.mark.parametrize(
    ("cited", "gold", "precision", "recall"),
    [
        ([], [], None, None),
        ([], [Span("d", 0, 9)], None, 0.0),
        ([Span("d", 0, 9)], [], None, None),
        ([Span("d", 0, 9)], [Span("d", 8, 12)], 1.0, 1.0),
        ([Span("d", 0, 9)], [Span("d", 9, 12)], 0.0, 0.0),
        ([Span("d", 0, 9)], [Span("e", 0, 9)], 0.0, 0.0),
        ([Span("d", 0, 9), Span("e", 0, 9)], [Span("d", 0, 2), Span("d", 20, 22)], 0.5, 0.5),
    ],
)
def test_citations(cited, gold, precision, recall):
    assert (citation_precision(cited, gold), citation_recall(cited, gold)) == (precision, recall)


@pytest.mark.parametrize(
    ("passages", "gold", "recall"),
    [
        ([], [], None),
        ([], [Span("d", 0, 9)], 0.0),
        ([Span("d", 0, 9)], [Span("d", 2, 9)], 1.0),
        ([Span("d", 0, 8)], [Span("d", 2, 9)], 0.0),
        ([Span("e", 0, 9)], [Span("d", 2, 9)], 0.0),
        ([Span("d", 0, 9)], [Span("d", 2, 9), Span("d", 20, 29)], 0.5),
    ],
)
def test_evidence_counts_only_if_a_passage_contains_it_whole(passages, gold, recall):
    assert evidence_recall(passages, gold) == recall
