"""Settings of the corpus."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opora.validation import NonNegativeInt, PositiveInt, Settings

PositiveFloat = Annotated[float, Field(gt=0.0)]
NonNegativeFloat = Annotated[float, Field(ge=0.0)]


class ChunkSettings(Settings):
    """Settings of splitting documents into passages."""

    renamed = {"unit": "size_unit"}

    method: str = "structural"
    """Chunker. `structural` splits at headings, sentences and table rows."""
    size: PositiveInt = 800
    """Maximum size of a passage, in `size_unit`. Only a longer sentence is split, never a table row."""
    overlap: NonNegativeInt = 100
    """Maximum size of the sentences that a passage repeats from the previous one of its section, in `size_unit`."""
    size_unit: Literal["characters", "tokens"] = "characters"
    """Unit of `size` and `overlap`. Tokens are words, numbers and punctuation marks, independent of any model."""


class ParseSettings(Settings):
    """Settings of the parsers."""

    comments: bool = False
    """Also read the comments in DOCX, DOC, RTF, OpenDocument and XLSX files."""
    ocr: Literal["auto", "off"] = "auto"
    """`auto`: pages without a trustworthy text layer, and images, are read by OCR if Tesseract is installed; `off`: no
    page is."""
    ocr_languages: str = "rus+eng"
    """Languages of OCR, as Tesseract names them; their data must be installed."""


DEFAULT_PARSING = ParseSettings()


class LimitSettings(Settings):
    """Resource limits for parsing one document. A document that exceeds them is dropped with a reason."""

    renamed = {"timeout_s": "cpu_s"}

    cpu_s: PositiveFloat = 60.0
    """Maximum processor time of the parsing process and the programs that it starts, in seconds, so that a busy machine
    does not matter. `cpu_s_per_mb` is added for the size of the file."""
    cpu_s_per_mb: NonNegativeFloat = 60.0
    """Processor time that is added to `cpu_s` for each MB of the file, in seconds."""
    ocr_cpu_s: NonNegativeFloat = 3600.0
    """Maximum processor time that is added for pages read by OCR, 30 seconds each, in seconds."""
    wall_factor: Annotated[float, Field(ge=1.0)] = 10.0
    """Maximum wall time, as a multiple of the processor time; stops documents that hang without computing."""
    memory_mb: Annotated[int, Field(ge=256)] = 2048
    """Maximum address space of the parsing process, in MB."""
    max_file_mb: PositiveInt = 100
    """Maximum file size, in MB."""
    max_unpacked_mb: PositiveInt = 300
    """Maximum size of the unpacked content of a zipped format such as DOCX, in MB."""


class IngestSettings(Settings):
    """Settings of reading documents into the corpus."""

    folders: Annotated[tuple[str, ...], Field(min_length=1)] = ("documents",)
    """Folders (searched recursively), files, or globs such as `reports/**/*.pdf`."""
    exclude: tuple[str, ...] = ("**/.*", "**/~$*", "**/Thumbs.db", "**/desktop.ini", "**/__MACOSX")
    """Globs of files to skip, also inside archives and letters. `**/` stands for any folder or none. A glob that does
    not begin with a wildcard must match a document."""
    languages: tuple[str, ...] = ()
    """Languages (ISO 639-1 codes) of the documents, each of which is taken to be in one of them. Empty: any."""
    access: dict[str, tuple[str, ...]] = {}
    """Access labels by glob of file names: `{"board/**": [board]}`. Labels of an archive or a letter hold for all that
    is inside. A glob that matches no document is an error."""
    parse: ParseSettings = ParseSettings()
    """Settings of the parsers."""
    chunk: ChunkSettings = ChunkSettings()
    """How documents are split into passages."""
    limits: LimitSettings = LimitSettings()
    """Resource limits for parsing one document."""
    workers: PositiveInt = 2
    """Number of documents parsed in parallel."""
