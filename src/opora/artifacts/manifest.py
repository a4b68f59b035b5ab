"""Manifest of an artefact: its settings, inputs, files, results and provenance.

read_manifest(Path("corpus")).counts         # {'documents': 24, 'passages': 310}
"""

from __future__ import annotations

import functools
import json
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from opora import __version__
from opora.artifacts.atomic import partial_folder, recover
from opora.artifacts.checksums import MANIFEST, files_below, find_damage
from opora.errors import InputError
from opora.validation import Record, parse_record

RECORDED = (
    "accelerate ctranslate2 DAWG2 lightgbm lxml natasha navec numpy openai pdfplumber peft pyarrow pydantic"
    " pylance pymilvus pymorphy3 PyStemmer python-docx rapidfuzz ray razdel sentence-transformers snowballstemmer"
    " tokenizers torch transformers"
).split()
"""Packages that can change a result."""


class Manifest(Record):
    """Provenance and contents of a finished artefact, as in its `manifest.json`."""

    stage: str
    """Kind of the stage: `ingest`, `train sft`."""
    key: str
    """Hash of the kind, the resolved settings and the fingerprints of the inputs; the same key means up to date."""
    fingerprint: str
    """Hash of the content; manifests of later stages name it as their input."""
    settings: dict[str, Any]
    user_settings: dict[str, Any]
    """Settings that the user gave; the rest are defaults."""
    origins: dict[str, str]
    inputs: dict[str, str]
    files: dict[str, str]
    """Name -> SHA-256."""
    checksums: dict[str, str] = {}
    """Name -> size and hash of a sample of blocks, for `find_damage`."""
    counts: Mapping[str, int] = {}
    dropped: Mapping[str, int] = {}
    """Reason -> number of items left out."""
    models: Mapping[str, str] = {}
    prompts: Mapping[str, str] = {}
    results: Mapping[str, Any] = {}
    packages: dict[str, str]
    commit: str | None
    dirty: bool | None
    """True if the checkout had uncommitted changes."""
    seed: int | None
    seconds: float
    """Wall time of the session that finished the build."""
    tokens: Mapping[str, int] = {}
    cost: float = 0.0
    created: str
    """ISO 8601, UTC."""


class UnreadableError(InputError):
    """The manifest of an artefact is damaged, or has the format of another version of opora."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{folder}: {reason}; run `opora {_command(folder)}` to rebuild it")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a finished artefact.

    Raises InputError if the folder does not exist, is unfinished or is no artefact; UnreadableError if its manifest is
    damaged or of another version of opora.
    """
    recover(folder)
    path = folder / MANIFEST
    if not path.exists():
        state = "is unfinished" if partial_folder(folder).exists() else "does not exist yet"
        raise InputError(f"{folder} {state}; run `opora {_command(folder)}` first")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise UnreadableError(folder, f"{MANIFEST} is damaged") from None
    try:
        version = data["packages"]["opora"]
    except (LookupError, TypeError):
        raise InputError(f"{path}: no manifest of opora; move the folder or choose another name") from None
    if version != __version__ and not data.keys() <= Manifest.model_fields.keys():
        raise UnreadableError(folder, f"made by opora {version}")
    return parse_record(Manifest, data, str(path))


def check_files(folder: Path) -> tuple[Manifest, list[str]]:
    """Read a manifest and return it with the names of damaged files. Raises like `read_manifest`."""
    manifest = read_manifest(folder)
    damaged = find_damage(folder, manifest.checksums)
    # another process may have replaced the artefact in the meantime
    while damaged and (newer := read_manifest(folder)) != manifest:
        manifest, damaged = newer, find_damage(folder, newer.checksums)
    return manifest, damaged


def foreign_files(folder: Path) -> list[str]:
    """Return the files that the manifest in `folder` does not list; none if it is damaged."""
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except OSError:
        listed = {}
    except (ValueError, LookupError, TypeError):
        return []
    paths = [folder] if folder.is_file() else files_below(folder)
    return [name for path in paths if (name := str(path.relative_to(folder))) not in listed]


def _command(folder: Path) -> str:
    """Return the command that makes an artefact."""
    return {"corpus": "ingest", "index": "index", "report": "report"}.get(folder.name, "run")


@functools.cache
def package_versions() -> dict[str, str]:
    """Return name -> version of the installed packages that can change a result, and of Python."""
    versions = {"python": platform.python_version(), "opora": __version__}
    for name in RECORDED:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


@functools.cache
def find_commit() -> tuple[str | None, bool | None]:
    """Return the commit of opora's checkout and whether it has changes; (None, None) outside a checkout."""
    root = Path(__file__).resolve().parents[3]
    try:
        if (root / ".git").exists():
            return _git(root, "rev-parse", "HEAD").strip(), bool(_git(root, "status", "--porcelain").strip())
    except (OSError, subprocess.SubprocessError):
        pass
    return None, None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout
