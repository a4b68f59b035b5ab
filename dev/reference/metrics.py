"""docs/reference/metrics.md: every metric, from the table of columns."""

from __future__ import annotations

from reference.fields import WRITTEN, table

GROUPS = {"quality": "Answer quality", "refusals": "Refusals", "sources": "Retrieval and citations", "cost": "Cost"}
ARROWS = {"up": "higher", "down": "lower", "": ""}


def metrics_page() -> str:
    """Return one table per group of metrics."""
    from opora.bench.results.i18n import words_in
    from opora.bench.results.metrics import COLUMNS

    words = words_in("en")
    parts = [
        "# Metrics\n\nColumns of the tables of `opora bench`; the names in the second column stand in `answers.jsonl`"
        f" and `table.json`. How they are compared: [Statistics](../explanation/statistics.md). {WRITTEN}\n"
    ]
    for group, title in GROUPS.items():
        rows = [
            (words.label(column), f"`{column.metric}`", words.meaning(column), ARROWS[column.better])
            for column in COLUMNS
            if column.group == group
        ]
        parts.append(f"## {title}\n\n{table(('metric', 'name', 'definition', 'better'), rows)}\n")
    return "\n".join(parts)
