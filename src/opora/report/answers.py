"""Data of the answer browser: questions, answers and passages of a benchmark for the script of the page.

Each passage is stored once; evidence and citations are offsets in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opora.bench.results.table import Table, TableRow, shown_columns
from opora.records import Passage
from opora.report.results import BenchmarkResults
from opora.text.quotes import locate

CORRECTNESS_METRICS = ("judge_correct", "exact_set_accuracy", "key_fact_accuracy")
"""An answer is right if the first of these metrics that the table has is 1, and wrong if it is less."""
MAX_ROWS, MAX_ANSWERS = 12, 6000
"""Limits of one benchmark on the page; a benchmark of positions may have a hundred rows."""
WHOLE_PASSAGE = 0.95
"""A citation that covers this share of a passage counts as one of the whole passage."""
ESCAPES = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"})


def safe_json(data: object) -> str:
    """Return JSON that can neither end the `<script>` element around it nor start another."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)


def sample_rows(table: Table) -> list[TableRow]:
    """Return the rows whose answers are shown: all, or for each model an evenly spaced sample of its conditions."""
    models = list(dict.fromkeys(row.model for row in table.rows))
    max_rows = max(1, min(MAX_ROWS, MAX_ANSWERS // max(1, table.questions)) // len(models))
    sample: list[TableRow] = []
    for model in models:
        rows = [row for row in table.rows if row.model == model]
        count = min(max_rows, len(rows))
        sample += [rows[round(n * (len(rows) - 1) / max(1, count - 1))] for n in range(count)]
    return sample


class AnswerBrowserData:
    """Answers of one benchmark, collected row by row."""

    def __init__(self, results: BenchmarkResults) -> None:
        columns = {column.metric: column for column in shown_columns(results.table)}
        self._correctness = next((metric for metric in CORRECTNESS_METRICS if metric in columns), "")
        self._columns = [column for metric, column in columns.items() if metric != "seconds"]
        self._results, self._rows = results, sample_rows(results.table)
        self._positions = {(row.model, frozenset(row.condition.items())): n for n, row in enumerate(self._rows)}
        self._passage_numbers: dict[str, int] = {}
        self._passages: list[Sequence[str]] = []
        self._questions: dict[str, dict[str, Any]] = {}
        self._answers: list[dict[str, Any]] = [{} for _ in self._rows]

    def add(self, row: Mapping[str, Any]) -> None:
        """Add one row of `answers.jsonl`; rows outside the sample and rows without an answer are ignored."""
        position = self._positions.get((row["model"], frozenset(row.get("condition", {}).items())))
        if position is None or not ("answer" in row or "options" in row):
            return
        question = self._questions.setdefault(row["id"], _question(row))
        choice = {"text": row.get("raw", ""), "chosen": list(row.get("chosen", ()))}
        answer = self._answer(row, question) if "answer" in row else choice
        score = row["scores"].get(self._correctness)
        answer["right"] = None if score is None else int(score == 1.0)
        scores = [row["scores"].get(column.metric) for column in self._columns]
        answer["scores"] = [None if score is None else round(score, 3) for score in scores]
        self._answers[position][row["id"]] = answer

    def data(self) -> dict[str, Any]:
        """Return everything that the script needs; empty if there is no answer."""
        if not self._questions:
            return {}
        questions = [
            {**question, "gold": [number for id_, number in self._passage_numbers.items() if id_ in question["gold"]]}
            for question in self._questions.values()
        ]
        results, labels = self._results, {column.metric: self._results.words.label(column) for column in self._columns}
        return {
            "name": results.name,
            "rows": [results.row_names[row.name] for row in self._rows],
            "all": len(results.table.rows),
            "metrics": list(labels.values()),
            "digits": [column.digits for column in self._columns],
            "right": labels.get(self._correctness, ""),
            "passages": self._passages,
            "questions": questions,
            "answers": [[answers.get(id_) for id_ in self._questions] for answers in self._answers],
        }

    def _answer(self, row: Mapping[str, Any], question: dict[str, Any]) -> dict[str, Any]:
        """Return the non-empty parts of an answer; citations have offsets in their passage."""
        answer = row["answer"]
        passages = {hit["passage"]["id"]: hit["passage"] for hit in answer["hits"]}
        for passage in passages.values():
            self._add_passage(passage, row, question)
        parts = {
            "text": answer["text"],
            "refused": int(answer["refused"]),
            "hits": [self._passage_numbers[id_] for id_ in passages],
            "cites": [self._citation(citation, passages) for citation in answer["citations"]],
            "dropped": [[citation["text"], citation["reason"]] for citation in answer.get("dropped", ())],
            "raw": answer["raw"] if answer.get("raw", "").strip() != answer["text"] else "",
            "reason": (row.get("verdict") or {}).get("reason", ""),
        }
        return {key: value for key, value in parts.items() if value or key == "text"}

    def _add_passage(self, passage: Mapping[str, Any], row: Mapping[str, Any], question: dict[str, Any]) -> None:
        """Store a passage, and the spans of the question's evidence in it."""
        id_ = passage["id"]
        if id_ not in self._passage_numbers:
            record = Passage.model_validate(passage)
            self._passage_numbers[id_] = len(self._passages)
            language = str(record.metadata.get("language", ""))
            self._passages.append([record.location, record.table_header, record.text, language])
        number = str(self._passage_numbers[id_])
        if id_ in row.get("gold", ()) and number not in question["spans"]:
            spans = (locate(quote, passage["text"]) for quote in row.get("quotes", ()))
            question["spans"][number] = [list(span) for span in spans if span]

    def _citation(self, citation: Mapping[str, Any], passages: Mapping[str, Mapping[str, Any]]) -> list[Any]:
        """Return marker, number of the passage, start and end in it; for a passage that is not shown, marker, -1,
        location and text."""
        passage = passages.get(citation["passage_id"])
        if passage is None:
            return [citation["marker"], -1, citation["location"], citation["text"]]
        size = len(passage["text"])
        start = max(0, citation["start"] - passage["start"])
        end = min(size, citation["end"] - passage["start"])
        if end - start >= WHOLE_PASSAGE * size:
            start, end = 0, 0
        return [citation["marker"], self._passage_numbers[passage["id"]], start, end]


def _question(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "text": row["question"],
        "question_type": row["question_type"],
        "domain": row["domain"],
        "language": row["language"],
        "behavior": row.get("behavior", ""),
        "reference": row.get("reference", ""),
        "quotes": list(row.get("quotes", ())),
        "options": [[option["text"], int(option["right"])] for option in row.get("options", ())],
        "gold": list(row.get("gold", ())),
        "spans": {},
    }
