"""A cross-encoder from groups, by sentence-transformers.

In: groups, a base. Out: a reranker, saved in the form of sentence-transformers.

    train_cross_encoder(groups, RerankerSettings(base="hf:folder"), Path("model"), Path("work"))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from opora.errors import InputError, MissingExtraError
from opora.models.spec import parse_spec
from opora.retrieval.rerankers.cross_encoder import (
    EXTRA,
    CrossEncoderReranker,
    open_cross_encoder,
    reranker_text,
)
from opora.train.reranker.groups import Group
from opora.train.reranker.settings import RerankerSettings

LR = 2e-5
WRONG = 4
"""The best passages that do not answer, for each question: the ones that are hard to tell."""
WARMUP = 0.1


class Pair(NamedTuple):
    """A question, a passage below its headings, how right it is."""

    question: str
    passage: str
    label: float


def train_cross_encoder(
    groups: Iterable[Group], settings: RerankerSettings, folder: Path, work: Path
) -> CrossEncoderReranker:
    """Trained with binary cross-entropy on right passages and on the best wrong ones, and saved in `folder`; `work`
    holds what the trainer writes on its way. Raises MissingExtraError without sentence-transformers, InputError if
    there are no groups."""
    spec = parse_spec(settings.base)
    pairs = [pair for group in groups for pair in pairs_of(group)]
    if not pairs:
        raise InputError(
            "train reranker: there is no question whose passage was found; give more questions or documents"
        )
    try:
        from datasets import Dataset
        from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
        from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"training a cross-encoder ({error.name})", EXTRA) from None
    from transformers import set_seed

    # the head of a model that was no cross-encoder is drawn by chance
    set_seed(settings.seed)
    model = open_cross_encoder(spec.name, spec.revision, num_labels=1)
    arguments = CrossEncoderTrainingArguments(
        output_dir=str(work),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.lr or LR,
        warmup_steps=WARMUP,
        seed=settings.seed,
        data_seed=settings.seed,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )
    rows = Dataset.from_dict(
        {
            "question": [each.question for each in pairs],
            "passage": [each.passage for each in pairs],
            "label": [each.label for each in pairs],
        }
    )
    trainer = CrossEncoderTrainer(model=model, args=arguments, train_dataset=rows, loss=BinaryCrossEntropyLoss(model))
    trainer.train()
    model.save_pretrained(str(folder))
    return CrossEncoderReranker(str(folder))


def pairs_of(group: Group) -> Iterator[Pair]:
    """Every passage that is right to some degree, and the best ones that are not."""
    wrong = 0
    for candidate, label in zip(group.candidates, group.labels, strict=True):
        wrong += not label
        if label or wrong <= WRONG:
            yield Pair(group.question.text, reranker_text(candidate), label)
