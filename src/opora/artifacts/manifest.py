"""Manifest of an artefact: its settings, inputs, files and results.

In: the folder of a finished artefact. Out: the manifest in it.

    read_manifest(Path("corpus")).counts         # {'documents': 24, 'passages': 310}
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from opora import __version__
from opora.artifacts.atomic import partial_folder, recover
from opora.artifacts.checksums import MANIFEST, find_damage
from opora.errors import InputError
from opora.validation import Record, parse_record


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
    counts: dict[str, int] = {}
    dropped: dict[str, int] = {}
    """Reason -> number of items left out."""
    models: dict[str, str] = {}
    prompts: dict[str, str] = {}
    results: dict[str, Any] = {}
    packages: dict[str, str]
    commit: str | None
    dirty: bool | None
    """True if the checkout had uncommitted changes."""
    seed: int | None
    seconds: float
    """Wall time of the session that finished the build."""
    tokens: dict[str, int] = {}
    cost: float = 0.0
    created: str
    """ISO 8601, UTC."""


class UnreadableError(InputError):
    """The manifest of an artefact is damaged, or has the format of another version of opora."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.reason = reason
        command = {"corpus": "ingest", "index": "index", "report": "report"}.get(folder.name, "run")
        super().__init__(f"{folder}: {reason}; run `opora {command}` to rebuild it")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a finished artefact. Raises InputError if the folder does not exist, is unfinished or is no
    artefact; UnreadableError if its manifest is damaged or of another version of opora."""
    recover(folder)
    path = folder / MANIFEST
    if not path.exists():
        state = "is unfinished" if partial_folder(folder).exists() else "does not exist"
        raise InputError(f"{folder}: this artefact {state}; run the command that makes it (`opora plan` shows which)")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise UnreadableError(folder, f"{MANIFEST} is damaged") from None
    version = _version(data)
    if not version:
        raise InputError(f"{path}: no manifest of opora; move the folder or choose another name")
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


def _version(data: object) -> str:
    """Return the version of opora in the data of a manifest; empty if the data is something else."""
    packages = data.get("packages") if isinstance(data, dict) else None
    return str(packages.get("opora", "")) if isinstance(packages, dict) else ""


def fingerprint_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_json(value: object) -> str:
    """Return the SHA-256 of a value as JSON with sorted keys, in hex."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
