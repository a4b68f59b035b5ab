"""Passages are exact spans, lose no words, keep table rows whole and stay within the maximum size."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opora.corpus.chunking.registry import chunk_document, covered_share
from opora.corpus.settings import ChunkSettings
from opora.records import Document
from opora.text.words import words

TABLE = "| Pump | Flow |\n|---|---|\n" + "".join(f"| A-{n} | {n}.5 |\n" for n in range(40))


def document(text, language="en", **fields):
    return Document(id="0f", source="a.md", title="A", text=text, language=language, **fields)


def passages(text, language="en", **chunk):
    return list(chunk_document(document(text, language), ChunkSettings(**chunk)))


sentence = st.sampled_from(
    ["The fee is 12 EUR.", "Срок — 5 дней.", "See Table 2, p. 7!", "a " * 90 + "end.", "№ 5 \\| x", "«Да»? Нет…"]
)
blocks = st.one_of(
    st.tuples(st.integers(1, 4), st.text("abАБ #|", max_size=12)).map(
        lambda heading: f"{'#' * heading[0]} {heading[1]}"
    ),
    st.lists(sentence, min_size=1, max_size=6).map(" ".join),
    st.lists(sentence, min_size=1, max_size=5).map(lambda items: "\n".join(f"- {item}" for item in items)),
    st.integers(1, 12).map(lambda rows: "| a | b |\n|---|---|\n" + "\n".join(f"| x{n} | {n} |" for n in range(rows))),
    st.text(max_size=40),
)
markdown = st.lists(blocks, max_size=8).map("\n\n".join)


@settings(max_examples=150, deadline=None)
@given(markdown, st.sampled_from(["ru", "en"]), st.sampled_from(["characters", "tokens"]))
def test_passages_are_spans_that_cover_every_word(text, language, unit):
    chunks = passages(text, language, size=120, overlap=40, size_unit=unit)
    covered = set()
    for passage in chunks:
        assert text[passage.start : passage.end] == passage.text != ""
        covered.update(range(passage.start, passage.end))
    offset = 0
    for line in text.split("\n"):
        if not re.match(r"#{1,6}[ \t]", line):
            missing = [word for word in words(line) if offset + word.start not in covered]
            assert not missing
        offset += len(line) + 1
    assert covered_share(document(text, language), chunks) == 1


@pytest.mark.parametrize("size", [100, 200, 400])
def test_a_table_is_split_between_rows_and_repeats_its_header(size):
    chunks = passages(f"# Pumps\n\nAll of them.\n\n{TABLE}", size=size, overlap=30)
    rows = [line for passage in chunks for line in passage.text.splitlines() if line.startswith("| A-")]
    assert rows == [line for line in TABLE.splitlines() if line.startswith("| A-")]
    for passage in chunks:
        assert all(line.count("|") == 3 for line in passage.full_text.splitlines() if line.startswith("|"))
        assert len(passage.full_text) <= size + 1
        if "| A-" in passage.text:
            assert "| Pump | Flow |" in passage.full_text


def test_passages_have_heading_path_and_page():
    text = "# Rules\n\nIntro.\n\n## Fees\n\nTwelve.\n\n# Annex\n\nLast."
    chunks = list(chunk_document(document(text, pages=(0, text.index("## Fees"))), ChunkSettings()))
    assert [(passage.heading, passage.metadata["page"]) for passage in chunks] == [
        (("Rules",), 1),
        (("Rules", "Fees"), 2),
        (("Annex",), 2),
    ]
    assert chunks[1].location == "a.md, Rules > Fees, p. 2"


def test_overlap_is_whole_sentences_within_the_maximum_size():
    text = " ".join(f"Sentence number {n} stands here." for n in range(30))
    chunks = passages(text, size=200, overlap=70)
    for before, after in pairwise(chunks):
        repeated = text[after.start : before.end]
        assert 0 < len(repeated) <= 70
        assert repeated.startswith("Sentence")
    assert max(len(passage.text) for passage in chunks) <= 200


def test_a_number_sign_is_not_a_heading():
    assert [passage.heading for passage in passages("Just text.\n\n#5 is no heading.")] == [()]


def test_passages_begin_with_clauses():
    text = "\n\n".join(f"{n}. Clause {n} is about pumps and valves of the station number {n}." for n in range(1, 20))
    chunks = passages(text, size=250, overlap=60)
    assert all(re.match(r"\d+\. ", passage.text) for passage in chunks)
    assert "".join(passage.text.replace("\n\n", "") for passage in chunks) == text.replace("\n\n", "")


def test_headings_without_text_are_a_passage():
    repealed = "## Article 2. Repealed\n\n## Article 3. Repealed"
    text = f"# Code\n\n## Article 1. Water\n\nText.\n\n{repealed}\n\n## Article 4. Oil\n\nText."
    assert [(passage.heading, passage.text) for passage in passages(text)] == [
        (("Code", "Article 1. Water"), "Text."),
        (("Code",), "Article 2. Repealed\n\n## Article 3. Repealed"),
        (("Code", "Article 4. Oil"), "Text."),
    ]


def test_code_is_kept_with_its_number_signs():
    code = "```\n# no heading\nx = 1\n```"
    [passage] = passages(f"# Setup\n\nRun this:\n\n{code}\n\nDone.")
    assert passage.heading == ("Setup",)
    assert code in passage.text


def test_a_caption_stays_with_its_table_and_a_note_with_its_paragraph():
    filler = "The station has pumps. " * 8
    chunks = passages(f"{filler}\n\nTable 2 — Pumps\n\n{TABLE}", size=260, overlap=0)
    [captioned] = [passage for passage in chunks if "Table 2" in passage.text]
    assert "| A-0 |" in captioned.text
    assert all("table 2" in passage.places for passage in chunks if "| A-" in passage.text)
    chunks = passages(
        f"{'The station has pumps. ' * 7}The fee¹ is due.\n\n¹ In euros.\n\n{filler}", size=190, overlap=0
    )
    assert any("fee¹" in passage.text and "In euros" in passage.text for passage in chunks)


def test_lines_of_a_table_of_contents_are_no_passage():
    text = "# Contents\n\nWater .......... 3\n\nOil .......... 5\n\n# Water\n\nText."
    assert [passage.text for passage in passages(text)] == ["Text."]


def test_a_list_of_prices_with_dots_is_text():
    text = "Coffee .......... 3\n\nTea .......... 2"
    [passage] = passages(text)
    assert passage.text == text


def test_a_long_sentence_is_split_behind_a_comma():
    text = (
        "Пробы воды хранят тридцать суток в комнате у входа, если приказ не называет другого срока или места хранения"
    )
    pieces = [passage.text for passage in passages(text, "ru", size=80, overlap=0)]
    assert pieces[0] == "Пробы воды хранят тридцать суток в комнате у входа,"
    assert " ".join(pieces) == text
