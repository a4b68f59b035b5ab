"""Data of the answer browser: exact offsets, right and wrong answers, and nothing that could be markup."""

import json
import re

import pytest

from opora.bench.results.table import AnswerRow, Entry, entries_of, make_table
from opora.records import Answer, Citation, Hit, Passage
from opora.report.answers import AnswerBrowserData, safe_json, sample_rows
from opora.report.results import BenchmarkResults, RefusalMatrix, report_words

PASSAGE = Passage(
    id="p", document_id="d", text="🚢 The fee is 12 EUR. Dogs are free.", start=100, end=136, table_header="| fee |",
    metadata={"source": "fees.md", "title": "", "language": "en"},
)  # fmt: skip


def row(model, number, condition=None, citations=(), **scores):
    hits = (Hit(passage=PASSAGE, rank=1),) if citations else ()
    return AnswerRow(
        model=model, condition=condition or {}, id=f"q{number}", question="?", reference="", behavior="answer",
        question_type="simple", domain="", language="en", gold=("p",), quotes=("fee is 12 EUR",), scores=scores,
        answer=Answer(text="12", refused=False, citations=citations, hits=hits),
    )  # fmt: skip


def cited(start, end, passage="p"):
    return Citation(document_id="d", passage_id=passage, start=start, end=end, text="t", location="fees.md")


def collected(rows, verdict=None):
    table = make_table(rows, entries_of({"m": "m"}, ""), resamples=10)
    answers = AnswerBrowserData(BenchmarkResults("b", table, RefusalMatrix(), report_words("en")))
    for row in rows:
        answers.add(row.model_dump(mode="json") | ({"verdict": verdict} if verdict else {}))
    return answers.data()


def test_marks_are_offsets_in_the_passage():
    data = collected(
        [row("m", 0, citations=[cited(102, 121), cited(100, 136), cited(0, 9, "other")], key_fact_accuracy=1.0)]
    )
    assert data["passages"] == [["fees.md", "| fee |", PASSAGE.text, "en"]]
    [question] = data["questions"]
    assert question["gold"] == [0]
    [[start, end]] = question["spans"]["0"]
    assert PASSAGE.text[start:end] == "fee is 12 EUR"
    [[answer]] = data["answers"]
    assert answer["cites"] == [[None, 0, 2, 21], [None, 0, 0, 0], [None, -1, "fees.md", "t"]]
    assert answer["right"] == 1


@pytest.mark.parametrize(
    ("scores", "right", "label"),
    [
        ({"judge_correct": 0.0, "key_fact_accuracy": 1.0}, 0, "judged correct"),
        ({"key_fact_accuracy": 0.5}, 0, "key-fact accuracy"),
        ({"key_fact_accuracy": None}, None, ""),
        ({"exact_set_accuracy": 1.0}, 1, "exact-set accuracy"),
    ],
)
def test_right_is_by_the_best_judge_there_is(scores, right, label):
    data = collected([row("m", 0, **scores)])
    assert data["answers"][0][0]["right"] == right
    assert data["right"] == label


def test_the_reason_of_a_judge_is_kept():
    [[answer]] = collected([row("m", 0, judge_correct=1.0)], {"reason": "as it stands", "score": 5})["answers"]
    assert answer["reason"] == "as it stands"


@pytest.mark.parametrize(
    ("models", "conditions", "count"), [(1, 1, 1), (4, 1, 4), (1, 40, 12), (3, 30, 12), (20, 2, 20)]
)
def test_many_conditions_are_sampled_evenly(models, conditions, count):
    rows, entries = [], []
    for model in range(models):
        for position in range(conditions):
            condition = {"passages": 9, "gold_position": position}
            entries.append(Entry(f"{model} {position}", "", str(model), condition))
            rows.append(row(str(model), 0, condition, key_fact_accuracy=1.0))
    chosen = sample_rows(make_table(rows, entries, resamples=10))
    assert len(chosen) == count
    assert {row.model for row in chosen} == {str(model) for model in range(models)}
    if count > models:
        assert {0, conditions - 1} <= {row.condition["gold_position"] for row in chosen}


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "]]>", "&amp;", "\u2028\u2029", "🚢 \\u003c"])
def test_data_never_ends_its_element(text):
    written = safe_json({"text": text})
    assert not re.search("[<>&\u2028\u2029]", written)
    assert json.loads(written) == {"text": text}
