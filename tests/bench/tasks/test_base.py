"""A task is one file with a subclass of `BenchTask`."""

from typing import Literal

from opora.bench.results.files import read_table
from opora.bench.results.table import ScoredRow, entries_of
from opora.bench.stage import BenchStage
from opora.bench.tasks.base import ModelTask, TaskResult, row_fields


class LengthTask(ModelTask):
    """Scores whether questions are short."""

    method: Literal["length"] = "length"
    max_words: int = 4

    def accepts(self, example):
        return example.behavior == "answer"

    def measure(self, inputs):
        def rows_of(name, spec):
            return [
                ScoredRow(
                    **row_fields(example),
                    model=name,
                    scores={"exact_match": float(len(example.question.split()) <= self.max_words)},
                )
                for example in inputs.examples
            ]

        return TaskResult(self.rows_of_models(rows_of), entries_of(self.models, self.baseline))


def make_stage(project, out, **changes):
    settings = LengthTask(questions=project / "questions.jsonl", resamples=100, **changes)
    return BenchStage(settings, project / "corpus", project / "index", out)


def test_a_new_task_runs_as_a_stage(project, tmp_path):
    stage = make_stage(project, tmp_path / "b")
    manifest = stage.run()
    assert (manifest.stage, manifest.settings["method"]) == ("bench", "length")
    assert manifest.counts == {"questions": 4, "rows": 4}
    [row] = read_table(tmp_path / "b").rows
    assert row.metrics["exact_match"].mean == 0.75
    assert stage.build().finished == manifest
    assert make_stage(project, tmp_path / "b", max_words=3).build().finished is None
