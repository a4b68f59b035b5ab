"""Dataset card: contents, settings and an example row, with front matter that Hugging Face `datasets` reads.

write_card(Path("dataset/raft/README.md"), settings, {"train": rows, "valid": [], "test": []})
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from opora import __version__
from opora.dataset.raft.prompts import RaftRow
from opora.dataset.raft.settings import RaftSettings
from opora.text.resources import template


def write_card(path: Path, settings: RaftSettings, splits: Mapping[str, Sequence[RaftRow]]) -> None:
    """Write the card of a dataset to `path`."""
    rows = [row for split_rows in splits.values() for row in split_rows]
    text = template(__package__, "card.md.jinja").render(
        version=__version__,
        settings=settings.model_dump(mode="json"),
        languages=sorted({row.language for row in rows}),
        splits={name: split_rows for name, split_rows in splits.items() if split_rows},
        contexts={name: count_contexts(split_rows) for name, split_rows in splits.items()},
        refusals={name: sum(row.behavior == "refuse" for row in split_rows) for name, split_rows in splits.items()},
        question_types=sorted(Counter(row.question_type for row in rows).items()),
        example=splits["train"][0] if splits["train"] else None,
    )
    path.write_text(text, encoding="utf-8")


def count_contexts(rows: Sequence[RaftRow]) -> int:
    """Return the number of distinct lists of passages in the rows."""
    return len({tuple(passage.id for passage in row.passages) for row in rows})
