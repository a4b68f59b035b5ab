"""Supervised fine-tuning of a LoRA adapter: examples in, adapter out.

In: a dataset. Out: `adapter/` in the form of PEFT with tokenizer and chat template, `log.jsonl`, a card, a manifest.
`accelerate launch -m opora train sft` shares each batch among its processes.

    train_sft(SftSettings(model="smollm2"), Path("dataset/raft"), Path("train/raft"))
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opora import __version__
from opora.artifacts import Build, Manifest, read_manifest, write_json_lines
from opora.errors import InputError, MissingExtraError
from opora.models.revision import revision_of
from opora.models.spec import parse_spec
from opora.train.settings import SftSettings

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from opora.train.batch import TokenExample

CHECKPOINT = "checkpoint"


def sft_build(settings: SftSettings, dataset: Path, out: Path) -> Build:
    """The build of this adapter: what it is made from, and whether it is done. Raises InputError for a wrong model."""
    spec = parse_spec(settings.model)
    if spec.kind not in ("smollm2", "hf"):
        raise InputError(f"train: model {settings.model!r} cannot be adapted; smollm2 and hf:NAME-OR-PATH can")
    inputs = {"dataset": read_manifest(dataset).fingerprint, "model": revision_of(spec)}
    return Build(out, "train sft", settings, inputs, seed=settings.seed)


def train_sft(settings: SftSettings, dataset: Path, out: Path) -> Manifest:
    """Train. Raises MissingExtraError without torch, InputError for a row without an answer, OporaError for a loss that
    is no number."""
    try:
        import accelerate
        import peft  # noqa: F401 the extra is there or it is not
    except ModuleNotFoundError:
        raise MissingExtraError("training", "train") from None
    build = sft_build(settings, dataset, out)
    if build.finished:
        return build.finished
    accelerator = accelerate.Accelerator(cpu=settings.device == "cpu")
    if not accelerator.is_main_process:
        accelerator.wait_for_everyone()
        _train(settings, dataset, out, build, accelerator)
        accelerator.wait_for_everyone()
        return read_manifest(out)
    with build:
        accelerator.wait_for_everyone()
        trained = _train(settings, dataset, out, build, accelerator)
        manifest = _publish(settings, dataset, out, build, trained)
        accelerator.wait_for_everyone()
        return manifest


class _Trained:
    """What a run leaves behind, before it is written."""

    def __init__(self, settings: SftSettings, dataset: Path, accelerator: Accelerator) -> None:
        import torch

        from opora.models.local import load_causal_lm, pick_device

        self.device = accelerator.device if settings.device == "auto" else pick_device(settings.device)
        self.precision = pick_precision(settings.precision, self.device)
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        model, self.tokenizer = load_causal_lm(parse_spec(settings.model), dtype, self.device)
        self.train, self.valid, self.dropped = _examples(dataset, self.tokenizer, model, settings)
        self.model = add_lora(model, settings)
        self.log: list[dict[str, Any]] = []


def _train(settings: SftSettings, dataset: Path, out: Path, build: Build, accelerator: Accelerator) -> _Trained:
    import torch

    from opora.train.loop import Loop
    from opora.train.loss import answer_loss

    trained = _Trained(settings, dataset, accelerator)
    loop = Loop(settings, trained.model, answer_loss, accelerator, build.path / CHECKPOINT)
    with torch.autocast(trained.device.type, torch.bfloat16, enabled=trained.precision == "bf16"):
        trained.log = loop.run(trained.train, trained.valid, f"train {out.name}")
    return trained


def pick_precision(wanted: str, device: torch.device) -> str:
    """`bf16` or `fp32`; for `auto`, bf16 where the device has instructions for it."""
    import torch

    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    if device.type == "cpu":
        has = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
        return "bf16" if has else "fp32"
    return "fp32"


def add_lora(model: PreTrainedModel, settings: SftSettings) -> PreTrainedModel:
    """`model` with its weights frozen and an adapter, initialised from the seed, in fp32."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(settings.seed)
    lora = settings.lora
    targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
    config = LoraConfig(
        r=lora.r, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets, task_type="CAUSAL_LM"
    )
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    adapted: Any = get_peft_model(model, config)
    return adapted  # type: ignore[no-any-return]


