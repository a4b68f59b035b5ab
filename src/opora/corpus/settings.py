"""Settings of `opora ingest`: which documents, how they are read, how they are cut."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from opora.records import NonNegativeInt, PositiveInt, Settings


class ChunkSettings(Settings):
    """How a document is cut into passages."""

    size: Annotated[int, Field(ge=50)] = 700
    """The most that a passage holds; one table row may be longer."""
    unit: Literal["chars", "tokens"] = "chars"
    """`tokens` counts words, numbers and punctuation marks; a model's own tokens are 1.3 to 3 times as many."""
    overlap: NonNegativeInt = 120
    """The most of whole sentences that a passage repeats from the one before it, under the same heading."""

    @model_validator(mode="after")
    def _overlap_is_less(self) -> ChunkSettings:
        if self.overlap * 2 > self.size:
            raise ValueError(f"overlap is {self.overlap}: at most half of size ({self.size}) can be repeated")
        return self


class Limits(Settings):
    """What one document may cost before it is dropped."""

    timeout_s: Annotated[float, Field(gt=0)] = 60.0
    memory_mb: Annotated[int, Field(ge=64)] = 1024
    """Beyond what the parser takes when idle."""
    max_file_mb: PositiveInt = 100
    max_unpacked_mb: PositiveInt = 300


class IngestSettings(Settings):
    """The section `ingest` of a recipe."""

    folders: tuple[str, ...] = ("documents",)
    """Folders, files or globs, relative to the project. Names that begin with a dot are not looked at inside folders."""
    include: tuple[str, ...] = ()
    """Globs on the source (`en/*.pdf`; `*` crosses folders); empty means all."""
    exclude: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes that documents can be in; empty leaves all languages open."""
    access: dict[str, tuple[str, ...]] = {}
    """Glob on the source -> labels that a reader must have one of; a document gets those of all globs that match."""
    chunk: ChunkSettings = ChunkSettings()
    limits: Limits = Limits()
    workers: NonNegativeInt = 0
    """Parser processes; 0 means one a core, four at most."""
