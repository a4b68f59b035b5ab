"""What a run learns from: datasets mixed by shares, filtered by quality, with a share of refusals.

In: settings, the folder of the datasets, a tokenizer. Out: units to train on and to watch, and what was left out.

    mix = read_mix(TrainSettings(dataset={"raft": 1.0, "chats": 0.6}, negatives=0.2), Path("dataset"), tokenizer, 4096)
    mix.dropped[0]      # {'dataset': 'raft', 'id': 'q7/0', 'row': 'train.jsonl:3', 'reason': 'too many refusals'}
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from opora.errors import InputError
from opora.train.examples import Dropped, Unit, encode_rows
from opora.train.objectives.registry import METHODS
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


T = TypeVar("T")


class Mix(NamedTuple):
    """`train`: to learn from; `valid`: held out of the same datasets; `general`: chats of other things."""

    train: list[Unit]
    valid: list[Unit]
    general: list[Unit]
    dropped: list[Dropped]


class Named(NamedTuple):
    """A unit and the dataset that it comes from."""

    dataset: str
    unit: Unit

    def dropped(self, reason: str, **more: float) -> Dropped:
        return {"dataset": self.dataset, "id": self.unit.id, "row": self.unit.place, "reason": reason, **more}


def read_mix(settings: TrainSettings, datasets: Path, tokenizer: PreTrainedTokenizerBase, max_tokens: int) -> Mix:
    """Of each dataset what is long or poor is dropped, then its share is drawn by the seed; refusals are balanced over
    all of them. What the datasets hold out is kept whole. Raises InputError where nothing is left, or a filter has
    nothing to go by."""
    pairs = METHODS[settings.method].pairs
    found: list[Named] = []
    mix = Mix([], [], [], [])
    rated = False
    for name, share in settings.mix.items():
        path = datasets / name / "train.jsonl"
        units, lost = encode_rows(path, tokenizer, max_tokens, pairs)
        if not units:
            raise InputError(f"{path}: holds no example of at most {max_tokens} tokens")
        rated = rated or any(unit.quality is not None for unit in units)
        good, poor = _by_quality([Named(name, unit) for unit in units], settings.min_quality)
        if not good:
            raise InputError(f"{path}: holds no row whose quality is {settings.min_quality} or more; lower min_quality")
        found += _draw(good, max(1, round(share * len(good))), f"{settings.seed} {name}")
        if (datasets / name / "valid.jsonl").exists():
            held_out, more = encode_rows(datasets / name / "valid.jsonl", tokenizer, max_tokens, pairs)
            mix.valid.extend(held_out)
            lost += more
        mix.dropped.extend([*({"dataset": name, **each} for each in lost), *poor])
    if settings.min_quality is not None and not rated:
        raise InputError(f"train: min_quality is {settings.min_quality}, but no row carries a quality; leave it out")
    if settings.negatives is not None:
        found, surplus = _balance(found, settings.negatives, settings.seed)
        mix.dropped.extend(surplus)
    mix.train.extend(each.unit for each in found)
    if settings.general is not None:
        chats, lost = encode_rows(settings.general, tokenizer, max_tokens)
        if not chats:
            raise InputError(f"{settings.general}: holds no chat of at most {max_tokens} tokens")
        mix.general.extend(chats)
        mix.dropped.extend({"dataset": "general", **each} for each in lost)
    return mix


def _by_quality(rows: Sequence[Named], least: float | None) -> tuple[list[Named], list[Dropped]]:
    """What is good enough or carries no quality, and the rest."""
    good: list[Named] = []
    poor: list[Dropped] = []
    for row in rows:
        quality = row.unit.quality
        if least is None or quality is None or quality >= least:
            good.append(row)
        else:
            poor.append(row.dropped("low quality", quality=quality))
    return good, poor


def _balance(rows: Sequence[Named], share: float, seed: int) -> tuple[list[Named], list[Dropped]]:
    """Rows of which `share` are refusals, to the nearest whole row, and what was left out for it. Chats, which are
    neither, all stay."""
    refusals, answers = ([n for n, row in enumerate(rows) if row.unit.negative is kind] for kind in (True, False))
    if (share > 0 and not refusals) or (share < 1 and not answers):
        raise InputError(
            f"train: negatives is {share}, but by their behavior {len(refusals)} of the rows are refusals and"
            f" {len(answers)} are answers; add what is missing, or leave negatives out"
        )
    wanted = share * (len(refusals) + len(answers))
    if len(refusals) == wanted:
        return list(rows), []
    if len(refusals) > wanted:
        many, room, reason = refusals, len(answers) * share / (1 - share), "too many refusals"
    else:
        many, room, reason = answers, len(refusals) * (1 - share) / share, "too many answers"
    left_out = set(many) - set(_draw(many, round(room), f"{seed} negatives"))
    return [row for n, row in enumerate(rows) if n not in left_out], [rows[n].dropped(reason) for n in sorted(left_out)]


def _draw(items: Sequence[T], count: int, seed: str) -> list[T]:
    """`count` of the items, drawn by the seed, in their order."""
    return [items[n] for n in sorted(random.Random(seed).sample(range(len(items)), count))]
