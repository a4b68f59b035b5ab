"""How the rows of a table are called: in English as the table has them, in other languages by their conditions.

row_names(table, words_in("ru"))        # {'10 passages, reverse order': 'отрывков: 10, порядок обратный'}
"""

from __future__ import annotations

from opora.bench.results.i18n import Words
from opora.bench.results.table import Table, Values


def row_names(table: Table, words: Words) -> dict[str, str]:
    """Name of a row in the table -> as it is shown."""
    if words.language == "en":
        return {row.name: row.name for row in table.rows}
    several = len({row.model for row in table.rows}) > 1
    names = {}
    for row in table.rows:
        condition = condition_in_words(row.condition, words)
        names[row.name] = f"{row.model}: {condition}" if condition and several else condition or row.name
    return names


def condition_in_words(condition: Values, words: Words) -> str:
    """Empty for none, and for one that is not known here."""
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
