"""A new dataset schema is one adapter and one row."""

import json

from opora.artifacts import read_json_lines
from opora.examples.adapters.registry import ADAPTERS, DatasetAdapter
from opora.examples.reader import read_questions
from opora.records import Example


def test_a_new_schema(monkeypatch, tmp_path):
    def read(path):
        for number, row in read_json_lines(path):
            yield Example(id=str(number), question=row["prompt"], answer=row["completion"], language="en")

    monkeypatch.setitem(ADAPTERS, "completions", DatasetAdapter(lambda row: "completion" in row, read))
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({"prompt": "What is due?", "completion": "A fee."}) + "\n")
    [example] = read_questions(path)
    assert (example.question, example.answer) == ("What is due?", "A fee.")
