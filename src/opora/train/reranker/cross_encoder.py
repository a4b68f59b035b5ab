"""Training of a cross-encoder with sentence-transformers.

train_cross_encoder(groups, RerankerTrainSettings(base="hf:folder"), Path("model"), Path("work"))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from opora.errors import InputError, MissingExtraError
from opora.models.spec import parse_spec
from opora.retrieval.rerankers.cross_encoder import EXTRA, CrossEncoderReranker, open_cross_encoder, reranker_text
from opora.train.reranker.groups import RankingGroup
from opora.train.reranker.settings import RerankerTrainSettings

LR = 2e-5
NEGATIVES = 4
"""Hard negatives per question: its best candidates that are not relevant."""
WARMUP_RATIO = 0.1


class PassagePair(NamedTuple):
    """A question, the text of a passage with headings, and its relevance."""

    question: str
    passage: str
    relevance: float


def train_cross_encoder(
    groups: Iterable[RankingGroup], settings: RerankerTrainSettings, folder: Path, work: Path
) -> CrossEncoderReranker:
    """Train with binary cross-entropy on relevant passages and hard negatives, and save the model in `folder`.

    `work`: folder for the files of the trainer. Raises MissingExtraError without sentence-transformers, InputError
    without groups.
    """
    spec = parse_spec(settings.base)
    pairs = [pair for group in groups for pair in make_pairs(group)]
    if not pairs:
        raise InputError("train reranker: no question has a relevant candidate; add questions or documents")
    try:
        from datasets import Dataset
        from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
        from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"training a cross-encoder ({error.name})", EXTRA) from None
    from transformers import set_seed

    # an encoder that is not a cross-encoder gets a randomly initialised head
    set_seed(settings.seed)
    model = open_cross_encoder(spec.name, spec.revision, num_labels=1)
    arguments = CrossEncoderTrainingArguments(
        output_dir=str(work),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.lr or LR,
        warmup_steps=WARMUP_RATIO,
        seed=settings.seed,
        data_seed=settings.seed,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )
    rows = Dataset.from_list([pair._asdict() for pair in pairs]).rename_column("relevance", "label")
    trainer = CrossEncoderTrainer(model=model, args=arguments, train_dataset=rows, loss=BinaryCrossEntropyLoss(model))
    trainer.train()
    model.save_pretrained(str(folder))
    return CrossEncoderReranker(str(folder))


def make_pairs(group: RankingGroup) -> Iterator[PassagePair]:
    """Yield all candidates with some relevance, and the hard negatives."""
    negatives = 0
    for candidate, relevance in zip(group.candidates, group.relevance, strict=True):
        negatives += not relevance
        if relevance or negatives <= NEGATIVES:
            yield PassagePair(group.query.text, reranker_text(candidate), relevance)
