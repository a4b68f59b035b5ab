"""Only text of the documents is cited."""

import pytest

from opora.answer.citations import check_citations, cite, suspect_sources
from opora.records import Hit, Passage

TEXTS = (
    "The fee is 12 EUR a day. It is due on Monday.",
    "| Pump | Flow |\n|---|---|\n| A-1 | 12.5 |\n| A-2 | 14 |",
    "Договор с фирмой «Северный ветер» заключён на три года. Пени — 0,5 % в день.",
)
HITS = [
    Hit(
        passage=Passage(
            id=f"d{n}-0", document_id=f"d{n}", text=text, start=100, end=100 + len(text), metadata={"source": f"{n}.md"}
        ),
        rank=n,
    )
    for n, text in enumerate(TEXTS, 1)
]


@pytest.mark.parametrize(
    ("output", "text", "cited", "dropped"),
    [
        ("It is 12 EUR. [1]", "It is 12 EUR. [1]", [(1, TEXTS[0])], []),
        ("It is 12 EUR [1].", "It is 12 EUR [1].", [(1, TEXTS[0])], []),
        ("It is 12 EUR. [7]", "It is 12 EUR.", [], ["no such passage"]),
        ("It is 12 EUR. [0]", "It is 12 EUR.", [], ["no such passage"]),
        ("It is 12 EUR. [1, 9]", "It is 12 EUR. [1]", [(1, TEXTS[0])], ["no such passage"]),
        ("It is 12 EUR. [1][1]", "It is 12 EUR. [1] [1]", [(1, TEXTS[0])], []),
        (
            'Quote: "The fee is 12 EUR a day." [1]\nAnswer: 12 EUR. [1]',
            "12 EUR. [1]",
            [(1, "The fee is 12 EUR a day")],
            [],
        ),
        ('Quote: "The fee is 12 EUR a day." [3]\nAnswer: 12 EUR.', "12 EUR.", [(1, "The fee is 12 EUR a day")], []),
        ('Quote: "The fee is 13 EUR a day." [1]\nAnswer: 13 EUR.', "13 EUR.", [], ["quote not found"]),
        ('Quote: "| A-2 | 14 |" [2]\nAnswer: It is 14. [2]', "It is 14. [2]", [(2, "A-2 | 14")], []),
        ('They say "the fee is 12 EUR" there.', 'They say "the fee is 12 EUR" there.', [(1, "The fee is 12 EUR")], []),
        ('They say "the fee is 99 EUR" there.', "They say the fee is 99 EUR there.", [], ["quote not found"]),
        ("С фирмой «Северный ветер» [3]", "С фирмой «Северный ветер» [3]", [(3, TEXTS[2])], []),
        ("Цитата: «Пени — 0,5 % в день.» [3]\nОтвет: 0,5 %. [3]", "0,5 %. [3]", [(3, "Пени — 0,5 % в день")], []),
        ("", "", [], []),
    ],
)
def test_invalid_citations_are_dropped(output, text, cited, dropped):
    checked = check_citations(output, HITS)
    assert checked.text == text
    assert [(citation.marker, citation.text) for citation in checked.citations] == cited
    assert [drop.reason for drop in checked.dropped] == dropped


def test_citations_are_spans_of_the_document():
    [citation] = check_citations('Quote: "It is due on Monday." [1]\nAnswer: On Monday.', HITS).citations
    passage = HITS[0].passage
    assert passage.text[citation.start - passage.start : citation.end - passage.start] == citation.text
    assert (citation.document_id, citation.start, citation.location) == ("d1", 125, "1.md")


def test_a_suspect_source_is_a_warning_once():
    def hit(number, **metadata):
        passage = HITS[number].passage
        return Hit(passage=passage.model_copy(update={"metadata": {**passage.metadata, **metadata}}), rank=number + 1)

    hits = [hit(0, suspect="read by OCR (page 2)"), hit(1, source="1.md", suspect="text lost (71%)"), hit(2)]
    citations = [cite(hits[number].passage, number + 1) for number in (0, 0, 1, 2)]
    assert suspect_sources(citations, hits) == (
        "1.md is suspect: read by OCR (page 2); text lost (71%); check the source",
    )
    assert suspect_sources(citations[3:], hits) == ()


def test_marks_of_a_document_are_no_citations():
    text = "Скорость коррозии равна 0,12 мм в год [7]. Цинк снижает её втрое [2]."
    hits = [Hit(passage=Passage(id=str(n), document_id="d", text=text, start=0, end=len(text)), rank=n) for n in (1,)]
    hits.append(HITS[0])
    output = (
        "Цитата: «Цинк снижает её втрое [2].» [1]\nОтвет: Она равна 0,12 мм в год [7], цинк снижает её втрое [2]. [1]"
    )
    checked = check_citations(output, hits)
    assert checked.text == "Она равна 0,12 мм в год, цинк снижает её втрое. [1]"
    assert {citation.marker for citation in checked.citations} == {1}
    assert checked.dropped == ()
