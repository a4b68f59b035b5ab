"""The answers of benchmarks, as the page's script reads them: every passage once, marks as offsets.

In: tables, and rows of `answers.jsonl` as JSON. Out: JSON that can stand inside a page, whatever the documents hold.

    answers = Answers("ru", table, words)
    for row in rows:
        answers.add(row)
    page_json({"benches": [answers.data()]})
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opora.bench.results.i18n import Words
from opora.bench.results.labels import row_names
from opora.bench.results.metrics import COLUMNS
from opora.bench.results.table import Table, TableRow, shown_columns
from opora.records import Passage
from opora.text.quotes import locate

RIGHT = ("judge_correct", "chosen", "key_facts")
"""The metric by which an answer is right or wrong, where it is 1 or 0: the first that a table has."""
MOST_ROWS, MOST_ANSWERS = 12, 6000
"""What the page holds of one benchmark; a benchmark of positions may have a hundred rows."""
WHOLE = 0.95
"""A citation of so much of a passage is one of the passage."""
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page_json(data: object) -> str:
    """JSON that neither ends the element it stands in nor begins another."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for letter, escaped in UNSAFE.items():
        text = text.replace(letter, escaped)
    return text


def chosen_rows(table: Table) -> list[TableRow]:
    """The rows whose answers are shown: all, or for every model the conditions that lie evenly among all of them."""
    models = list(dict.fromkeys(row.model for row in table.rows))
    by_question = max(1, table.questions)
    most = max(1, min(MOST_ROWS, MOST_ANSWERS // by_question) // len(models))
    chosen: list[TableRow] = []
    for model in models:
        own = [row for row in table.rows if row.model == model]
        last = max(1, min(most, len(own)) - 1)
        places = range(len(own)) if len(own) <= most else [round(n * (len(own) - 1) / last) for n in range(most)]
        chosen += [own[place] for place in places]
    return chosen


class Answers:
    """The answers of one benchmark, collected row by row."""

    def __init__(self, name: str, table: Table, words: Words) -> None:
        self.name, self._table, self._rows = name, table, chosen_rows(table)
        names = row_names(table, words)
        self._names = [names[row.name] for row in self._rows]
        self._places = {(row.model, _key(row.condition)): number for number, row in enumerate(self._rows)}
        self._metrics = [each for each in shown_columns(table) if each.metric != "seconds"]
        self._right = next((each for each in RIGHT if any(row.metrics[each].count for row in table.rows)), "")
        self._labels = [words.label(each) for each in self._metrics]
        self._right_label = next((words.label(each) for each in COLUMNS if each.metric == self._right), "")
        self._passages: dict[str, int] = {}
        self._texts: list[Sequence[str]] = []
        self._questions: dict[str, dict[str, Any]] = {}
        self._answers: list[dict[str, Any]] = [{} for _ in self._rows]

    def add(self, row: Mapping[str, Any]) -> None:
        """A row of an entry that is not shown, or without an answer, is passed over."""
        place = self._places.get((row["model"], _key(row.get("condition", {}))))
        if place is None or not ("answer" in row or "options" in row):
            return
        question = self._questions.setdefault(row["id"], _question(row))
        shown = self._answer(row, question) if "answer" in row else _choice(row)
        right = row["scores"].get(self._right)
        shown["right"] = None if right is None else int(right == 1.0)
        shown["scores"] = [_rounded(row["scores"].get(each.metric)) for each in self._metrics]
        self._answers[place][row["id"]] = shown

    def data(self) -> dict[str, Any]:
        """Empty if there is no answer."""
        if not self._questions:
            return {}
        gold = {id_: set(each.pop("gold")) for id_, each in self._questions.items()}
        questions = [
            {**each, "gold": [number for passage, number in self._passages.items() if passage in gold[id_]]}
            for id_, each in self._questions.items()
        ]
        return {
            "name": self.name,
            "rows": self._names,
            "all": len(self._table.rows),
            "metrics": self._labels,
            "digits": [each.digits for each in self._metrics],
            "right": self._right_label,
            "passages": self._texts,
            "questions": questions,
            "answers": [[own.get(id_) for id_ in self._questions] for own in self._answers],
        }

    def _answer(self, row: Mapping[str, Any], question: dict[str, Any]) -> dict[str, Any]:
        """Only what there is; offsets of citations are within their passage."""
        answer = row["answer"]
        hits = {each["passage"]["id"]: each["passage"] for each in answer["hits"]}
        for passage in hits.values():
            self._mark_gold(passage, row, question)
        shown = {
            "text": answer["text"],
            "refused": int(answer["refused"]),
            "hits": [self._passages[id_] for id_ in hits],
            "cites": [self._citation(each, hits) for each in answer["citations"]],
            "dropped": [[each["text"], each["reason"]] for each in answer.get("dropped", ())],
            "raw": answer["raw"] if answer.get("raw", "").strip() != answer["text"] else "",
            "reason": (row.get("verdict") or {}).get("reason", ""),
        }
        return {key: value for key, value in shown.items() if value or key == "text"}

    def _mark_gold(self, passage: Mapping[str, Any], row: Mapping[str, Any], question: dict[str, Any]) -> None:
        id_ = passage["id"]
        if id_ not in self._passages:
            whole = Passage.model_validate(passage)
            self._passages[id_] = len(self._texts)
            self._texts.append([whole.place, whole.header, whole.text, str(whole.metadata.get("language", ""))])
        place = self._passages[id_]
        if id_ in row.get("gold", ()) and str(place) not in question["spans"]:
            spans = (locate(quote, passage["text"]) for quote in row.get("quotes", ()))
            question["spans"][str(place)] = [list(each) for each in spans if each]

    def _citation(self, citation: Mapping[str, Any], hits: Mapping[str, Mapping[str, Any]]) -> list[Any]:
        """Marker, place of the passage, start and end in it; for a passage that was not shown, place and text."""
        passage = hits.get(citation["passage_id"])
        if passage is None:
            return [citation["marker"], -1, citation["place"], citation["text"]]
        size = len(passage["text"])
        start = max(0, citation["start"] - passage["start"])
        end = min(size, citation["end"] - passage["start"])
        if end - start >= WHOLE * size:
            start, end = 0, 0
        return [citation["marker"], self._passages[passage["id"]], start, end]


def _question(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "text": row["question"],
        "kind": row["kind"],
        "domain": row["domain"],
        "language": row["language"],
        "behavior": row.get("behavior", ""),
        "reference": row.get("reference", ""),
        "quotes": list(row.get("quotes", ())),
        "options": [[each["text"], int(each["right"])] for each in row.get("options", ())],
        "gold": list(row.get("gold", ())),
        "spans": {},
    }


def _choice(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": row.get("raw", ""), "chosen": list(row["chosen"])}


def _key(condition: Mapping[str, Any]) -> str:
    return json.dumps(condition, sort_keys=True)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
