"""Stage that trains a LoRA adapter of a language model on datasets.

`adapter/` has the format of PEFT, with tokenizer and chat template; saved checkpoints are in `checkpoint-60/adapter/`.
Under `accelerate launch -m opora train sft` the processes share each batch.

    AdapterStage(SftSettings(model="smollm2"), Path("dataset"), Path("train/raft")).run()
"""

from __future__ import annotations

import functools
import math
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from opora import __version__
from opora.answer.throughput import ANSWER_TOKENS, MODEL_LOADING_S, TRAINING_TOKENS_PER_S, estimate_prompt_tokens
from opora.artifacts import Build, Manifest, fingerprint_of_file, read_manifest, write_json_lines
from opora.artifacts.checksums import MANIFEST, hash_json
from opora.artifacts.stage import Estimate, Project, Stage
from opora.corpus.settings import IngestSettings
from opora.errors import InputError, MissingExtraError
from opora.examples.reader import read_questions
from opora.models.revision import model_revision
from opora.models.spec import parse_spec
from opora.text.resources import template
from opora.train.llm.early_stopping import GENERAL_LOSS, Regression
from opora.train.settings import TrainSettings, check_saved_checkpoints, fingerprint_of_setting
from opora.validation import nearest

if TYPE_CHECKING:
    from accelerate import Accelerator

    from opora.train.llm.run import TrainingRun

RESUME, ADAPTER, LOG, CARD = "resume", "adapter", "log.jsonl", "README.md"
TRACKER_FOLDER = "runs"
"""Folder of the project for trackers that write files, such as tensorboard."""


@runtime_checkable
class QuestionDataset(Protocol):
    """Settings of a dataset that is made from questions over passages, such as `raft`."""

    questions: Path
    language: str
    distractors: int
    variants: int
    valid_share: float


