"""Fine-tuning of an embedder with the trainer and the losses of sentence-transformers.

fit_embedder(model, texts, pairs, settings, folder)      # [{'step': 50, 'loss': 1.2, ...}, ...]
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.base.sampler import DefaultBatchSampler
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.model_card import SentenceTransformerModelCardCallback
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from opora.console.progress import Progress
from opora.retrieval.embedders.sentence_transformer import select_prompt
from opora.train.embedder.pairs import EmbedderPair, arrange_batches
from opora.train.embedder.settings import EmbedderTrainSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CHECKPOINTS, MASKED = "checkpoints", "masked"
LOGGED = ("step", "epoch", "loss", "learning_rate", "grad_norm")
MINI_BATCH = 16
"""Texts per forward pass of a transformer; gradients are cached for the whole batch (Gao et al. 2021,
arXiv:2101.06983)."""
MASKED_SHARE = 0.15
"""Share of the tokens that are masked (Devlin et al. 2018, arXiv:1810.04805)."""


def fit_embedder(
    model: SentenceTransformer,
    texts: Sequence[str],
    pairs: Sequence[EmbedderPair],
    settings: EmbedderTrainSettings,
    folder: Path,
) -> list[dict[str, Any]]:
    """Fine-tune `model` on `pairs`, whose hard negatives are indices of `texts`, and return the log. An interrupted run
    resumes from the last checkpoint in `folder`."""
    rows = _rows(texts, pairs, settings)
    prompts = dict.fromkeys(rows.column_names, select_prompt(settings.base, model.prompts, "passage"))
    prompts["anchor"] = select_prompt(settings.base, model.prompts, "question")
    arguments = SentenceTransformerTrainingArguments(
        warmup_steps=settings.warmup_ratio if settings.warmup_ratio < 1 else 0.99,
        logging_steps=10,
        prompts={name: prompt for name, prompt in prompts.items() if prompt and name != "label"} or None,
        **_arguments(settings, folder / CHECKPOINTS, settings.epochs, settings.step_size),
    )
    loss = _loss(model, settings)
    trainer = SentenceTransformerTrainer(model=model, args=arguments, train_dataset=rows, loss=loss)
    if settings.loss == "mnrl":
        sampler = _PairBatchSampler(pairs, settings.step_size, settings.seed, math.ceil(settings.epochs))
        trainer.get_batch_sampler = lambda *_, **__: sampler  # type: ignore[method-assign]
    _train(trainer, "train embedder")
    return [{key: row[key] for key in LOGGED if key in row} for row in trainer.state.log_history if "loss" in row]


def _train(trainer: Trainer, label: str) -> None:
    """Train, from the last checkpoint if there is one, and show the progress line of opora."""
    trainer.add_callback(_ProgressCallback(label))
    for callback in (PrinterCallback, SentenceTransformerModelCardCallback):
        trainer.remove_callback(callback)
    trainer.train(resume_from_checkpoint=_last_checkpoint(Path(str(trainer.args.output_dir))))


def _arguments(settings: EmbedderTrainSettings, checkpoints: Path, epochs: float, batch_size: int) -> dict[str, Any]:
    """Return the arguments that both trainings have in common."""
    return {
        "num_train_epochs": epochs, "per_device_train_batch_size": batch_size,
        "output_dir": str(checkpoints), "save_steps": settings.checkpoint_every, "save_total_limit": 1,
        "learning_rate": settings.peak_lr, "weight_decay": 0.0, "seed": settings.seed,
        "use_cpu": settings.device == "cpu", "report_to": "none", "disable_tqdm": True,
    }  # fmt: skip


def _last_checkpoint(folder: Path) -> str | None:
    """Return the newest complete checkpoint, and delete incomplete ones: the state of the trainer is written last."""
    newest_first = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)
    for path in newest_first:
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            shutil.rmtree(path)
        else:
            return str(path)
    return None


def pretrain_masked(
    model: SentenceTransformer, texts: Sequence[str], settings: EmbedderTrainSettings, folder: Path
) -> None:
    """Pre-train the transformer in `model` on `texts` with masked language modelling. A resumed run finds the result in
    `folder`."""
    from transformers import AutoModelForMaskedLM, DataCollatorForLanguageModeling

    done = folder / MASKED
    transformer = cast("PreTrainedModel", model[0].auto_model)
    if not done.exists():
        masked_lm = AutoModelForMaskedLM.from_pretrained(str(transformer.config.name_or_path))
        length = min(settings.max_tokens, int(model.max_seq_length or settings.max_tokens))
        tokens = model.tokenizer(list(texts), truncation=True, max_length=length).input_ids
        checkpoints = folder / f"{MASKED}-{CHECKPOINTS}"
        arguments = TrainingArguments(**_arguments(settings, checkpoints, settings.mlm_epochs, MINI_BATCH))
        rows = [{"input_ids": ids} for ids in tokens]
        collator = DataCollatorForLanguageModeling(model.tokenizer, mlm_probability=MASKED_SHARE)
        trainer = Trainer(model=masked_lm, args=arguments, train_dataset=rows, data_collator=collator)
        _train(trainer, "masked language model")
        partial = folder / f"{MASKED}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        masked_lm.base_model.save_pretrained(str(partial))
        partial.rename(done)
        shutil.rmtree(checkpoints)
    pretrained = type(transformer).from_pretrained(str(done))
    transformer.load_state_dict(pretrained.state_dict(), strict=False)


class _PairBatchSampler(DefaultBatchSampler):
    """Batches of `arrange_batches`, different in each epoch but of equal number."""

    def __init__(self, pairs: Sequence[EmbedderPair], size: int, seed: int, epochs: int) -> None:
        super().__init__(torch.utils.data.SequentialSampler(pairs), batch_size=size, drop_last=False)
        self._epochs = [arrange_batches(pairs, size, seed + epoch) for epoch in range(epochs)]
        self._length = min(map(len, self._epochs))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[list[int]]:
        yield from self._epochs[min(self.epoch, len(self._epochs) - 1)][: self._length]


class _ProgressCallback(TrainerCallback):
    """Shows the progress line of opora."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._progress: Progress | None = None

    def on_train_begin(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self._progress = Progress(self._label, state.max_steps, state.global_step)

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if self._progress:
            self._progress.advance()


def _rows(texts: Sequence[str], pairs: Sequence[EmbedderPair], settings: EmbedderTrainSettings) -> Dataset:
    """Return the columns that the loss expects. `mnrl`: anchor, positive, one column per hard negative; `triplet`:
    anchor, positive, negative; `contrastive`: anchor, passage, label."""
    rows: list[tuple[str | int, ...]]
    if settings.loss == "contrastive":
        names = ["anchor", "positive", "label"]
        rows = [
            (pair.anchor, text, label)
            for pair in pairs
            for text, label in [(pair.positive, 1), *((texts[number], 0) for number in pair.hard_negatives)]
        ]
    elif settings.loss == "triplet":
        names = ["anchor", "positive", "negative"]
        rows = [(pair.anchor, pair.positive, texts[number]) for pair in pairs for number in pair.hard_negatives]
    else:
        names = ["anchor", "positive", *(f"negative_{index + 1}" for index in range(settings.negatives_per_pair))]
        rows = [(pair.anchor, pair.positive, *(texts[number] for number in pair.hard_negatives)) for pair in pairs]
    return Dataset.from_dict(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def _loss(model: SentenceTransformer, settings: EmbedderTrainSettings) -> torch.nn.Module:
    if settings.loss == "contrastive":
        return losses.ContrastiveLoss(model, margin=settings.margin)
    if settings.loss == "triplet":
        distance = losses.TripletDistanceMetric.COSINE
        return losses.TripletLoss(model, distance_metric=distance, triplet_margin=settings.margin)
    if hasattr(model[0], "auto_model"):
        return losses.CachedMultipleNegativesRankingLoss(model, mini_batch_size=MINI_BATCH)
    return losses.MultipleNegativesRankingLoss(model)
