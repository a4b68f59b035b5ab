"""Build of one artefact: a folder that is written beside its place, synced, and renamed when it is complete.

The journals of an interrupted build stay in `.NAME.partial`, and the same command resumes from them.

    build = Build(Path("corpus"), "ingest", settings, inputs={"documents": fingerprint})
    if finished := build.finished:
        return finished
    with build:
        write_parquet(build.path / "passages.parquet", passages)
        return build.publish(counts={"passages": len(passages)})
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypedDict, Unpack

from opora import __version__
from opora.artifacts.atomic import lock, partial_folder, recover, swap, sync
from opora.artifacts.checksums import MANIFEST, checksum, files_below, fingerprint_of_file, hash_json
from opora.artifacts.journal import Journal
from opora.artifacts.manifest import (
    Manifest,
    UnreadableError,
    check_files,
    find_commit,
    foreign_files,
    package_versions,
)
from opora.errors import InputError
from opora.validation import Settings


class Contents(TypedDict, total=False):
    """Optional fields of a manifest that a stage fills."""

    counts: Mapping[str, int]
    dropped: Mapping[str, int]
    models: Mapping[str, str]
    prompts: Mapping[str, str]
    results: Mapping[str, Any]
    tokens: Mapping[str, int]
    cost: float


class Build:
    """One artefact and the state of its build. `path` is the folder to write into; `publish` makes it the artefact.

    `find_fault` says why an artefact that is up to date has to be built again; empty if it does not.
    Entering reports a damaged or outdated artefact on standard error. It raises InputError if another process builds
    the same artefact. Entering and `publish` raise InputError if `out` holds files that opora did not make.
    """

    def __init__(
        self,
        out: Path,
        stage: str,
        settings: Settings,
        inputs: Mapping[str, str],
        seed: int | None = None,
        find_fault: Callable[[Manifest], str] = lambda manifest: "",
    ) -> None:
        self.out, self.stage, self.settings, self.inputs, self.seed = out, stage, settings, dict(inputs), seed
        resolved = settings.model_dump(mode="json")
        self.key = hash_json({"stage": stage, "settings": resolved, "inputs": self.inputs, "opora": __version__})
        self.path = partial_folder(out)
        self._find_fault = find_fault
        self._lock: IO[str] | None = None
        self._started = time.monotonic()
        recover(out)

    @property
    def finished(self) -> Manifest | None:
        """Manifest of the artefact if it is up to date, undamaged and usable."""
        manifest, fault = self.inspect()
        return manifest if manifest and not fault and manifest.key == self.key else None

    def inspect(self) -> tuple[Manifest | None, str]:
        """Return the manifest of the artefact that is there, if it can be read, and what is wrong with it."""
        if not (self.out / MANIFEST).exists():
            return None, ""
        try:
            manifest, damaged = check_files(self.out)
        except UnreadableError as error:
            return None, error.reason
        version = manifest.packages.get("opora", __version__)
        if version != __version__:
            return manifest, f"made by opora {version}"
        if damaged:
            return manifest, f"{damaged[0]} is damaged"
        return manifest, self._find_fault(manifest) if manifest.key == self.key else ""

    def __enter__(self) -> Build:
        self.out.parent.mkdir(parents=True, exist_ok=True)
        self._refuse_foreign_files()
        _, fault = self.inspect()
        if fault:
            print(f"opora: {self.out}: {fault}; rebuilding", file=sys.stderr)
        self._lock = lock(self.out)
        key_file = self.path / "key"
        if not key_file.exists() or key_file.read_text() != self.key:
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir()
            key_file.write_text(self.key)
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock:
            self._lock.close()

    def journal(self, name: str) -> Journal:
        """Open a journal inside the build. It survives a kill; `publish` removes it."""
        return Journal(self.path / f"{name}.journal")

    def publish(
        self, *, volatile: frozenset[str] = frozenset(), content: str | None = None, **contents: Unpack[Contents]
    ) -> Manifest:
        """Sync the files, write the manifest with `contents`, swap the folder in.

        `volatile` names files that may differ between equal builds (timings, plots) or be edited afterwards (cards);
        they stay out of fingerprint and checksums. `content` replaces the hash of the files for a store that writes
        different bytes for the same content.
        """
        self._refuse_foreign_files()
        for leftover in [self.path / "key", *self.path.glob("*.journal*")]:
            leftover.unlink(missing_ok=True)
        paths = files_below(self.path)
        files = {str(path.relative_to(self.path)): fingerprint_of_file(path) for path in paths}
        stable = {name: value for name, value in files.items() if name not in volatile}
        commit, dirty = find_commit()
        manifest = Manifest(
            stage=self.stage,
            key=self.key,
            fingerprint=content or hash_json(stable),
            settings=self.settings.model_dump(mode="json"),
            user_settings=self.settings.model_dump(mode="json", exclude_unset=True),
            origins=self.settings.origins,
            inputs=self.inputs,
            files=files,
            checksums={name: checksum(self.path / name) for name in stable},
            packages=package_versions(),
            commit=commit,
            dirty=dirty,
            seed=self.seed,
            seconds=round(time.monotonic() - self._started, 3),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            **contents,
        )
        (self.path / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        for path in [*paths, self.path / MANIFEST, self.path]:
            sync(path)
        swap(self.path, self.out)
        return manifest

    def _refuse_foreign_files(self) -> None:
        """Raise InputError if `out` holds files that opora did not make; replacing it would delete them."""
        if names := foreign_files(self.out):
            fix = "move them or choose another name"
            raise InputError(f"{self.out}: holds files that opora did not make ({names[0]}); {fix}")
