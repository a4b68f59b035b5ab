"""Questions from files, and the errors of wrong rows."""

import json

import pytest

from opora.errors import InputError
from opora.examples.reader import read_questions

GOOD = {"id": "a", "question": "What is the fee?", "answer": "12 EUR."}
WEB = {"question": "Why?", "answer": "So it is.[1][2]", "references": ["It is so.", "It is.", "It is not."]}


def write(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def test_own_rows_get_language_and_origin(tmp_path):
    [example] = read_questions(write(tmp_path / "q.jsonl", GOOD))
    assert (example.question, example.language, example.origin) == ("What is the fee?", "en", "q.jsonl#a")


def test_webglm_rows_are_examples_with_passages(tmp_path):
    [example] = read_questions(write(tmp_path / "web.jsonl", WEB))
    assert [passage.text for passage in example.passages] == WEB["references"]
    assert example.gold == tuple(passage.id for passage in example.passages[:2])
    assert example.id == "web-1"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([GOOD, {**GOOD, "questoin": 1}], r"q.jsonl:2:\d+: questoin is unknown; did you mean question\?"),
        ([{"id": "a", "question": "?"}], r"q.jsonl:1:1: answer is missing"),
        ([{**GOOD, "question_type": "simpel"}], r"q.jsonl:1:\d+: question_type is 'simpel'"),
        ([{**GOOD, "facts": {"must": [["a"]], "mustnt": []}}], r"facts.mustnt is unknown; did you mean facts.must_not"),
        ([GOOD, '{"id": "b",'], r"q.jsonl:2:12: not JSON"),
        (["[1]"], r"q.jsonl:1: expected a JSON object, got list"),
        ([GOOD, GOOD], r"duplicate id 'a'"),
        ([], r"has no questions"),
        ([WEB, {**WEB, "answer": "See [4]."}], r"row 2: answer cites \[4\], but there are 3 references"),
        ([{**WEB, "reference": []}], r"q.jsonl:1:\d+: reference is unknown; did you mean references\?"),
    ],
)
def test_errors_name_the_row(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        read_questions(write(tmp_path / "q.jsonl", *rows))


def test_errors_name_the_column_of_the_key(tmp_path):
    path = write(tmp_path / "q.jsonl", '{"id": "a", "question": "?", "anwser": "!"}')
    with pytest.raises(InputError, match=r"q.jsonl:1:30: anwser is unknown; did you mean answer\?"):
        read_questions(path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_questions(tmp_path / "none.jsonl")
