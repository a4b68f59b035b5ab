"""Settings of the corpus."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opora.validation import NonNegativeInt, PositiveInt, Settings


class ChunkSettings(Settings):
    """How documents are cut into passages."""

    size: PositiveInt = 800
    """Budget of a passage, in `unit`; a sentence or a table row is cut only if it alone is longer."""
    overlap: NonNegativeInt = 100
    """Sentences that a passage repeats from the one before, at most this much, within a section."""
    unit: Literal["characters", "tokens"] = "characters"
    """Tokens are words, numbers and punctuation marks here, of no particular model."""


class LimitSettings(Settings):
    """What parsing one document may cost; beyond it the document is dropped, and says so."""

    timeout_s: Annotated[float, Field(gt=0)] = 60.0
    memory_mb: Annotated[int, Field(ge=256)] = 2048
    """Address space of the process that parses."""
    max_file_mb: PositiveInt = 100
    max_unpacked_mb: PositiveInt = 300
    """What a zipped format may unpack to."""


class IngestSettings(Settings):
    """Which documents are read, and how."""

    folders: Annotated[tuple[str, ...], Field(min_length=1)] = ("documents",)
    """Folders (read with all below them), files, or globs such as `reports/**/*.pdf`."""
    exclude: tuple[str, ...] = ("**/.*", "**/~$*")
    """Globs of sources that are left out."""
    languages: tuple[str, ...] = ()
    """Languages (ISO 639-1) that documents can be in; empty: any."""
    access: dict[str, tuple[str, ...]] = {}
    """Access labels by glob of source: `{"board/**": [board]}`."""
    chunk: ChunkSettings = ChunkSettings()
    limits: LimitSettings = LimitSettings()
    workers: PositiveInt = 2
    """Documents parsed at once."""
