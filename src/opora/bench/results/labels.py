"""Display names of the rows of a table: their own names in English, their conditions in other languages.

row_names(table, words_in("ru"))        # {'10 passages, reverse order': 'отрывков: 10, обратный порядок'}
"""

from __future__ import annotations

from opora.bench.results.i18n import Words
from opora.bench.results.table import ConditionValues, Table


def row_names(table: Table, words: Words) -> dict[str, str]:
    """Return name of a row -> its display name."""
    if words.language == "en":
        return {row.name: row.name for row in table.rows}
    several = len({row.model for row in table.rows}) > 1
    names = {}
    for row in table.rows:
        condition = condition_in_words(row.condition, words)
        names[row.name] = f"{row.model}: {condition}" if condition and several else condition or row.name
    return names


def condition_in_words(condition: ConditionValues, words: Words) -> str:
    """Return the description of a condition; empty for no condition and for unknown ones."""
    if "slot" in condition:
        return words("condition.slot", **condition)
    if "order" in condition:
        order = words.named("order", str(condition["order"]))
        return words("condition.order", passages=condition["passages"], order=order)
    if "distractors" not in condition:
        return ""
    if not condition["count"]:
        return words("condition.none")
    kind = words.named("distractor", str(condition["distractors"]))
    return words("condition.distractors", count=condition["count"], kind=kind)
