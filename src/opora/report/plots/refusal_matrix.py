"""What was due and what was done: the refusal matrix of a benchmark.

In: the rows of `answers.jsonl`, one by one. Out: counts by model, as a grid and as a plot.

    matrix = Refusals()
    for row in rows:
        matrix.add(row)
    matrix.share("raft", "refuse", refused=True)        # 0.75
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from opora.bench.results.i18n import Words
from opora.bench.results.markdown import Grid
from opora.records import Behavior
from opora.report.plots.draw import INK, LETTERS_PT, Drawn, new_figure, plain, style_axes
from opora.report.plots.sweeps import DEEPEST, draw_cell, finish_cells

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEHAVIORS: tuple[Behavior, ...] = get_args(Behavior)


class Refusals:
    """Counts of answers and refusals by model and by what was due. Rows under a condition are not counted: there the
    same question is asked many times."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, bool]] = Counter()

    def add(self, row: Mapping[str, Any]) -> None:
        if "answer" in row and not row.get("condition"):
            self._counts[row["model"], row["behavior"], bool(row["answer"]["refused"])] += 1

    @property
    def models(self) -> list[str]:
        return list(dict.fromkeys(model for model, _, _ in self._counts))

    @property
    def behaviors(self) -> list[Behavior]:
        """What was due to some question."""
        return [each for each in BEHAVIORS if any(due == each for _, due, _ in self._counts)]

    def count(self, model: str, due: str, refused: bool) -> int:
        return self._counts[model, due, refused]

    def share(self, model: str, due: str, refused: bool) -> float | None:
        questions = sum(self.count(model, due, each) for each in (False, True))
        return self.count(model, due, refused) / questions if questions else None

    def cell(self, model: str, due: str, refused: bool, words: Words) -> str:
        """'0.83 (10) ✓', the mark where it was due."""
        mark = " ✓" if (due == "refuse") == refused else ""
        share = words.number(self.share(model, due, refused))
        return f"{share} ({self.count(model, due, refused)}){mark}"


def matrix_grid(matrix: Refusals, words: Words) -> Grid | None:
    """A line a model and what was due; None for a benchmark without answers."""
    lines = [
        [f"{model}: {words(f'matrix.{due}')}", *(matrix.cell(model, due, refused, words) for refused in (False, True))]
        for model in matrix.models
        for due in matrix.behaviors
    ]
    head = [words("matrix.answered"), words("matrix.refused")]
    return Grid(words("matrix.expected"), head, lines, words("matrix.note"), name="matrix") if lines else None


def matrix_plot(matrix: Refusals, words: Words) -> Drawn | None:
    """A small map a model, one below another."""
    if not matrix.models:
        return None

    def draw() -> Figure:
        models, due = matrix.models, matrix.behaviors
        figure, all_axes = new_figure(0.4 + len(models) * (0.35 + 0.28 * len(due)), rows=len(models))
        for axes, model in zip(all_axes, models, strict=True):
            for y, behavior in enumerate(due):
                for x, refused in enumerate((False, True)):
                    deep = DEEPEST * (matrix.share(model, behavior, refused) or 0.0)
                    draw_cell(axes, x, y, deep, matrix.cell(model, behavior, refused, words))
            heads = [words("matrix.answered"), words("matrix.refused")]
            finish_cells(axes, heads, [words(f"matrix.{each}") for each in due])
            axes.set_title(plain(model), loc="left", fontsize=LETTERS_PT, color=INK)
            style_axes(axes, "")
        return figure

    return Drawn("refusals", words("plots.refusals"), draw, words("plots.see"))
