"""One artefact is one folder: built beside its place, synced, its manifest written last, then renamed.

In: the stage, its settings, the fingerprints of its inputs. Out: a folder with `manifest.json`, or none at all; what an
interrupted build has journalled waits in `.NAME.partial` for the same command to go on.

    build = Build(Path("corpus"), "ingest", settings, inputs={"documents": fingerprint})
    if build.finished:
        return build.finished
    with build:
        write_parquet(build.path / "passages.parquet", passages)
        return build.publish(counts={"passages": len(passages)})
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from opora import __version__
from opora.artifacts.checksums import MANIFEST, files_below, mark_files
from opora.artifacts.journal import Journal
from opora.artifacts.provenance import commit_of_source, package_versions
from opora.errors import InputError
from opora.validation import Record, Settings, parse_record

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Of linux/fcntl.h and linux/fs.h."""


class Manifest(Record):
    """What a finished artefact was made of, and how. Read from `manifest.json`."""

    stage: str
    key: str
    """Hash of the stage, its resolved settings and the fingerprints of its inputs: the same key, nothing to redo."""
    fingerprint: str
    """Hash of the artefact's content; inputs of later stages are named by it."""
    settings: dict[str, Any]
    given: dict[str, Any]
    origins: dict[str, str]
    inputs: dict[str, str]
    files: dict[str, str]
    marks: dict[str, str] = {}
    """What tells in an instant whether a file is still what was written: see `damage`."""
    counts: dict[str, int] = {}
    dropped: dict[str, int] = {}
    models: dict[str, str] = {}
    prompts: dict[str, str] = {}
    results: dict[str, Any] = {}
    packages: dict[str, str]
    commit: str | None
    dirty: bool | None
    seed: int | None
    seconds: float
    """Wall seconds of the session that finished the build."""
    tokens: dict[str, int] = {}
    cost: float = 0.0
    created: str


class Build:
    """The making of one artefact. `path` is the folder to write into; `publish` makes it the artefact.

    Raises InputError on entering if another process builds the same artefact.
    """

    def __init__(
        self, out: Path, stage: str, settings: Settings, inputs: Mapping[str, str], seed: int | None = None
    ) -> None:
        self.out, self.stage, self.settings, self.inputs, self.seed = out, stage, settings, dict(inputs), seed
        self.key = build_key(stage, settings, inputs)
        self.path = out.with_name(f".{out.name}.partial")
        self._lock: IO[str] | None = None
        self._began = time.monotonic()
        recover(out)

    @property
    def finished(self) -> Manifest | None:
        """The manifest, if the artefact was already made with the same settings from the same inputs."""
        if not (self.out / MANIFEST).exists():
            return None
        manifest = read_manifest(self.out)
        return manifest if manifest.key == self.key else None

    @property
    def resumed(self) -> bool:
        """True if an interrupted build with the same key left something to go on from."""
        return self._resumed

    def __enter__(self) -> Build:
        self.out.parent.mkdir(parents=True, exist_ok=True)
        self._lock = lock(self.out.with_name(f".{self.out.name}.lock"), self.out)
        key_file = self.path / "key"
        self._resumed = key_file.exists() and key_file.read_text() == self.key
        if not self._resumed:
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir()
            key_file.write_text(self.key)
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock:
            self._lock.close()

    def journal(self, name: str) -> Journal:
        """A journal inside the build, kept over a kill and removed by `publish`."""
        return Journal(self.path / f"{name}.journal")

    def publish(
        self,
        *,
        counts: Mapping[str, int] | None = None,
        dropped: Mapping[str, int] | None = None,
        models: Mapping[str, str] | None = None,
        prompts: Mapping[str, str] | None = None,
        results: Mapping[str, Any] | None = None,
        tokens: Mapping[str, int] | None = None,
        cost: float = 0.0,
        volatile: frozenset[str] = frozenset(),
        content: str | None = None,
    ) -> Manifest:
        """Sync the files, write the manifest, swap the folder in.

        `volatile` names files that may differ between equal builds (timings, plots) and stay out of the fingerprint;
        `content` replaces the hash of the files where a store writes other bytes for the same content each time.
        """
        for leftover in [self.path / "key", *self.path.glob("*.journal*")]:
            leftover.unlink(missing_ok=True)
        files = {str(each.relative_to(self.path)): fingerprint_of_file(each) for each in files_below(self.path)}
        stable = {name: value for name, value in files.items() if name not in volatile}
        commit, dirty = commit_of_source()
        manifest = Manifest(
            stage=self.stage,
            key=self.key,
            fingerprint=content or hash_json(stable),
            settings=self.settings.model_dump(mode="json"),
            given=self.settings.model_dump(mode="json", exclude_unset=True),
            origins=self.settings.origins,
            inputs=self.inputs,
            files=files,
            marks=mark_files(self.path),
            counts=dict(counts or {}),
            dropped=dict(dropped or {}),
            models=dict(models or {}),
            prompts=dict(prompts or {}),
            results=dict(results or {}),
            packages=package_versions(),
            commit=commit,
            dirty=dirty,
            seed=self.seed,
            seconds=round(time.monotonic() - self._began, 3),
            tokens=dict(tokens or {}),
            cost=cost,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        for each in files_below(self.path):
            sync(each)
        target = self.path / MANIFEST
        target.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        sync(target)
        sync(self.path)
        swap(self.path, self.out)
        return manifest


def build_key(stage: str, settings: Settings, inputs: Mapping[str, str]) -> str:
    """What tells one build from another: the stage, its resolved settings, its inputs, opora's version."""
    resolved = settings.model_dump(mode="json")
    return hash_json({"stage": stage, "settings": resolved, "inputs": dict(inputs), "opora": __version__})


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a finished artefact. Raises InputError if the folder is absent, unfinished or no artefact."""
    recover(folder)
    path = folder / MANIFEST
    if not path.exists():
        state = "is unfinished" if folder.with_name(f".{folder.name}.partial").exists() else "does not exist"
        raise InputError(f"{folder}: this artefact {state}; run the command that makes it (`opora plan` tells which)")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); remove the folder and make it again") from None
    return parse_record(Manifest, data, str(path))


def fingerprint_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_json(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def lock(path: Path, out: Path) -> IO[str]:
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise InputError(f"{out}: another opora process is building it; wait for that one or stop it") from None
    return file


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def swap(new: Path, out: Path) -> None:
    """Put `new` in the place of `out`: in one step where the system can exchange two folders, so that who reads finds
    the old one or the new one; else in two, and a kill in between leaves `.NAME.old`, which `recover` brings back."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists() and exchange(new, out):
        new.rename(old)
    else:
        if out.exists():
            out.rename(old)
        new.rename(out)
    sync(out.parent)
    shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step (renameat2 of Linux). False, and nothing done, where that cannot be."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    return bool(renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0)


def recover(out: Path) -> None:
    """Finish a swap that was killed half-way."""
    old, new = out.with_name(f".{out.name}.old"), out.with_name(f".{out.name}.partial")
    if not out.exists() and old.exists():
        (new if (new / MANIFEST).exists() else old).rename(out)
