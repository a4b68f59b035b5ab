"""Curves of the trainings behind a benchmark: what was held out, and general chats, by step.

In: the manifest of a benchmark, whose specs name adapters. Out: a curve for each training whose adapter, as it lies
there now, is that which was benched; its plot.

    [curve] = read_curves(read_manifest(Path("bench/en")))
    curve.evaluations[0]      # Evaluation(step=0, domain=1.93, general=2.41)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opora.artifacts import Manifest, fingerprint_of_file, read_json_lines, read_manifest
from opora.artifacts.checksums import MANIFEST
from opora.bench.results.i18n import Words
from opora.report.texts import report_words
from opora.bench.results.markdown import Grid
from opora.errors import InputError
from opora.models.revision import adapter_revision
from opora.models.spec import parse_spec
from opora.report.plots.draw import (
    INK,
    LETTERS_PT,
    MARKERS,
    PAPER,
    Drawn,
    Plot,
    color,
    draw_plot,
    new_figure,
    style_axes,
    write_numbers,
)
from opora.train.llm.early_stopping import GENERAL_LOSS
from opora.train.llm.stage import LOG

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

DOMAIN_LOSS = "eval_loss"
LEAST_SPAN = 0.1
"""Nats that a panel spans at least: what changes less is to look flat."""


class Evaluation(NamedTuple):
    """Losses at a step, None for what was not scored."""

    step: int
    domain: float | None
    general: float | None


class Curve(NamedTuple):
    """One training. `rows`: rows of the table whose adapters it left; `method`: that of the domain's loss;
    `kept_step`: of the adapter that it left when it was stopped, None where it ended by itself."""

    training: str
    rows: tuple[str, ...]
    method: str
    evaluations: Sequence[Evaluation]
    max_fall: float | None
    kept_step: int | None


def log_fingerprints(bench: Manifest) -> dict[str, str]:
    """Training -> fingerprint of the log that its curve is read from."""
    return {str(folder): fingerprint_of_file(folder / LOG) for folder in _trainings(bench)}


def read_curves(bench: Manifest) -> list[Curve]:
    """A curve a training that has evaluations, in the order of the table."""
    curves = [_curve(folder, rows) for folder, rows in _trainings(bench).items()]
    return [curve for curve in curves if curve.evaluations]


def _trainings(bench: Manifest) -> dict[Path, list[str]]:
    """Folder of a training -> names of the rows whose adapters it left."""
    found: dict[Path, list[str]] = {}
    # a judged benchmark names no models: their curves stand by what it judged
    for row, spec in bench.settings.get("models", {}).items():
        folder = _training(spec, bench.models.get(row, ""))
        if folder:
            found.setdefault(folder, []).append(row)
    return found


def _training(spec: str, revision: str) -> Path | None:
    """Where the adapter of a spec was trained: its folder, or that around `at-60/adapter`. None if it was not trained
    here, or anew since."""
    adapter = parse_spec(spec).adapter
    try:
        if not adapter or not revision.endswith(f"+{adapter_revision(adapter)}"):
            return None
    except InputError:  # the adapter is gone
        return None
    folders: Iterable[Path] = (Path(adapter), *Path(adapter).parents[:2])
    return next((each for each in folders if (each / MANIFEST).exists() and (each / LOG).exists()), None)


def _curve(folder: Path, rows: Sequence[str]) -> Curve:
    manifest = read_manifest(folder)
    evaluations = [
        Evaluation(row["step"], row.get(DOMAIN_LOSS), row.get(GENERAL_LOSS))
        for _, row in read_json_lines(folder / LOG)
        if DOMAIN_LOSS in row or GENERAL_LOSS in row
    ]
    return Curve(
        training=str(folder),
        rows=tuple(rows),
        method=str(manifest.settings["method"]),
        evaluations=evaluations,
        max_fall=manifest.settings.get("max_fall"),
        kept_step=manifest.results.get("stopped", {}).get("kept_step"),
    )


def draw_curve(name: str, curve: Curve, words: Words | None = None) -> Plot:
    """One panel for what was held out, one for general chats: a small fall of the second would not be seen beside a
    large one of the first."""
    words = words or report_words("en")
    loss = words("training.nats") if curve.method == "sft" else words("training.loss", method=curve.method)
    panels = [(loss, "domain"), (words("training.general_nats"), "general")]
    panels = [each for each in panels if getattr(curve.evaluations[0], each[1]) is not None]

    def draw() -> Figure:
        from matplotlib.ticker import MaxNLocator

        figure, all_axes = new_figure(0.4 + 1.4 * len(panels), rows=len(panels))
        for number, (axes, (title, attribute)) in enumerate(zip(all_axes, panels, strict=True)):
            points = [(each.step, getattr(each, attribute)) for each in curve.evaluations]
            limit = points[0][1] + curve.max_fall if attribute == "general" and curve.max_fall is not None else None
            _draw_points(axes, number, points, limit, words)
            if limit is not None:
                axes.axhline(limit, color=INK, linewidth=1, linestyle="--")
                _write(axes, words("training.limit"), (0.0, limit), axes.get_yaxis_transform(), "left")
            if curve.kept_step is not None:
                axes.axvline(curve.kept_step, color=INK, linewidth=1, linestyle=":", ymax=0.85)
                _write(axes, words("training.kept"), (curve.kept_step, 0.85), axes.get_xaxis_transform(), "center")
            axes.set_title(title, loc="left", fontsize=LETTERS_PT, color=INK, pad=8)
            style_axes(axes, grid="y")
            write_numbers(axes, words, "y")
        all_axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
        all_axes[-1].set_xlabel(words("training.step"), fontsize=LETTERS_PT)
        return figure

    return draw_plot(Drawn(name, _caption(curve, words), draw, numbers=_numbers(curve, words)))


def _caption(curve: Curve, words: Words) -> str:
    caption = words("training.caption", rows=", ".join(curve.rows), training=curve.training)
    return caption if curve.kept_step is None else f"{caption} {words('training.stopped', step=curve.kept_step)}"


def _numbers(curve: Curve, words: Words) -> Grid:
    lines = [
        [str(each.step), words.number(each.domain, 3), words.number(each.general, 3)] for each in curve.evaluations
    ]
    return Grid(words("training.step"), [words("training.held_out"), words("training.general")], lines)


def _draw_points(
    axes: Axes, number: int, points: Sequence[tuple[int, float]], limit: float | None, words: Words
) -> None:
    """The line, and the numbers of its ends. Grid and limit lie within what is shown."""
    steps, losses = zip(*points, strict=True)
    axes.plot(steps, losses, marker=MARKERS[number], color=color(number), linewidth=1.5)
    low, high = min(losses), max(*losses, limit or 0.0)
    room = 0.3 * max(LEAST_SPAN, high - low)
    axes.set_ylim(low - room, high + room)
    axes.margins(x=0.1)
    for point in (points[0], points[-1]):
        _write(axes, words.number(point[1]), point, axes.transData, "center")


def _write(axes: Axes, text: str, point: tuple[float, float], transform: Transform, align: str) -> None:
    """A word above a point, legible over lines."""
    axes.annotate(
        text, point, xycoords=transform, xytext=(0, 6), textcoords="offset points", ha=align, fontsize=LETTERS_PT,
        color=INK, bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.5},
    )  # fmt: skip
