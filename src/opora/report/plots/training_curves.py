"""Training curves behind a benchmark: held-out loss and loss on general chats, by step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opora.artifacts import Manifest, fingerprint_of_file, read_json_lines, read_manifest
from opora.artifacts.checksums import MANIFEST
from opora.bench.results.i18n import Words
from opora.bench.results.markdown import Grid
from opora.errors import InputError
from opora.models.revision import adapter_revision
from opora.models.spec import parse_spec
from opora.report.plots import base
from opora.train.llm.early_stopping import GENERAL_LOSS
from opora.train.llm.stage import LOG

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

DOMAIN_LOSS = "eval_loss"
MIN_LOSS_RANGE = 0.1
"""Smallest range of the y-axis, in nats per token: a smaller change should look flat."""


class Evaluation(NamedTuple):
    """Losses at one step; a loss that was not measured is None."""

    step: int
    domain: float | None
    general: float | None


class TrainingCurve(NamedTuple):
    """Losses of one training. `rows`: rows of the benchmark's table that use its adapters; `method`: the objective of
    the held-out loss; `saved_step`: step of the adapter if early stopping ended the training."""

    training: str
    rows: tuple[str, ...]
    method: str
    evaluations: Sequence[Evaluation]
    max_general_loss_increase: float | None
    saved_step: int | None


def log_fingerprints(bench: Manifest) -> dict[str, str]:
    """Return folder of a training -> fingerprint of its log."""
    return {str(folder): fingerprint_of_file(folder / LOG) for folder in _training_rows(bench)}


def read_training_curves(bench: Manifest) -> list[TrainingCurve]:
    """Return the curves of all trainings with evaluations whose adapter is still the one that was measured."""
    curves = [_read_curve(folder, rows) for folder, rows in _training_rows(bench).items()]
    return [curve for curve in curves if curve.evaluations]


def training_plot(name: str, curve: TrainingCurve, words: Words) -> base.PlotSpec:
    """Plan one panel for the held-out loss and one for general chats, whose small rise a shared panel would hide."""
    loss = words("training.nats") if curve.method == "sft" else words("training.loss", method=curve.method)
    titles = {"domain": loss, "general": words("training.general_nats")}
    shown = [attribute for attribute in titles if getattr(curve.evaluations[0], attribute) is not None]
    max_increase = curve.max_general_loss_increase

    def draw(panels: Sequence[Axes]) -> None:
        from matplotlib.ticker import MaxNLocator

        for number, (axes, attribute) in enumerate(zip(panels, shown, strict=True)):
            points = [(evaluation.step, getattr(evaluation, attribute)) for evaluation in curve.evaluations]
            limit = points[0][1] + max_increase if attribute == "general" and max_increase is not None else None
            _draw_losses(axes, number, points, limit, words)
            if curve.saved_step is not None:
                axes.axvline(curve.saved_step, color=base.INK, linewidth=1, linestyle=":", ymax=0.85)
                _annotate(axes, words("training.kept"), (curve.saved_step, 0.85), axes.get_xaxis_transform())
            axes.set_title(titles[attribute], loc="left", fontsize=base.FONT_PT, color=base.INK, pad=8)
            base.style_axes(axes, words, grid="y")
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[-1].set_xlabel(words("training.step"), fontsize=base.FONT_PT)

    caption = words("training.caption", rows=", ".join(curve.rows), training=curve.training)
    if curve.saved_step is not None:
        caption += f" {words('training.stopped', step=curve.saved_step)}"
    lines = [[str(step), *(words.number(loss, 3) for loss in losses)] for step, *losses in curve.evaluations]
    numbers = Grid(words("training.step"), [words("training.held_out"), words("training.general")], lines)
    return base.PlotSpec(name, caption, 0.4 + 1.4 * len(shown), draw, numbers=numbers, panels=len(shown))


def _training_rows(bench: Manifest) -> dict[Path, list[str]]:
    """Return folder of a training -> names of the rows that use its adapters."""
    rows: dict[Path, list[str]] = {}
    # a judged benchmark names no models: its curves are shown with the benchmark that it judged
    for row, spec in bench.settings.get("models", {}).items():
        if folder := _training_folder(spec, bench.models.get(row, "")):
            rows.setdefault(folder, []).append(row)
    return rows


def _training_folder(spec: str, revision: str) -> Path | None:
    """Return the folder in which the adapter of a spec was trained, its own or a parent of `checkpoint-60/adapter`.

    None if the adapter comes from elsewhere, is gone, or has been trained again since the benchmark.
    """
    adapter = parse_spec(spec).adapter
    try:
        if not adapter or not revision.endswith(f"+{adapter_revision(adapter)}"):
            return None
    except InputError:  # the adapter is gone
        return None
    folders = (Path(adapter), *Path(adapter).parents[:2])
    return next((folder for folder in folders if (folder / MANIFEST).exists() and (folder / LOG).exists()), None)


def _read_curve(folder: Path, rows: Sequence[str]) -> TrainingCurve:
    manifest = read_manifest(folder)
    evaluations = [
        Evaluation(row["step"], row.get(DOMAIN_LOSS), row.get(GENERAL_LOSS))
        for _, row in read_json_lines(folder / LOG)
        if DOMAIN_LOSS in row or GENERAL_LOSS in row
    ]
    method, max_increase = str(manifest.settings["method"]), manifest.settings.get("max_general_loss_increase")
    saved_step = manifest.results.get("stopped", {}).get("saved_step")
    return TrainingCurve(str(folder), tuple(rows), method, evaluations, max_increase, saved_step)


def _draw_losses(axes: Axes, number: int, points: list[tuple[int, float]], limit: float | None, words: Words) -> None:
    """Draw a line with the numbers of its ends, and a line at `limit`."""
    steps, losses = zip(*points, strict=True)
    axes.plot(steps, losses, marker=base.MARKERS[number], color=base.series_color(number), linewidth=1.5)
    low, high = min(losses), max(*losses, limit or 0.0)
    margin = 0.3 * max(MIN_LOSS_RANGE, high - low)
    axes.set_ylim(low - margin, high + margin)
    axes.margins(x=0.1)
    for point in (points[0], points[-1]):
        _annotate(axes, words.number(point[1]), point, axes.transData)
    if limit is not None:
        axes.axhline(limit, color=base.INK, linewidth=1, linestyle="--")
        _annotate(axes, words("training.limit"), (0.0, limit), axes.get_yaxis_transform(), "left")


def _annotate(axes: Axes, text: str, point: tuple[float, float], transform: Transform, align: str = "center") -> None:
    """Write text above a point, with a background that keeps it legible over lines."""
    axes.annotate(
        text, point, xycoords=transform, xytext=(0, 6), textcoords="offset points", ha=align, fontsize=base.FONT_PT,
        color=base.INK, bbox={"facecolor": base.PAPER, "edgecolor": "none", "pad": 0.5},
    )  # fmt: skip