def _examples(
    dataset: Path, tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, settings: SftSettings
) -> tuple[list[TokenExample], list[TokenExample], list[dict[str, str | int]]]:
    from opora.train.batch import encode_rows

    limit = min(settings.max_tokens, int(model.config.get_text_config().max_position_embeddings))
    train, dropped = encode_rows(dataset / "train.jsonl", tokenizer, limit)
    valid: list[TokenExample] = []
    if (dataset / "valid.jsonl").exists():
        valid, too_long = encode_rows(dataset / "valid.jsonl", tokenizer, limit)
        dropped += too_long
    if not train:
        raise InputError(f"{dataset / 'train.jsonl'}: holds no example of at most {limit} tokens; raise max_tokens")
    return train, valid, dropped


def _publish(settings: SftSettings, dataset: Path, out: Path, build: Build, trained: _Trained) -> Manifest:
    from opora.models.template import template_hash

    adapter = build.path / "adapter"
    config: Any = trained.model.peft_config["default"]
    # a path into this machine's cache would mean nothing elsewhere
    config.base_model_name_or_path = settings.model
    trained.model.save_pretrained(str(adapter), save_embedding_layers=False)
    trained.tokenizer.save_pretrained(str(adapter))
    (adapter / "README.md").unlink(missing_ok=True)
    _sort_targets(adapter / "adapter_config.json")
    write_json_lines(build.path / "log.jsonl", trained.log)
    write_json_lines(build.path / "dropped.jsonl", trained.dropped)
    results = _results(trained)
    template = template_hash(trained.tokenizer)
    _write_card(build.path / "README.md", settings, trained, {**results, "template": template, "dataset": dataset.name,
        "fingerprint": build.inputs["dataset"], "revision": build.inputs["model"], "name": out.name})  # fmt: skip
    _remove_checkpoint(build.path)
    return build.publish(
        counts={"examples": len(trained.train), "held_out": len(trained.valid), "steps": len(trained.log)},
        dropped={"too long": len(trained.dropped)},
        models={settings.model: build.inputs["model"]},
        prompts={"chat_template": template},
        results=results,
        volatile=frozenset({"README.md"}),  # it says the name of the folder
        tokens={"read": sum(row["tokens"] for row in trained.log)},
    )


def _sort_targets(path: Path) -> None:
    """PEFT writes the names of the layers in the order of a set, which is another in every process."""
    config = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _results(trained: _Trained) -> dict[str, Any]:
    valid = [row["valid_loss"] for row in trained.log if "valid_loss" in row]
    return {
        "first_loss": trained.log[0]["loss"],
        "last_loss": trained.log[-1]["loss"],
        "valid_loss": valid[-1] if valid else None,
        "precision": trained.precision,
        "parameters": sum(each.numel() for each in trained.model.parameters() if each.requires_grad),
    }


def _write_card(path: Path, settings: SftSettings, trained: _Trained, facts: dict[str, Any]) -> None:
    from jinja2 import Environment, StrictUndefined

    source = resources.files(__package__).joinpath("card.md.jinja").read_text(encoding="utf-8")
    template = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(source)
    text = template.render(
        **facts,
        version=__version__,
        settings=settings,
        settings_lines=_lines(settings.model_dump(mode="json")),
        examples=len(trained.train),
        valid=len(trained.valid),
        dropped=len(trained.dropped),
        steps=len(trained.log),
        tokens=sum(row["tokens"] for row in trained.log),
    )
    path.write_text(text, encoding="utf-8")


def _lines(data: dict[str, Any], prefix: str = "") -> Sequence[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in data.items():
        rows += _lines(value, f"{prefix}{key}.") if isinstance(value, dict) else [(f"{prefix}{key}", value)]
    return rows


def _remove_checkpoint(folder: Path) -> None:
    for each in folder.glob(f"*{CHECKPOINT}*"):
        shutil.rmtree(each)
    for each in folder.glob(f".{CHECKPOINT}*"):
        shutil.rmtree(each)
