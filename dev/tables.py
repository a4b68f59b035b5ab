"""Fill the result tables of pages from demo/ and benchmark/.

A page marks the place of a table by comments; what is between them is replaced:

    <!-- table demo/en -->      all tables of demo/bench/en
    <!-- summary demo/en -->    the first table with its note
    <!-- brief demo/en -->      the first table, reduced to the metrics of `BRIEF`; `brief-ru` has Russian labels
    <!-- end -->
"""

from __future__ import annotations

import re
from pathlib import Path

BRIEF = ("key_fact_accuracy", "false_refusal", "answered_unanswerable", "citation_recall")
MARKS = re.compile(r"<!-- (table|summary|brief|brief-ru) (\w+)/([\w-]+) -->\n.*?<!-- end -->", re.DOTALL)


def fill_tables(path: Path, root: Path) -> None:
    """Replace the tables of a page; those of a project that has not been run stay as they are."""

    def fill(match: re.Match[str]) -> str:
        form, project, name = match.groups()
        bench = root / project / "bench" / name
        if not (bench / "table.md").exists():
            print(f"{path.relative_to(root)}: table {project}/{name} unchanged; run `make {project}` to update it")
            return match[0]
        return f"<!-- {form} {project}/{name} -->\n{table_text(bench, form)}\n<!-- end -->"

    text = path.read_text("utf-8")
    path.write_text(MARKS.sub(fill, text), encoding="utf-8")


def table_text(bench: Path, form: str) -> str:
    """Return the table of a finished benchmark as Markdown."""
    text = (bench / "table.md").read_text("utf-8").strip()
    if form == "table":
        return text
    if form == "summary":
        return "\n\n".join(text.split("\n\n")[:2])
    from opora.bench.results.files import read_table
    from opora.bench.results.markdown import grids, markdown
    from opora.report.results import report_words

    words = report_words("ru" if form == "brief-ru" else "en")
    return markdown(grids(read_table(bench), words, BRIEF)[0])
