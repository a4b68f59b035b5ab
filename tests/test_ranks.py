"""The house of DESIGN.md: a module imports only from a lower rank or from its own package."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "opora"
RANKS = {
    "errors": -1, "records": 0, "progress": 0, "text": 1, "artifacts": 1, "metrics": 2, "models": 2, "corpus": 3,
    "index": 4, "answer": 5, "dataset": 6, "train": 6, "bench": 7, "serve": 7, "recipe": 8, "cli": 9,
}  # fmt: skip
MODULES = sorted(ROOT.rglob("*.py"))
HEAVY = {
    "torch", "transformers", "peft", "numpy", "pyarrow", "lance", "matplotlib", "kreuzberg", "openai",
    "ctranslate2", "pymorphy3", "jinja2", "rapidfuzz", "navec", "lightgbm", "scipy", "sentence_transformers",
    "tokenizers", "ray", "pymilvus",
}  # fmt: skip


def part_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "opora"}
    return {name for name in found if name.startswith("opora.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_come_from_lower_ranks(path):
    inside = path.relative_to(ROOT).with_suffix("").parts[0]
    for name in imports(path):
        part = part_of(name)
        if part in ("__version__", inside):
            continue
        if inside == "__main__":
            continue
        assert inside != "__init__", f"opora/__init__.py imports {name}"
        assert RANKS[part] < RANKS[inside], f"{path.relative_to(ROOT)} imports {name}"


def test_every_part_has_a_rank():
    parts = {path.relative_to(ROOT).with_suffix("").parts[0] for path in MODULES} - {
        "__init__",
        "__main__",
        "sample",
        "template",
    }
    assert parts <= set(RANKS)


@pytest.mark.parametrize("code", ["import opora", "import opora.cli.main", "import opora.recipe.recipe"])
def test_importing_loads_nothing_heavy(code):
    shown = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not HEAVY & set(shown)
    assert len(shown) < 700
