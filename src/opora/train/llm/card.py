"""Model card of an adapter: data, settings, losses.

In: settings and facts of a run. Out: `README.md` in the format of the Hugging Face Hub.

    write_card(Path("train/raft/README.md"), settings, {"name": "raft", "steps": 20, ...})
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from opora import __version__
from opora.models.spec import parse_spec
from opora.text.resources import template
from opora.train.settings import TrainSettings


def write_card(path: Path, settings: TrainSettings, facts: Mapping[str, object]) -> None:
    """Write the card. `facts` are the variables of `card.md.jinja`; a missing one is an error."""
    spec = parse_spec(settings.model)
    text = template(__package__, "card.md.jinja").render(
        **facts,
        version=__version__,
        settings=settings,
        base_model=spec.name or spec.kind,
        settings_lines=list(flatten_settings(settings.model_dump(mode="json"))),
    )
    path.write_text(text, encoding="utf-8")


def flatten_settings(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and value of each setting, at any depth."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from flatten_settings(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
