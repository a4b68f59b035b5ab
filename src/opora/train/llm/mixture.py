"""Mixture of datasets: a share of each, filtered by quality, with a share of refusals.

read_mixture(settings, Path("dataset"), tokenizer, 4096).dropped[0]
# {'dataset': 'raft', 'id': 'q7/0', 'row': 'train.jsonl:3', 'reason': 'too many refusals'}
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from opora.errors import InputError
from opora.train.llm.encoding import DroppedRow, describe_dropped, encode_examples
from opora.train.scorer import TokenizedExample
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


def read_mixture(
    settings: TrainSettings, datasets: Path, tokenizer: PreTrainedTokenizerBase, max_tokens: int, pairs: bool = False
) -> Mixture:
    """Return the examples (preference pairs if `pairs`) of all datasets. Long and poor rows of each are dropped, then
    its share is drawn by the seed; refusals are balanced over all datasets. Validation sets are kept whole.

    Raises InputError if a dataset is left empty, or if no row has the field that a filter needs.
    """
    train: list[TokenizedExample] = []
    valid: list[TokenizedExample] = []
    general: list[TokenizedExample] = []
    dropped: list[DroppedRow] = []
    minimum = -math.inf if settings.min_quality is None else settings.min_quality
    has_quality = False
    for name, share in settings.mixture.items():
        path = datasets / name / "train.jsonl"
        examples, unusable = encode_examples(path, tokenizer, max_tokens, pairs, name)
        if not examples:
            raise InputError(f"{path}: no example has at most {max_tokens} tokens")
        has_quality = has_quality or any(example.quality is not None for example in examples)
        good = [example for example in examples if example.quality is None or example.quality >= minimum]
        if not good:
            raise InputError(f"{path}: no row has a quality of {settings.min_quality} or more; lower min_quality")
        train += _sample(good, max(1, round(share * len(good))), f"{settings.seed} {name}")
        if path.with_name("valid.jsonl").exists():
            held_out, long = encode_examples(path.with_name("valid.jsonl"), tokenizer, max_tokens, pairs, name)
            valid += held_out
            unusable += long
        dropped += unusable
        for example in examples:
            if example.quality is not None and example.quality < minimum:
                dropped.append(describe_dropped(example, "low quality", quality=example.quality))
    if settings.min_quality is not None and not has_quality:
        raise InputError(f"train: min_quality is {settings.min_quality}, but no row has a quality; remove min_quality")
    if settings.refusal_share is not None:
        train, surplus = _balance_refusals(train, settings.refusal_share, settings.seed)
        dropped += surplus
    if settings.regression_set is not None:
        general, unusable = encode_examples(settings.regression_set, tokenizer, max_tokens, dataset="regression_set")
        if not general:
            raise InputError(f"{settings.regression_set}: no chat has at most {max_tokens} tokens")
        dropped += unusable
    return Mixture(train, valid, general, dropped)


def _balance_refusals(
    examples: Sequence[TokenizedExample], share: float, seed: int
) -> tuple[list[TokenizedExample], list[DroppedRow]]:
    """Drop surplus refusals or answers until `share` are refusals, to the nearest whole row. Examples without a
    behavior are not counted and all kept."""
    refusals, answers = (
        [index for index, example in enumerate(examples) if example.is_refusal is kind] for kind in (True, False)
    )
    if (share > 0 and not refusals) or (share < 1 and not answers):
        counts = f"{len(refusals)} of the rows are refusals and {len(answers)} are answers"
        advice = "add the missing kind, or remove refusal_share"
        raise InputError(f"train: refusal_share is {share}, but by their behavior {counts}; {advice}")
    target = share * (len(refusals) + len(answers))
    if len(refusals) == target:
        return list(examples), []
    if len(refusals) > target:
        surplus, room, reason = refusals, len(answers) * share / (1 - share), "too many refusals"
    else:
        surplus, room, reason = answers, len(refusals) * (1 - share) / share, "too many answers"
    # the seed of the draw keeps the old name of the setting, so that the same rows are drawn as before
    left_out = set(surplus) - set(_sample(surplus, round(room), f"{seed} negatives"))
    kept = [example for index, example in enumerate(examples) if index not in left_out]
    return kept, [describe_dropped(examples[index], reason) for index in sorted(left_out)]


def _sample(items: Sequence[T], count: int, seed: str) -> list[T]:
    """Return `count` random items in their order."""
    return [items[index] for index in sorted(random.Random(seed).sample(range(len(items)), count))]
