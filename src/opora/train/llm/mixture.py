"""Mixture of datasets: a share of each, filtered by quality, with a share of refusals.

In: settings, the folder of the datasets, a tokenizer. Out: examples to train and evaluate on, and the dropped rows.

    settings = SftSettings(dataset={"raft": 1.0, "chats": 0.6}, refusal_share=0.2)
    mixture = read_mixture(settings, Path("dataset"), tokenizer, 4096)
    mixture.dropped[0]      # {'dataset': 'raft', 'id': 'q7/0', 'row': 'train.jsonl:3', 'reason': 'too many refusals'}
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from opora.errors import InputError
from opora.train.examples import TokenizedExample
from opora.train.llm.encoding import DroppedRow, encode_examples
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

T = TypeVar("T")


class Mixture(NamedTuple):
    """`train`: examples to train on; `valid`: held out of the same datasets; `general`: chats of `regression_set`."""

    train: list[TokenizedExample]
    valid: list[TokenizedExample]
    general: list[TokenizedExample]
    dropped: list[DroppedRow]


class MixtureItem(NamedTuple):
    """An example and the name of its dataset."""

    dataset: str
    example: TokenizedExample

    def dropped(self, reason: str, **details: float) -> DroppedRow:
        """Return the entry of the example in the list of dropped rows."""
        identity: DroppedRow = {"dataset": self.dataset, "id": self.example.id, "row": self.example.location}
        return {**identity, "reason": reason, **details}


def read_mixture(
    settings: TrainSettings, datasets: Path, tokenizer: PreTrainedTokenizerBase, max_tokens: int, pairs: bool = False
) -> Mixture:
    """Return the examples (preference pairs if `pairs`) of all datasets. Long and poor rows of each are dropped, then
    its share is drawn by the seed; refusals are balanced over all datasets. Validation sets are kept whole.

    Raises InputError if a dataset is left empty, or if no row has the field that a filter needs.
    """
    items: list[MixtureItem] = []
    mixture = Mixture([], [], [], [])
    has_quality = False
    for name, share in settings.mixture.items():
        path = datasets / name / "train.jsonl"
        examples, dropped = encode_examples(path, tokenizer, max_tokens, pairs)
        if not examples:
            raise InputError(f"{path}: no example has at most {max_tokens} tokens")
        has_quality = has_quality or any(example.quality is not None for example in examples)
        good, poor = _split_by_quality([MixtureItem(name, example) for example in examples], settings.min_quality)
        if not good:
            raise InputError(f"{path}: no row has a quality of {settings.min_quality} or more; lower min_quality")
        items += _sample(good, max(1, round(share * len(good))), f"{settings.seed} {name}")
        if (datasets / name / "valid.jsonl").exists():
            valid, dropped_valid = encode_examples(datasets / name / "valid.jsonl", tokenizer, max_tokens, pairs)
            mixture.valid.extend(valid)
            dropped += dropped_valid
        mixture.dropped.extend([*({"dataset": name, **row} for row in dropped), *poor])
    if settings.min_quality is not None and not has_quality:
        raise InputError(f"train: min_quality is {settings.min_quality}, but no row has a quality; remove min_quality")
    if settings.refusal_share is not None:
        items, surplus = _balance_refusals(items, settings.refusal_share, settings.seed)
        mixture.dropped.extend(surplus)
    mixture.train.extend(item.example for item in items)
    if settings.regression_set is not None:
        _read_regression_set(settings.regression_set, tokenizer, max_tokens, mixture)
    return mixture


def _read_regression_set(path: Path, tokenizer: PreTrainedTokenizerBase, max_tokens: int, mixture: Mixture) -> None:
    chats, dropped = encode_examples(path, tokenizer, max_tokens)
    if not chats:
        raise InputError(f"{path}: no chat has at most {max_tokens} tokens")
    mixture.general.extend(chats)
    mixture.dropped.extend({"dataset": "regression_set", **row} for row in dropped)


def _split_by_quality(
    items: Sequence[MixtureItem], minimum: float | None
) -> tuple[list[MixtureItem], list[DroppedRow]]:
    """Return the items of at least the minimum quality or without one, and entries for the rest."""
    good: list[MixtureItem] = []
    poor: list[DroppedRow] = []
    for item in items:
        quality = item.example.quality
        if minimum is None or quality is None or quality >= minimum:
            good.append(item)
        else:
            poor.append(item.dropped("low quality", quality=quality))
    return good, poor


def _balance_refusals(
    items: Sequence[MixtureItem], share: float, seed: int
) -> tuple[list[MixtureItem], list[DroppedRow]]:
    """Drop surplus refusals or answers until `share` are refusals, to the nearest whole row. Examples without a
    behavior are not counted and all kept."""
    refusals, answers = (
        [index for index, item in enumerate(items) if item.example.is_refusal is kind] for kind in (True, False)
    )
    if (share > 0 and not refusals) or (share < 1 and not answers):
        raise InputError(
            f"train: refusal_share is {share}, but by their behavior {len(refusals)} of the rows are refusals and"
            f" {len(answers)} are answers; add the missing kind, or remove refusal_share"
        )
    target = share * (len(refusals) + len(answers))
    if len(refusals) == target:
        return list(items), []
    if len(refusals) > target:
        surplus, room, reason = refusals, len(answers) * share / (1 - share), "too many refusals"
    else:
        surplus, room, reason = answers, len(refusals) * (1 - share) / share, "too many answers"
    # the seed of the draw keeps the old name of the setting, so that the same rows are drawn as before
    left_out = set(surplus) - set(_sample(surplus, round(room), f"{seed} negatives"))
    kept = [item for index, item in enumerate(items) if index not in left_out]
    return kept, [items[index].dropped(reason) for index in sorted(left_out)]


def _sample(items: Sequence[T], count: int, seed: str) -> list[T]:
    """Return `count` random items in their order."""
    return [items[index] for index in sorted(random.Random(seed).sample(range(len(items)), count))]
