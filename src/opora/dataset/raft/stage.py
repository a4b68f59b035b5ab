"""RAFT: questions over gold passages among distractors, and refusals where the gold is missing.

In: questions, a corpus and its index. Out: `train.jsonl`, `valid.jsonl` and `test.jsonl` of chats with their evidence,
`questions.jsonl` with the split of every question, a card, a manifest. After Zhang et al. 2024 (arXiv:2403.10131) but
for one thing: where the gold passages are left out, the answer is a refusal. The published script keeps the answer
there, which teaches a model to answer without evidence.

    RaftStage(RaftSettings(questions=Path("questions.jsonl")), Path("corpus"), Path("index"), out).run()
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from opora.answer.prompt import prompt_hashes
from opora.artifacts import Build, Manifest, fingerprint_of_file, read_manifest, write_json_lines
from opora.artifacts.stage import Estimate, Project, Stage
from opora.answer.throughput import QUESTIONS_PER_S
from opora.console.progress import track
from opora.corpus.reader import read_documents, read_passages
from opora.dataset.raft.card import count_contexts, write_card
from opora.dataset.raft.prompts import Row, RowMaker
from opora.dataset.raft.settings import RaftSettings
from opora.errors import InputError
from opora.examples.contamination import Checked, check_leaks
from opora.examples.distractors import Distractors
from opora.examples.evidence import resolve_gold
from opora.examples.reader import read_questions
from opora.examples.references import index_references
from opora.examples.split import Splits, documents_of, split_by_document
from opora.records import Example
from opora.retrieval.search.searcher import Index, open_index

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
        return {
            "corpus": read_manifest(self.corpus).fingerprint,
            "index": read_manifest(self.index).fingerprint,
            "questions": fingerprint_of_questions(self.settings.questions),
            **prompt_hashes(),
        }

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


def raft_build(settings: RaftSettings, corpus: Path, index: Path, out: Path) -> Build:
    return RaftStage(settings, corpus, index, out).build()


def build_raft(settings: RaftSettings, corpus: Path, index: Path, out: Path) -> Manifest:
    return RaftStage(settings, corpus, index, out).run()


def fingerprint_of_questions(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"{path}: no such file; name the file of questions by dataset.NAME.questions")
    return fingerprint_of_file(path)


def _select(examples: Sequence[Example], settings: RaftSettings) -> list[Example]:
    """Return the examples that the settings ask for. Raises InputError if there are none."""
    selected = [example for example in examples if settings.unanswerable or example.behavior != "refuse"]
    if not selected:
        raise InputError(
            f"{settings.questions}: no question in language {settings.language!r}; change language in the dataset"
        )
    return selected


def _publish(build: Build, settings: RaftSettings, examples: Sequence[Example], index: Index) -> Manifest:
    splits = split_by_document(examples, valid=settings.valid, test=settings.test, seed=settings.seed)
    rows, dropped = _rows(settings, splits, index)
    check_leaks({name: [_checked(row) for row in rows[name]] for name in ("train", "valid", "test")})
    for name, each in rows.items():
        write_json_lines(build.path / f"{name}.jsonl", each)
    write_json_lines(build.path / "questions.jsonl", _with_splits(splits))
    lost = [{"id": each.id, "reason": "spans two splits"} for each in splits.spanning]
    lost += [{"id": each.id, "reason": reason} for each, reason in dropped]
    write_json_lines(build.path / "dropped.jsonl", lost)
    counts = {name: len(each) for name, each in rows.items()}
    write_card(build.path / "README.md", settings, rows)
    return build.publish(
        counts=counts,
        dropped=Counter(each["reason"] for each in lost),
        prompts=prompt_hashes(),
        results={"contexts": {name: count_contexts(each) for name, each in rows.items()}},
    )


def _rows(
    settings: RaftSettings, splits: Splits, index: Index
) -> tuple[dict[str, list[Row]], list[tuple[Example, str]]]:
    """Rows of each split, and the questions that no row could be made of, with the reason.

    A split's distractors never come from a document of a later split, so that no test passage is trained on.
    """
    rows: dict[str, list[Row]] = {}
    dropped: list[tuple[Example, str]] = []
    hidden = {"train": [*splits.valid, *splits.test], "valid": splits.test, "test": []}
    distractors = Distractors(index)
    once = settings.model_copy(update={"variants": 1, "questions_per_context": 1})
    for name, examples in (("train", splits.train), ("valid", splits.valid), ("test", splits.test)):
        own = settings if name == "train" else once  # one row a question is enough to watch or to test with
        maker = RowMaker(own, distractors.without(documents_hidden(hidden[name])), examples)
        rows[name] = []
        for example in track(examples, f"dataset {name}", total=len(examples)):
            made = maker.rows(example)
            rows[name] += made
            if not made:
                dropped.append((example, "no passages to show"))
    return rows, dropped


def documents_hidden(examples: Sequence[Example]) -> frozenset[str]:
    """Ids of the documents that hold gold passages of `examples`, and the names that they go by in questions."""
    gold = {passage.document_id for each in examples for passage in each.passages if passage.id in each.gold}
    return frozenset(gold).union(*map(documents_of, examples))


def _checked(row: Row) -> Checked:
    refused = row.behavior == "refuse"
    evidence = [row.question] if refused else [row.question, row.answer, *(quote.text for quote in row.quotes)]
    if not row.quotes and not refused:
        evidence += [passage.text for passage in row.passages if passage.id in row.gold]
    return Checked(row.id, row.question, tuple(evidence), tuple(message.content for message in row.messages))


def _with_splits(splits: Splits) -> list[Example]:
    train = [each.model_copy(update={"split": "train"}) for each in [*splits.train, *splits.valid]]
    return train + [each.model_copy(update={"split": "test"}) for each in splits.test]
