"""Training of a LoRA adapter: datasets in, an adapter out.

In: datasets. Out: `adapter/` in the form of PEFT with tokenizer and chat template, adapters kept on the way in
`at-60/adapter/`, `log.jsonl`, `dropped.jsonl`, a card, a manifest.
`accelerate launch -m opora train sft` shares each batch among its processes.

    train(TrainSettings(model="smollm2"), Path("dataset"), Path("train/raft"))
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opora.artifacts import Build, Manifest, fingerprint_of_file, read_manifest, write_json_lines
from opora.artifacts.build import hash_json, sync
from opora.artifacts.checksums import MANIFEST, files_below
from opora.errors import InputError, MissingExtraError
from opora.models.revision import revision_of
from opora.models.spec import parse_spec
from opora.train.llm.early_stopping import GENERAL_LOSS, Fall, find_fall
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator

    from opora.train.llm.loop import HeldOut
CHECKPOINT, ADAPTER, LOG = "checkpoint", "adapter", "log.jsonl"
RUNS = "runs"
"""Folder of the project for trackers that write files, such as tensorboard."""


def train_build(settings: TrainSettings, datasets: Path, out: Path) -> Build:
    """The build of this adapter: what it is made from, and whether it is done. `datasets` is the folder that holds
    them. Raises InputError for a wrong model."""
    spec = parse_spec(settings.model)
    if spec.kind not in ("smollm2", "hf"):
        raise InputError(f"train: model {settings.model!r} cannot be adapted; smollm2 and hf:NAME-OR-PATH can")
    inputs = {f"dataset {name}": _dataset_fingerprint(datasets / name) for name in settings.mix}
    inputs["model"] = revision_of(spec)
    if settings.general is not None:
        if not settings.general.is_file():
            raise InputError(f"train: general is {settings.general}: no such file")
        inputs["general"] = fingerprint_of_file(settings.general)
    return Build(out, f"train {settings.method}", settings, inputs, seed=settings.seed)


def _dataset_fingerprint(folder: Path) -> str:
    """Of a dataset that opora made, or of rows that somebody put into a folder of their own."""
    if (folder / MANIFEST).exists():
        return read_manifest(folder).fingerprint
    files = [folder / name for name in ("train.jsonl", "valid.jsonl") if (folder / name).is_file()]
    if folder / "train.jsonl" not in files:
        raise InputError(
            f"{folder}: holds no dataset; `opora dataset raft` makes one, or write your own rows as train.jsonl in it"
            " (docs/training.md)"
        )
    return hash_json([fingerprint_of_file(each) for each in files])


def train(settings: TrainSettings, datasets: Path, out: Path) -> Manifest:
    """Train. Raises MissingExtraError without torch, InputError for a row without an answer, OporaError for a loss that
    is no number."""
    try:
        import accelerate  # noqa: F401 the extra is there or it is not
        import peft  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError("training", "train") from None
    build = train_build(settings, datasets, out)
    if build.finished:
        return build.finished
    from opora.train.llm.trackers import open_accelerator

    accelerator = open_accelerator(settings, datasets.parent / RUNS)
    _refuse_sharding(accelerator)
    if not accelerator.is_main_process:
        accelerator.wait_for_everyone()
        _train(settings, datasets, out, build, accelerator)
        accelerator.wait_for_everyone()
        return read_manifest(out)
    with build:
        accelerator.wait_for_everyone()
        trained = _train(settings, datasets, out, build, accelerator)
        manifest = _publish(settings, out, build, trained)
        accelerator.wait_for_everyone()
        return manifest


def _refuse_sharding(accelerator: Accelerator) -> None:
    """Each process holds the whole model here; one that shards it would lose weights without a word."""
    way = accelerator.distributed_type
    if way in ("FSDP", "DEEPSPEED", "MEGATRON_LM", "TP"):
        raise InputError(
            f"train: {way.lower()} shards the model, which opora train does not; launch without it, or give the model"
            " to a trainer of TRL with share_prefixes (docs/training.md)"
        )


class _Trained:
    """What a run works on and leaves behind, before it is published."""

    def __init__(self, settings: TrainSettings, datasets: Path, accelerator: Accelerator) -> None:
        import torch

        from opora.models.backends.transformers import load_causal_lm, load_tokenizer, pick_device
        from opora.models.chat_template import invocation_ids
        from opora.train.llm.mixture import read_mix
        from opora.train.lora import add_lora
        from opora.train.objectives.registry import METHODS

        self.device = accelerator.device if settings.device == "auto" else pick_device(settings.device)
        self.precision = pick_precision(settings.precision, self.device)
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        spec = parse_spec(settings.model)
        # an adapter that the spec names is trained further, not merged
        model, _ = load_causal_lm(spec._replace(adapter=""), dtype, self.device)
        self.tokenizer = load_tokenizer(spec)
        self.method = METHODS[settings.method]
        # some architectures have no such limit
        context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
        limit = min(settings.max_tokens, context or settings.max_tokens)
        self.mix = read_mix(settings, datasets, self.tokenizer, limit)
        invocation = invocation_ids(self.tokenizer) if settings.lora.activated else None
        self.model = add_lora(model, settings, invocation)
        self.log: list[dict[str, Any]] = []
        self._settings = settings

    @property
    def held_out(self) -> list[HeldOut]:
        """What is scored at every evaluation."""
        from opora.train.llm.loop import HeldOut
        from opora.train.objectives.sft import SFT

        sets = [HeldOut("eval_", self.mix.valid, self.method), HeldOut("eval_general_", self.mix.general, SFT)]
        return [each for each in sets if each.units]

    @property
    def fall(self) -> Fall | None:
        """Where training was stopped, if it was."""
        return find_fall(self.log, self._settings.max_fall)

    def save(self, folder: Path) -> None:
        """The adapter as it is now. Synced: a checkpoint that is written later says that it is whole."""
        from opora.train.lora import save_lora

        shutil.rmtree(folder, ignore_errors=True)
        save_lora(self.model, self.tokenizer, self._settings, folder)
        for each in files_below(folder):
            sync(each)


def _train(settings: TrainSettings, datasets: Path, out: Path, build: Build, accelerator: Accelerator) -> _Trained:
    from opora.train.engine.verify import open_scorer
    from opora.train.llm.loop import Learner, Loop
    from opora.train.llm.trackers import tracked

    trained = _Trained(settings, datasets, accelerator)
    tell = _tell if accelerator.is_main_process else lambda line: None
    scorer = open_scorer(trained.model, settings, trained.mix.train, trained.precision, tell)
    learner = Learner(trained.model, trained.method, scorer)
    loop = Loop(
        settings, learner, accelerator, build.path / CHECKPOINT, lambda name: trained.save(build.path / name / ADAPTER)
    )
    with tracked(accelerator, settings, out.name):
        trained.log = loop.run(trained.mix.train, trained.held_out, f"train {out.name}")
    if fall := trained.fall:
        missing = [name for name in settings.kept if not (build.path / name).exists()]
        tell(
            f"train {out.name}: {_stop(fall, settings)}" + (f"; never reached: {', '.join(missing)}" if missing else "")
        )
    return trained


def _stop(fall: Fall, settings: TrainSettings) -> str:
    return (
        f"stopped at step {fall.step}, where a token of the general answers has lost {fall.nats:.2f} nats, more than"
        f" max_fall {settings.max_fall:g}; the adapter is that of step {fall.kept_step}"
    )


def _tell(line: str) -> None:
    print(f"opora: {line}", file=sys.stderr)


def pick_precision(wanted: str, device: torch.device) -> str:
    """`bf16` or `fp32`; for `auto`, bf16 where the device has instructions for it."""
    import torch

    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device.type == "cpu":
        has = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
        return "bf16" if has else "fp32"
    return "fp32"


def _publish(settings: TrainSettings, out: Path, build: Build, trained: _Trained) -> Manifest:
    from opora.models.chat_template import template_hash
    from opora.train.llm.card import write_card

    trained.save(build.path / ADAPTER)
    write_json_lines(build.path / LOG, trained.log)
    write_json_lines(build.path / "dropped.jsonl", trained.mix.dropped)
    results, template = _results(settings, trained), template_hash(trained.tokenizer)
    counts = _counts(settings, trained)
    tokens = trained.log[-1]["num_tokens"]
    data = [(name, share, build.inputs[f"dataset {name}"]) for name, share in settings.mix.items()]
    facts = {"name": out.name, "data": data, "template": template,
             "revision": build.inputs["model"], "dropped": len(trained.mix.dropped), "tokens": tokens}  # fmt: skip
    write_card(build.path / "README.md", settings, {**results, **counts, **facts})
    for each in build.path.glob(f"*{CHECKPOINT}*"):  # the last one, and what a kill left of another
        shutil.rmtree(each)
    return build.publish(
        counts=counts,
        dropped=dict(Counter(str(each["reason"]) for each in trained.mix.dropped)),
        models={settings.model: build.inputs["model"]},
        prompts={"chat_template": template},
        results=results,
        volatile=frozenset({"README.md"}),  # it says the name of the folder
        tokens={"read": tokens},
    )


def _counts(settings: TrainSettings, trained: _Trained) -> dict[str, int]:
    units = trained.mix.train
    counts = {"examples": len(units), "held_out": len(trained.mix.valid), "steps": trained.log[-1]["step"]}
    if trained.mix.general:
        counts["general"] = len(trained.mix.general)
    if settings.negatives is not None:
        counts["negatives"] = sum(unit.negative is True for unit in units)
    if settings.min_quality is not None:
        counts["unrated"] = sum(unit.quality is None for unit in units)
    return counts


def _results(settings: TrainSettings, trained: _Trained) -> dict[str, Any]:
    """Of the adapter that is published, which a stop makes older than the last row of the log."""
    fall = trained.fall
    log = [row for row in trained.log if fall is None or row["step"] <= fall.kept_step]
    losses = [row["loss"] for row in log if "loss" in row]
    valid = [row["eval_loss"] for row in log if "eval_loss" in row]
    general = [row[GENERAL_LOSS] for row in log if GENERAL_LOSS in row]
    results = {
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "valid_loss": valid[-1] if valid else None,
        "precision": trained.precision,
        "parameters": sum(each.numel() for each in trained.model.parameters() if each.requires_grad),
    }
    if general:
        results |= {"general_loss_before": general[0], "general_loss": general[-1]}
    if fall:
        results["stopped"] = {**fall._asdict(), "reason": _stop(fall, settings)}
    return results
