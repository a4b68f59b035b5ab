"""Write the report of benchmarks.

In: folders of benchmarks, and the logs of the trainings behind them. Out: `report.html`, one file that loads nothing
from outside; `report.md` for a README, `report.tex` for a thesis, `report.json`, and all plots as PNG in `plots/`.

    ReportStage(ReportSettings(title="Ferry rules"), [Path("bench/en"), Path("bench/ru")], Path("report")).run()
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from opora.artifacts import Build, Manifest, read_manifest
from opora.artifacts.checksums import MANIFEST
from opora.artifacts.stage import Estimate, Project, Stage
from opora.console.progress import track
from opora.errors import InputError
from opora.report.benchmark_view import read_benchmark
from opora.report.plots.training_curves import log_fingerprints
from opora.report.render import PLOTS, plot_path, render_files
from opora.report.results import report_words
from opora.report.settings import ReportSettings


class ReportStage(Stage):
    """Makes the report of finished benchmarks."""

    kind = "report"

    def __init__(self, settings: ReportSettings, benches: Sequence[Path], out: Path) -> None:
        self.settings: ReportSettings = settings
        self.out, self._benches = out, benches

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        benches = [project.root / "bench" / bench for bench in project.entries("bench")]
        return cls(project.settings(name, ReportSettings), benches, project.root / "report")

    @classmethod
    def of_existing(cls, project: Project, name: str) -> Self:
        """Return the stage over the benchmarks of the recipe that are finished, or over all finished ones in `bench/`
        if none of the recipe's is. Names those left out on standard error."""
        stage = cls.of(project, name)
        finished = sorted(path.parent for path in (project.root / "bench").glob(f"*/{MANIFEST}"))
        missing = [bench.name for bench in stage._benches if bench not in finished]
        if missing and finished:
            print(f"opora: not in the report, because not finished: {', '.join(missing)}", file=sys.stderr)
        stage._benches = [bench for bench in stage._benches if bench in finished] or finished
        return stage

    def needs(self, project: Project) -> tuple[str, ...]:
        return tuple(f"bench.{name}" for name in project.entries("bench"))

    def inputs(self) -> Mapping[str, str]:
        if not self._benches:
            raise InputError("report: there are no finished benchmarks; run `opora bench rag` first")
        [(name, count), *_] = Counter(folder.name for folder in self._benches).most_common(1)
        if count > 1:
            raise InputError(f"report: two benchmarks are named {name!r}; rename one of the folders")
        manifests = {folder.name: read_manifest(folder) for folder in self._benches}
        # the key too: a table also depends on settings that do not change the answers
        inputs = {f"bench {name}": f"{m.key[:16]}-{m.fingerprint[:16]}" for name, m in manifests.items()}
        for manifest in manifests.values():
            inputs |= {f"log {training}": value for training, value in log_fingerprints(manifest).items()}
        return inputs

    def estimate(self, project: Project) -> Estimate:
        return Estimate(seconds=10.0)  # mostly drawing

    def make(self, build: Build) -> Manifest:
        words = report_words(self.settings.language)
        views = [read_benchmark(folder, words) for folder in track(self._benches, "report", total=len(self._benches))]
        (build.path / PLOTS).mkdir(exist_ok=True)
        for view in views:
            for plot in [*view.plots, *(plot for _, plot in view.curves)]:
                (build.path / plot_path(view.name, plot)).write_bytes(plot.png)
        for name, text in render_files(self.settings.title, views, words).items():
            (build.path / name).write_text(text, encoding="utf-8")
        answers = sum(len(rows) for view in views for rows in view.answers.get("answers", ()))
        # the page contains timings and images, so its fingerprint is that of its inputs
        return build.publish(counts={"benchmarks": len(views), "answers": answers}, content=build.key)
