"""Stage that makes a RAFT dataset: questions over gold passages among distractors, and refusals without gold.

Out: `train.jsonl`, `valid.jsonl` and `test.jsonl` of chats with their evidence, `questions.jsonl` with the split of
every question, `dropped.jsonl`, a card and a manifest. The method is that of Zhang et al. 2024 (arXiv:2403.10131) with
one change: without gold passages, the answer is a refusal. The published script keeps the answer there, which teaches a
model to answer without evidence.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from opora import __version__
from opora.answer.prompt import prompt_hashes
from opora.answer.throughput import QUESTIONS_PER_S
from opora.artifacts import Build, Manifest, fingerprint_of_file, read_manifest, write_json_lines
from opora.artifacts.stage import Estimate, Project, Stage
from opora.console.progress import track
from opora.corpus.reader import read_documents, read_passages
from opora.dataset.raft.prompts import RaftRow, RaftRowMaker
from opora.dataset.raft.settings import RaftSettings
from opora.errors import InputError
from opora.examples.contamination import ExampleTexts, check_leaks
from opora.examples.distractors import Distractors
from opora.examples.evidence import gold_passages, resolve_gold
from opora.examples.reader import read_questions
from opora.examples.references import index_references
from opora.examples.split import Splits, documents_of, split_by_document
from opora.examples.support import find_gold
from opora.records import Example
from opora.retrieval.search.searcher import Index, open_index
from opora.text.resources import template

START_S = 5.0
"""Seconds before the first example is made."""


class RaftStage(Stage):
    """Makes a RAFT dataset."""

    kind = "dataset raft"

    def __init__(self, settings: RaftSettings, corpus: Path, index: Path, out: Path) -> None:
        self.settings: RaftSettings = settings
        self.corpus, self.index, self.out = corpus, index, out

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        settings, root = project.settings(name, RaftSettings), project.root
        return cls(settings, root / "corpus", root / "index", root / "dataset" / name.removeprefix("dataset."))

    def needs(self, project: Project) -> tuple[str, ...]:
        return ("ingest", "index")

    def inputs(self) -> Mapping[str, str]:
        questions = self.settings.questions
        if not questions.is_file():
            raise InputError(f"{questions}: no such file; set dataset.NAME.questions to a file of questions")
        artifacts = {"corpus": read_manifest(self.corpus).fingerprint, "index": read_manifest(self.index).fingerprint}
        return artifacts | {"questions": fingerprint_of_file(questions)} | prompt_hashes()

    def estimate(self, project: Project) -> Estimate:
        questions = read_questions(project.root / self.settings.questions, self.settings.language)
        return Estimate(seconds=START_S + len(questions) * self.settings.variants / QUESTIONS_PER_S)

    def make(self, build: Build) -> Manifest:
        """Write the dataset.

        Raises InputError for a wrong question, a quote that is not in its document, or a leak between splits.
        """
        examples = _select(read_questions(self.settings.questions, self.settings.language), self.settings)
        if any(example.passages for example in examples):
            with tempfile.TemporaryDirectory() as folder:
                return _publish(build, self.settings, examples, index_references(examples, Path(folder)))
        documents, passages = list(read_documents(self.corpus)), list(read_passages(self.corpus))
        resolved = [resolve_gold(example, documents, passages) for example in examples]
        return _publish(build, self.settings, resolved, open_index(self.index))


def _select(examples: Sequence[Example], settings: RaftSettings) -> list[Example]:
    """Return the examples that the settings ask for. Raises InputError if there are none."""
    selected = [example for example in examples if settings.unanswerable or example.behavior != "refuse"]
    if not selected:
        fault = f"no question in language {settings.language!r}; change language in the dataset"
        raise InputError(f"{settings.questions}: {fault}")
    return selected


def _publish(build: Build, settings: RaftSettings, examples: Sequence[Example], index: Index) -> Manifest:
    taught, dropped = _with_evidence(examples, index)
    shares = {"valid_share": settings.valid_share, "test_share": settings.test_share}
    splits = split_by_document(taught, **shares, seed=settings.seed)
    rows, without_passages = _rows(settings, splits, index)
    check_leaks({name: [_texts(row) for row in split_rows] for name, split_rows in rows.items()})
    for name, split_rows in rows.items():
        write_json_lines(build.path / f"{name}.jsonl", split_rows)
    write_json_lines(build.path / "questions.jsonl", _with_splits(splits))
    dropped += [{"id": example.id, "reason": "spans two splits"} for example in splits.spanning]
    dropped += [{"id": example.id, "reason": "no passages to show"} for example in without_passages]
    write_json_lines(build.path / "dropped.jsonl", dropped)
    contexts = {name: _count_contexts(split_rows) for name, split_rows in rows.items()}
    card = _card(settings, rows, contexts, Counter(drop["reason"] for drop in dropped))
    (build.path / "README.md").write_text(card, encoding="utf-8")
    return build.publish(
        counts={name: len(split_rows) for name, split_rows in rows.items()},
        dropped=Counter(drop["reason"] for drop in dropped),
        prompts=prompt_hashes(),
        results={"contexts": contexts},
    )


def _with_evidence(examples: Sequence[Example], index: Index) -> tuple[list[Example], list[dict[str, str]]]:
    """Return the examples that can be taught, and the others with the reason: an answer always has its evidence."""
    taught: list[Example] = []
    dropped: list[dict[str, str]] = []
    for example in (find_gold(example, index) for example in examples):
        if example.behavior == "refuse" or (example.answer and gold_passages(example)):
            taught.append(example)
        else:
            dropped.append({"id": example.id, "reason": "no gold passage" if example.answer else "no answer"})
    if not taught:
        fault = f"none of the {len(examples)} questions has an answer with its evidence in the documents"
        raise InputError(f"{fault}; add quotes, or documents that hold the answers")
    return taught, dropped


def _rows(settings: RaftSettings, splits: Splits, index: Index) -> tuple[dict[str, list[RaftRow]], list[Example]]:
    """Return the rows of each split, and the examples for which there were no passages.

    A split's distractors never come from a document of a later split, so that no test passage is trained on.
    """
    rows: dict[str, list[RaftRow]] = {"train": [], "valid": [], "test": []}
    without_passages: list[Example] = []
    hidden = {"train": [*splits.valid, *splits.test], "valid": splits.test, "test": []}
    distractors = Distractors(index)
    single = settings.model_copy(update={"variants": 1, "questions_per_context": 1})
    for name, examples in (("train", splits.train), ("valid", splits.valid), ("test", splits.test)):
        split_settings = settings if name == "train" else single  # one row per question suffices for evaluation
        maker = RaftRowMaker(split_settings, distractors.without(_document_names(hidden[name])), examples)
        for example in track(examples, f"dataset {name}", total=len(examples)):
            example_rows = maker.rows(example)
            rows[name] += example_rows
            if not example_rows:
                without_passages.append(example)
    return rows, without_passages


def _document_names(examples: Sequence[Example]) -> frozenset[str]:
    """Return the ids of the documents with gold passages of `examples`, and the names that their questions use."""
    gold = {passage.document_id for example in examples for passage in gold_passages(example)}
    return frozenset(gold).union(*map(documents_of, examples))


def _texts(row: RaftRow) -> ExampleTexts:
    refused = row.behavior == "refuse"
    private = [row.question] if refused else [row.question, row.answer, *(quote.text for quote in row.quotes)]
    if not row.quotes and not refused:
        private += [passage.text for passage in row.passages if passage.id in row.gold]
    return ExampleTexts(row.id, row.question, tuple(private), tuple(message.content for message in row.messages))


def _count_contexts(rows: Sequence[RaftRow]) -> int:
    """Return the number of distinct lists of passages in the rows."""
    return len({tuple(passage.id for passage in row.passages) for row in rows})


def _card(
    settings: RaftSettings,
    splits: Mapping[str, Sequence[RaftRow]],
    contexts: Mapping[str, int],
    dropped: Mapping[str, int],
) -> str:
    """Return the dataset card, with front matter that Hugging Face `datasets` reads."""
    rows = [row for split_rows in splits.values() for row in split_rows]
    return template(__package__, "card.md.jinja").render(
        version=__version__,
        settings=settings.model_dump(mode="json"),
        languages=sorted({row.language for row in rows}),
        splits={name: split_rows for name, split_rows in splits.items() if split_rows},
        contexts=contexts,
        dropped=sorted(dropped.items()),
        refusals={name: sum(row.behavior == "refuse" for row in split_rows) for name, split_rows in splits.items()},
        question_types=sorted(Counter(row.question_type for row in rows).items()),
        example=next(iter(splits["train"]), None),
    )


def _with_splits(splits: Splits) -> list[Example]:
    train = [example.model_copy(update={"split": "train"}) for example in [*splits.train, *splits.valid]]
    return train + [example.model_copy(update={"split": "test"}) for example in splits.test]
