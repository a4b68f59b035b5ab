"""The contract of a stage: settings and inputs in, one artefact out. Recipe and command line know nothing else of it.

stage = IngestStage.of(project, "ingest")
stage.needs(project)          # ()
stage.run()                   # Manifest, at once where nothing changed
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

from opora.artifacts.build import Build
from opora.artifacts.manifest import Manifest
from opora.errors import InputError
from opora.validation import Settings, nearest

S = TypeVar("S", bound=Settings)


class Project(NamedTuple):
    """Folder of a project, and the settings of each section of its recipe by name: `index`, `train.raft`."""

    root: Path
    sections: Mapping[str, Settings]

    def settings(self, name: str, kind: type[S]) -> S:
        """Return the settings of section `name`. Raises InputError for an unknown name or another method."""
        settings = self.sections.get(name)
        if settings is None:
            raise InputError(f"opora.yaml: {name} is unknown; {nearest(name, list(self.sections))}")
        if not isinstance(settings, kind):
            method = getattr(settings, "method", "")
            raise InputError(f"opora.yaml: {name} has method {method!r}; another is needed here")
        return settings

    def entries(self, section: str) -> dict[str, Settings]:
        """Return name -> settings of the entries of a section, in the order of the recipe."""
        prefix = f"{section}."
        return {name.removeprefix(prefix): s for name, s in self.sections.items() if name.startswith(prefix)}

    def trained_by(self, specs: Iterable[str], but: str = "") -> tuple[str, ...]:
        """Return the `train` stages whose results `specs` use: `train.raft` for `smollm2+train/raft`."""
        parts = {part for spec in specs for part in spec.replace("+", ":").split(":")}
        used = {part.split("/")[1].split("@")[0] for part in parts if part.startswith("train/")}
        return tuple(f"train.{name}" for name in self.entries("train") if name in used and name != but)


class Estimate(NamedTuple):
    """Expected use of language models, wall seconds and cost (None: unknown); `note` says how tokens were counted."""

    calls: int = 0
    tokens: int = 0
    seconds: float | None = None
    cost: float | None = None
    note: str = ""


class Stage(ABC):
    """Makes one artefact. A new kind of stage is one subclass and one row of `opora.recipe.registry`."""

    kind: str
    """Recorded in the manifest and part of the key: `ingest`, `dataset raft`."""
    settings: Settings
    out: Path

    @classmethod
    @abstractmethod
    def of(cls, project: Project, name: str) -> Self:
        """The stage of section `name` of a recipe. Raises InputError if the section does not fit the recipe."""

    @classmethod
    def of_existing(cls, project: Project, name: str) -> Self:
        """The stage as its own command runs it, on the inputs that exist; by default `of`."""
        return cls.of(project, name)

    def needs(self, project: Project) -> tuple[str, ...]:
        """Names of the stages whose artefacts this one reads."""
        return ()

    @abstractmethod
    def inputs(self) -> Mapping[str, str]:
        """Name -> fingerprint of everything the artefact is made from. Raises InputError for what is missing."""

    def estimate(self, project: Project) -> Estimate:
        """Expected cost, from the size of the inputs. Raises InputError for what is missing."""
        return Estimate()

    @abstractmethod
    def make(self, build: Build) -> Manifest:
        """Write the artefact into `build.path` and publish it."""

    def find_fault(self, manifest: Manifest) -> str:
        """Return why an up-to-date artefact has to be made again, such as missing verdicts; empty if it does not."""
        return ""

    def build(self) -> Build:
        """Return the build of this artefact; `build.finished` is its manifest if it is up to date."""
        seed = getattr(self.settings, "seed", None)
        return Build(self.out, self.kind, self.settings, self.inputs(), seed, self.find_fault)

    def run(self) -> Manifest:
        """Make the artefact unless it is up to date."""
        build = self.build()
        if finished := build.finished:
            return finished
        with build:
            return self.make(build)

    def notes(self) -> Sequence[str]:
        """Return lines on the artefact that a command prints on standard error after the stage has run."""
        return ()

    def result(self) -> Path | None:
        """Return the text file that a command prints after the stage has run, such as a table."""
        return None
