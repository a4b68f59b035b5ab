"""The card of a dataset: what it holds, how it was made, one row of it, in the form that `datasets` reads.

In: settings and rows. Out: `README.md` beside the rows, whose front matter names the files of each split.

    write_card(Path("dataset/raft/README.md"), settings, {"train": rows, "valid": [], "test": []})
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from opora import __version__
from opora.dataset.raft.prompts import Row
from opora.dataset.raft.settings import RaftSettings


def write_card(path: Path, settings: RaftSettings, splits: Mapping[str, Sequence[Row]]) -> None:
    from jinja2 import Environment, StrictUndefined

    source = resources.files(__package__).joinpath("card.md.jinja").read_text(encoding="utf-8")
    template = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(source)
    rows = [row for each in splits.values() for row in each]
    text = template.render(
        version=__version__,
        settings=settings.model_dump(mode="json"),
        languages=sorted({row.language for row in rows}),
        splits={name: each for name, each in splits.items() if each},
        contexts={name: count_contexts(each) for name, each in splits.items()},
        refusals={name: sum(row.behavior == "refuse" for row in each) for name, each in splits.items()},
        kinds=sorted(Counter(row.kind for row in rows).items()),
        example=splits["train"][0] if splits["train"] else None,
    )
    path.write_text(text, encoding="utf-8")


def count_contexts(rows: Sequence[Row]) -> int:
    """How many different lists of passages the rows are asked over."""
    return len({tuple(passage.id for passage in row.passages) for row in rows})
