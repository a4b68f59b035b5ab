"""The beginning of a benchmark of one's own: a file of questions to be written, every cell laid out.

In: a corpus. Out: JSON Lines, a row a kind and document or more, the documents of each domain dealt out to the halves.
The domain of a document is the folder it lies in. `opora bench check` names what is still to be written.

    lay_out_questions(Path("corpus"), Path("questions.jsonl"), per_cell=2)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from opora.artifacts import write_json_lines
from opora.bench.questions.validate import EXPECTED
from opora.corpus.reader import read_documents
from opora.errors import InputError
from opora.records import KINDS, Document, Example, Quote, Split
from opora.text.language_pack import wording


def lay_out_questions(corpus: Path, path: Path, per_cell: int) -> int:
    """Write `per_cell` empty questions for each language, domain, kind and half; returns how many. Raises InputError if
    the file exists, or a domain has but one document, which cannot be in both halves."""
    if path.exists():
        raise InputError(f"{path}: exists; choose another name, or remove it")
    documents = sorted(read_documents(corpus), key=lambda document: document.source)
    if not documents:
        raise InputError(f"{corpus}: holds no documents to ask about")
    groups: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        groups.setdefault((document.language, _domain(document)), []).append(document)
    for (language, domain), inside in groups.items():
        if len(inside) < 2:
            raise InputError(
                f"{inside[0].source}: is the only document of domain {domain!r} in {language}; a benchmark is split by"
                " document, so each domain (the folder it lies in) needs two or more"
            )
    rows = [row for (_, domain), inside in groups.items() for row in _rows(domain, inside, per_cell)]
    return write_json_lines(path, (row.model_dump(mode="json", exclude=_UNUSED) for row in rows))


_UNUSED = {"passages", "gold", "origin"}


def _rows(domain: str, documents: Sequence[Document], per_cell: int) -> Iterator[Example]:
    half = len(documents) // 2
    halves: tuple[tuple[Split, Sequence[Document]], ...] = (("train", documents[:half]), ("test", documents[half:]))
    for split, own in halves:
        turn = itertools.cycle(own)
        for kind in KINDS:
            for number, document in zip(range(1, per_cell + 1), turn, strict=False):
                behavior = EXPECTED.get(kind, "answer")
                refused = behavior == "refuse"
                name = document.source.rsplit(".", 1)[0]
                yield Example(
                    id="-".join(filter(None, [domain, split, kind.replace(" ", "-"), str(number), document.language])),
                    question="",
                    answer=wording(document.language).refusal if refused else "",
                    language=document.language,
                    kind=kind,
                    domain=domain,
                    split=split,
                    behavior=behavior,
                    documents=(name,),
                    quotes=() if refused else (Quote(document=name, text=""),),
                )


def _domain(document: Document) -> str:
    folder = document.source.rpartition("/")[0]
    return folder.rpartition("/")[2]
