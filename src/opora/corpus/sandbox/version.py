"""Version of all that the result of parsing depends on."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

from opora.artifacts import fingerprint_of_file
from opora.artifacts.checksums import hash_json
from opora.corpus.parsers.registry import FORMATS
from opora.corpus.settings import IngestSettings
from opora.text.resources import LANGUAGES

FOLDERS = ("parsers", "sections")
"""Folders beside this one whose code and tables parsing depends on."""
PROGRAMS = ("ddjvu", "djvutxt", "tesseract")
"""Programs that parsers use where they are installed."""


def installed_programs() -> list[str]:
    """Return the programs that parsers can use on this machine."""
    return [name for name in PROGRAMS if shutil.which(name)]


def parsing_fingerprint(settings: IngestSettings) -> str:
    """Return a hash of everything that parsing depends on: its code, package versions, language facts, settings."""
    corpus = Path(__file__).parents[1]
    files = [path for folder in FOLDERS for path in (corpus / folder).rglob("*") if path.is_file()]
    code = [fingerprint_of_file(path) for path in sorted([corpus / "blocks.py", *files]) if path.suffix != ".pyc"]
    packages = sorted({package for document_format in FORMATS for package in document_format.packages})
    versions = [metadata.version(package) for package in packages]
    facts = [fingerprint_of_file(path) for path in sorted(LANGUAGES.rglob("*")) if path.is_file()]
    resolved = [settings.limits.model_dump(), settings.parse.model_dump()]
    return hash_json([code, versions, facts, resolved, installed_programs()])[:16]