class AdapterStage(Stage):
    """Trains a LoRA adapter. `datasets`: folder of the datasets, `dataset/` of a project."""

    settings: TrainSettings

    def __init__(self, settings: TrainSettings, datasets: Path, out: Path) -> None:
        self.settings, self.datasets, self.out = settings, datasets, out
        self.kind = f"train {settings.method}"

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        settings, datasets = project.settings(name, TrainSettings), project.root / "dataset"
        names = list(project.entries("dataset"))
        for dataset in settings.mixture:
            if dataset not in names and not (datasets / dataset).exists():
                raise InputError(f"{name}.dataset: {dataset!r} is unknown; {nearest(dataset, names)}")
        check_saved_checkpoints(project, f"{name}.model", [settings.model])
        return cls(settings, datasets, project.root / "train" / name.partition(".")[2])

    def needs(self, project: Project) -> tuple[str, ...]:
        datasets = tuple(f"dataset.{name}" for name in project.entries("dataset") if name in self.settings.mixture)
        return datasets + project.trained_by([self.settings.model], but=self.out.name)

    def inputs(self) -> dict[str, str]:
        spec = parse_spec(self.settings.model)
        if spec.kind not in ("smollm2", "hf"):
            raise InputError(f"train: model {self.settings.model} cannot be fine-tuned; use smollm2 or hf:NAME-OR-PATH")
        inputs = {f"dataset {name}": _dataset_fingerprint(self.datasets / name) for name in self.settings.mixture}
        inputs["model"] = model_revision(spec)
        if self.settings.regression_set is not None:
            inputs["regression_set"] = fingerprint_of_setting("regression_set", self.settings.regression_set)
        return inputs

    def estimate(self, project: Project) -> Estimate:
        """Return the tokens read, and the seconds where the speed of the model is known; nothing if a dataset is not
        made from questions. Raises InputError for a missing file of questions."""
        settings, datasets = self.settings, project.entries("dataset")
        chunk = project.settings("ingest", IngestSettings).chunk
        rows, tokens = 0, 0.0
        for name, share in settings.mixture.items():
            dataset = datasets.get(name)
            if not isinstance(dataset, QuestionDataset):
                return Estimate()
            count = round(share * _count_rows(project.root, dataset))
            rows += count
            tokens += count * (estimate_prompt_tokens(chunk, dataset.distractors + 1) + ANSWER_TOKENS)
        steps = math.ceil(settings.epochs * rows / settings.batch_size)
        rows_read = min(steps, settings.max_steps or steps) * settings.batch_size
        tokens_read = int(rows_read * tokens / max(1, rows))
        seconds = MODEL_LOADING_S + tokens_read / TRAINING_TOKENS_PER_S
        return Estimate(tokens=tokens_read, seconds=seconds if settings.model == "smollm2" else None)

    def run(self) -> Manifest:
        """Train unless the adapter is up to date. Of several processes the main one writes the artefact. Raises
        MissingExtraError without the packages for training, InputError for faults in the data, OporaError if the loss
        is not finite."""
        try:
            import accelerate  # noqa: F401 tests whether the extra is installed
            import peft  # noqa: F401
        except ModuleNotFoundError:
            raise MissingExtraError("training", "train") from None
        build = self.build()
        if finished := build.finished:
            return finished
        if self._accelerator.is_main_process:
            with build:
                return self.make(build)
        self._accelerator.wait_for_everyone()
        self._train(build)
        self._accelerator.wait_for_everyone()
        return read_manifest(self.out)

    def make(self, build: Build) -> Manifest:
        self._accelerator.wait_for_everyone()
        manifest = _publish(self._train(build), build, self.out.name)
        self._accelerator.wait_for_everyone()
        return manifest

    @functools.cached_property
    def _accelerator(self) -> Accelerator:
        """The Accelerator of the run. Raises InputError if it would shard the model and so lose weights."""
        from opora.train.llm.trackers import open_accelerator

        accelerator = open_accelerator(self.settings, self.datasets.parent / TRACKER_FOLDER)
        sharding = accelerator.distributed_type
        if sharding in ("FSDP", "DEEPSPEED", "MEGATRON_LM", "TP"):
            raise InputError(
                f"train: {sharding.lower()} shards the model, which opora train does not support; launch without it, or"
                " use a trainer of TRL with share_prefixes (docs/explanation/shared-prefix-training.md)"
            )
        return accelerator

    def _train(self, build: Build) -> TrainingRun:
        from opora.train.engine.verify import open_scorer
        from opora.train.llm.run import TrainingRun
        from opora.train.llm.trackers import tracked
        from opora.train.llm.trainer import AdapterTrainer

        settings, name = self.settings, self.out.name

        def notify(line: str) -> None:
            if self._accelerator.is_main_process:
                print(f"opora: {line}", file=sys.stderr)

        run = TrainingRun(settings, self.datasets, self._accelerator)
        scorer = open_scorer(run.model, settings, run.mixture.train, run.precision, notify)
        trainer = AdapterTrainer(settings, run.model, run.objective, scorer, self._accelerator)

        def save(checkpoint: str) -> None:
            run.save(build.path / checkpoint / ADAPTER)

        with tracked(self._accelerator, settings, name):
            run.log = trainer.run(run.mixture.train, run.evaluation_sets, f"train {name}", build.path / RESUME, save)
        if run.regression:
            missing = [checkpoint for checkpoint in settings.checkpoints if not (build.path / checkpoint).exists()]
            suffix = f"; checkpoints not reached: {', '.join(missing)}" if missing else ""
            notify(f"train {name}: {_stop_reason(run.regression, settings)}{suffix}")
        return run


def _count_rows(root: Path, dataset: QuestionDataset) -> int:
    count = sum(
        question.split != "test" and dataset.language in ("", question.language)
        for question in read_questions(root / dataset.questions)
    )
    return math.ceil(count * (1 - dataset.valid_share)) * dataset.variants


