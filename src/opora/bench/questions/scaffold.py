"""Scaffold of a benchmark of your own documents: a file of questions to fill in.

There are empty questions of each type, domain and split, each about a document. The domain of a document is its folder.
`opora bench check` lists what is missing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from opora.artifacts import write_json_lines
from opora.bench.questions.validate import BEHAVIORS
from opora.corpus.reader import read_documents
from opora.errors import InputError
from opora.records import QUESTION_TYPES, Document, Example, Quote, Split
from opora.text.language_pack import wording

_UNUSED = {"passages", "gold", "origin"}
"""Fields that questions about a corpus do not have."""


def scaffold_questions(corpus: Path, path: Path, per_cell: int) -> int:
    """Write `per_cell` empty questions per language, domain, question type and split; returns their number.

    Raises InputError if the file exists, or a domain has a single document, which cannot be in both splits.
    """
    if path.exists():
        raise InputError(f"{path}: exists; choose another name, or remove it")
    documents = sorted(read_documents(corpus), key=lambda document: document.source)
    if not documents:
        raise InputError(f"{corpus}: has no documents to ask about")
    groups: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        groups.setdefault((document.language, _domain(document)), []).append(document)
    for (language, domain), group in groups.items():
        if len(group) < 2:
            raise InputError(
                f"{group[0].source}: is the only document of domain {domain!r} in {language}; a benchmark is split by"
                " document, so each domain (the folder of a document) needs two or more"
            )
    rows = [row for (_, domain), group in groups.items() for row in _rows(domain, group, per_cell)]
    return write_json_lines(path, (row.model_dump(mode="json", exclude=_UNUSED) for row in rows))


def _rows(domain: str, documents: Sequence[Document], per_cell: int) -> Iterator[Example]:
    """Yield the empty questions of a domain; its first half of documents is for training."""
    half = len(documents) // 2
    splits: tuple[tuple[Split, Sequence[Document]], ...] = (("train", documents[:half]), ("test", documents[half:]))
    for split, own in splits:
        turn = itertools.cycle(own)
        for question_type in QUESTION_TYPES:
            for number, document in zip(range(1, per_cell + 1), turn, strict=False):
                behavior = BEHAVIORS.get(question_type, "answer")
                is_refused = behavior == "refuse"
                name = document.source.rsplit(".", 1)[0]
                parts = [domain, split, question_type.replace("_", "-"), str(number), document.language]
                yield Example(
                    id="-".join(filter(None, parts)),
                    question="",
                    answer=wording(document.language).refusal if is_refused else "",
                    language=document.language,
                    question_type=question_type,
                    domain=domain,
                    split=split,
                    behavior=behavior,
                    documents=(name,),
                    quotes=() if is_refused else (Quote(document=name, text=""),),
                )


def _domain(document: Document) -> str:
    return PurePosixPath(document.source).parent.name
