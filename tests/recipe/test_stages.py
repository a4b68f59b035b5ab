"""A new stage is one class and one row of the registry: recipe, plan, run and command line take it from there."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from typer.testing import CliRunner

from opora.artifacts import Build, Manifest, read_manifest
from opora.artifacts.stage import Estimate, Project, Stage
from opora.cli.main import build_app
from opora.recipe import registry
from opora.recipe.plan import plan, run, stages_of
from opora.recipe.recipe import load_recipe
from opora.recipe.registry import RegistryEntry
from opora.validation import Settings


class ToySettings(Settings):
    """Settings of a toy."""

    method: Literal["letters"] = "letters"
    """Kind of toy."""
    text: str = "opora"
    """Text to count the letters of."""
    after: str = ""
    """Another toy to make first."""


class ToyStage(Stage):
    """Counts letters."""

    kind = "toy letters"

    def __init__(self, settings: ToySettings, out: Path) -> None:
        self.settings: ToySettings = settings
        self.out = out

    @classmethod
    def of(cls, project: Project, name: str) -> "ToyStage":
        return cls(project.settings(name, ToySettings), project.root / "toy" / name.removeprefix("toy."))

    def needs(self, project: Project) -> tuple[str, ...]:
        return (f"toy.{self.settings.after}",) if self.settings.after else ()

    def inputs(self) -> Mapping[str, str]:
        return {}

    def estimate(self, project: Project) -> Estimate:
        return Estimate(calls=2, cost=0.5, note="a guess")

    def make(self, build: Build) -> Manifest:
        (build.path / "count.txt").write_text(str(len(self.settings.text)))
        return build.publish(counts={"letters": len(self.settings.text)})

    def result(self) -> Path:
        return self.out / "count.txt"


ENTRY = RegistryEntry(
    "toy", "letters", f"{__name__}:ToySettings", f"{__name__}:ToyStage", "Count letters.", flags=("text",)
)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "ENTRIES", [*registry.ENTRIES])
    registry.register(ENTRY)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "rules.md").write_text("# Rules\n\nThe daily fee is 12 EUR.\n")
    Path("opora.yaml").write_text("toy: {first: {after: second}, second: {text: letters}}\n")
    return tmp_path


def toys():
    return [planned for planned in stages_of(load_recipe()) if planned.name.startswith("toy.")]


def states():
    return {line.name: line.state for line in plan(load_recipe()) if line.name.startswith("toy.")}


def opora(*arguments):
    result = CliRunner().invoke(build_app(arguments[0]), arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result


def test_it_is_planned_and_run_in_order():
    assert states() == {"toy.second": "missing", "toy.first": "missing"}
    assert [manifest.counts["letters"] for manifest in run(toys())] == [7, 5]
    assert states() == {"toy.second": "up to date", "toy.first": "up to date"}
    assert read_manifest(Path("toy/first")).stage == "toy letters"
    Path("toy/second/count.txt").write_text("8")
    assert states() == {"toy.second": "stale", "toy.first": "stale"}


def test_the_command_line_has_it():
    assert "toy" in opora("--help").stdout
    assert "Text to count the letters of." in opora("toy", "letters", "--help").stdout
    result = opora("toy", "letters", "--name", "second", "--text", "abc")
    assert result.stdout == "3\n"
    assert result.stderr.startswith("toy/second: 3 letters (")
    assert opora("toy", "letters", "--name", "second", "--text", "abc").stderr == "toy/second: 3 letters (up to date)\n"
    assert json.loads(opora("toy", "letters", "--name", "second", "--json").stdout)["counts"] == {"letters": 7}


def test_a_dry_run_makes_nothing():
    result = opora("toy", "letters", "--name", "second", "--dry-run")
    assert "toy.second  missing      time unknown, 2 calls, cost 0.5000\n" in result.stdout
    assert result.stdout.endswith("\na guess\n")
    [row] = json.loads(opora("toy", "letters", "--name", "second", "--dry-run", "--json").stdout)
    assert (row["state"], row["calls"], row["cost"], row["seconds"]) == ("missing", 2, 0.5, None)
    assert not Path("toy").exists()


def test_verbose_prints_settings_with_their_origins():
    result = opora("toy", "letters", "--name", "second", "--verbose", "--set", "toy.second.after=first")
    assert "  text: 'letters'  # opora.yaml\n  after: 'first'  # --set\n" in result.stderr


def test_a_section_is_registered_once():
    with pytest.raises(ValueError, match="toy letters is registered already"):
        registry.register(ENTRY)


def test_a_plugin_registers_through_an_entry_point(monkeypatch):
    class Point:
        def load(self):
            return ENTRY._replace(method="words")

    monkeypatch.setattr(registry.metadata, "entry_points", lambda group: [Point()] if group == "opora.stages" else [])
    registry._register_plugins.cache_clear()
    assert [entry.method for entry in registry.entries("toy")] == ["letters", "words"]