def _dataset_fingerprint(folder: Path) -> str:
    """Fingerprint of a dataset made by opora, or of the files of one made by hand."""
    if (folder / MANIFEST).exists():
        return read_manifest(folder).fingerprint
    files = [folder / name for name in ("train.jsonl", "valid.jsonl") if (folder / name).is_file()]
    if folder / "train.jsonl" not in files:
        advice = "make one with `opora dataset raft`, or write your own rows to train.jsonl in this folder"
        raise InputError(f"{folder}: no dataset here; {advice} (docs/explanation/shared-prefix-training.md)")
    return hash_json([fingerprint_of_file(path) for path in files])


def _stop_reason(regression: Regression, settings: TrainSettings) -> str:
    return (
        f"stopped at step {regression.step}: the general loss has risen by {regression.loss_increase:.2f} nats per"
        f" token, more than max_general_loss_increase {settings.max_general_loss_increase:g}; the adapter is that of"
        f" step {regression.saved_step}"
    )


def _publish(run: TrainingRun, build: Build, name: str) -> Manifest:
    from opora.models.chat_template import template_hash
    from opora.train.llm.trackers import flatten_settings

    settings, spec = run.settings, parse_spec(run.settings.model)
    run.save(build.path / ADAPTER)
    write_json_lines(build.path / LOG, run.log)
    write_json_lines(build.path / "dropped.jsonl", run.mixture.dropped)
    results, counts, chat_template = _results(run), _counts(run), template_hash(run.tokenizer)
    tokens = run.log[-1]["num_tokens"]
    card = template(__package__, "card.md.jinja").render(
        **results, **counts, name=name, version=__version__, settings=settings, tokens=tokens, template=chat_template,
        data=[(dataset, share, build.inputs[f"dataset {dataset}"]) for dataset, share in settings.mixture.items()],
        base_model=spec.name or spec.kind, revision=build.inputs["model"], dropped=len(run.mixture.dropped),
        settings_lines=list(flatten_settings(settings.model_dump(mode="json"))),
    )  # fmt: skip
    (build.path / CARD).write_text(card, encoding="utf-8")
    for path in build.path.glob(f"*{RESUME}*"):  # the last checkpoint, and what a kill left of another one
        shutil.rmtree(path)
    return build.publish(
        counts=counts,
        dropped=dict(Counter(str(row["reason"]) for row in run.mixture.dropped)),
        models={settings.model: build.inputs["model"]},
        prompts={"chat_template": chat_template},
        results=results,
        volatile=frozenset({CARD}),  # it contains the name of the folder
        tokens={"read": tokens},
    )


def _counts(run: TrainingRun) -> dict[str, int]:
    examples = run.mixture.train
    counts = {"examples": len(examples), "held_out": len(run.mixture.valid), "steps": run.log[-1]["step"]}
    if run.mixture.general:
        counts["regression_set"] = len(run.mixture.general)
    if run.settings.refusal_share is not None:
        counts["refusals"] = sum(example.is_refusal is True for example in examples)
    if run.settings.min_quality is not None:
        counts["unrated"] = sum(example.quality is None for example in examples)
    return counts


def _results(run: TrainingRun) -> dict[str, Any]:
    """Results of the published adapter, which after early stopping is older than the last row of the log."""
    regression = run.regression
    log = [row for row in run.log if regression is None or row["step"] <= regression.saved_step]
    losses = [row["loss"] for row in log if "loss" in row]
    valid = [row["eval_loss"] for row in log if "eval_loss" in row]
    general = [row[GENERAL_LOSS] for row in log if GENERAL_LOSS in row]
    results = {
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "valid_loss": valid[-1] if valid else None,
        "precision": run.precision,
        "parameters": sum(tensor.numel() for tensor in run.model.parameters() if tensor.requires_grad),
    }
    if general:
        results |= {"general_loss_before": general[0], "general_loss": general[-1]}
    if regression:
        results["stopped"] = {**regression._asdict(), "reason": _stop_reason(regression, run.settings)}
    return results
