"""docs/reference/file-formats.md: files of artefacts, from the records that read and write them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from reference.fields import WRITTEN, docstring, record_table

FILES = (
    ("manifest.json", "In every artefact; a folder without it is unfinished.", "opora.artifacts:Manifest"),
    ("corpus/documents.parquet", "One row per document.", "opora.records:Document"),
    ("corpus/passages.parquet", "One row per passage.", "opora.records:Passage"),
    ("corpus/dropped.jsonl", "One line per document that was left out.", "opora.corpus.parsers.base:Dropped"),
    ("corpus/suspect.jsonl", "Documents and pages not to be trusted.", "opora.corpus.report.summary:SuspectRow"),
    ("questions.jsonl", "Your questions: one JSON object per line. Only `id`, `question` and `answer` are required.",
     "opora.records:Example"),
    ("bench/NAME/answers.jsonl", "One line per row of the table and question.", "opora.bench.results.table:AnswerRow"),
    ("bench/NAME/table.json", "The table that `table.md` and `table.tex` show.", "opora.bench.results.table:Table"),
)  # fmt: skip
"""File, text, and the record of one row or of the whole file. A new file is one row."""
PARTS = (
    "opora.records:Quote", "opora.records:KeyFacts", "opora.records:Option", "opora.records:Answer",
    "opora.records:Citation", "opora.records:DroppedCitation", "opora.records:Hit",
    "opora.bench.results.table:TableRow", "opora.metrics.bootstrap:Interval", "opora.metrics.bootstrap:Difference",
)  # fmt: skip
"""Records inside those records."""
INTRO = Path(__file__).with_suffix(".md")


def file_formats_page() -> str:
    """Return one table per file and per record inside it."""
    parts = [f"{INTRO.read_text('utf-8')}\n{WRITTEN}\n"]
    for name, text, path in FILES:
        parts.append(f"## {name}\n\n{text} {docstring(_load(path))}\n\n{record_table(_load(path))}\n")
    parts.append("## Records inside other records\n")
    for path in PARTS:
        parts.append(f"### {path.split(':')[1]}\n\n{docstring(_load(path))}\n\n{record_table(_load(path))}\n")
    return "\n".join(parts)


def _load(path: str) -> type:
    module, name = path.split(":")
    return getattr(import_module(module), name)
