"""The card of an adapter: what it was trained from, how, and its scores.

In: settings and facts of a run. Out: `README.md` beside the adapter.

    write_card(Path("train/raft/README.md"), settings, {"name": "raft", "steps": 20, ...})
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from opora import __version__
from opora.models.spec import parse_spec
from opora.train.settings import TrainSettings


def write_card(path: Path, settings: TrainSettings, facts: Mapping[str, object]) -> None:
    """`facts` are the variables of `card.md.jinja`; one that is missing is an error."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files(__package__).joinpath("card.md.jinja").read_text(encoding="utf-8")
    template = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(source)
    spec = parse_spec(settings.model)
    text = template.render(
        **facts,
        version=__version__,
        settings=settings,
        base_model=spec.name or spec.kind,
        settings_lines=list(setting_lines(settings.model_dump(mode="json"))),
    )
    path.write_text(text, encoding="utf-8")


def setting_lines(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of each setting, however deep."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from setting_lines(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
