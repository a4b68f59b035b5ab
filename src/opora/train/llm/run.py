"""State of a training run: model with adapter, objective, data, log."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from opora.artifacts.atomic import sync
from opora.artifacts.checksums import files_below
from opora.models.backends.loading import load_causal_lm, load_tokenizer, pick_device
from opora.models.chat_template import invocation_ids
from opora.models.spec import parse_spec
from opora.train.llm.early_stopping import Regression, find_regression
from opora.train.llm.mixture import read_mixture
from opora.train.llm.trainer import EvaluationSets
from opora.train.lora import add_lora, save_lora
from opora.train.objectives.registry import open_objective
from opora.train.objectives.sft import Sft
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from accelerate import Accelerator


class TrainingRun:
    """Model with an adapter to train, its tokenizer, objective and data. `log` is empty until training has ended.

    Raises InputError for faults in the data or the adapter.
    """

    def __init__(self, settings: TrainSettings, datasets: Path, accelerator: Accelerator) -> None:
        device = accelerator.device if settings.device == "auto" else pick_device(settings.device)
        self.settings, self.precision = settings, pick_precision(settings.precision, device)
        self.log: list[dict[str, Any]] = []
        spec = parse_spec(settings.model)
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        # an adapter in the spec is trained further, not merged into the model
        model, _ = load_causal_lm(spec._replace(adapter=""), dtype, device)
        self.tokenizer = load_tokenizer(spec)
        self.objective = open_objective(settings)
        # some architectures have no limit
        context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
        max_tokens = min(settings.max_tokens, context or settings.max_tokens)
        self.mixture = read_mixture(settings, datasets, self.tokenizer, max_tokens, self.objective.uses_pairs)
        invocation = invocation_ids(self.tokenizer) if settings.lora.activated else None
        self.model = add_lora(model, settings, invocation, keep_reference=self.objective.uses_reference)

    @property
    def evaluation_sets(self) -> EvaluationSets:
        """Sets that are scored at every evaluation, without empty ones."""
        sets = {"eval_": (self.mixture.valid, self.objective), "eval_general_": (self.mixture.general, Sft())}
        return {prefix: (examples, objective) for prefix, (examples, objective) in sets.items() if examples}

    @property
    def regression(self) -> Regression | None:
        """The evaluation at which training was stopped early, if it was."""
        return find_regression(self.log, self.settings.max_general_loss_increase)

    def save(self, folder: Path) -> None:
        """Write the current adapter. Synced, because a checkpoint written later counts on it."""
        shutil.rmtree(folder, ignore_errors=True)
        save_lora(self.model, self.tokenizer, self.settings, folder)
        for path in files_below(folder):
            sync(path)


def pick_precision(precision: str, device: torch.device) -> str:
    """Return `bf16` or `fp32`; for `auto`, bf16 where the device supports it natively."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device.type == "cpu":
        native = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
        return "bf16" if native else "fp32"
    return "fp32"
