"""The architecture of DESIGN.md: imports go to lower ranks only, files do not import each other in a circle.

Lazy imports (inside functions) and type-only imports (under `TYPE_CHECKING`) count like any other.
"""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "opora"
RANKS = {
    "errors": -2, "validation": -1, "records": 0, "console": 0, "languages": 0, "text": 1, "artifacts": 1, "metrics": 2,
    "models": 2, "corpus": 3, "retrieval": 4, "examples": 5, "answer": 5, "dataset": 6, "train": 6, "bench": 7,
    "report": 8, "api": 9, "recipe": 9, "cli": 10,
}  # fmt: skip
FACE = {"__init__", "__main__"}
"""The public API and the command; both import from everywhere."""
MAX_FILES, MAX_LINES = 12, 300
HEAVY = {
    "torch", "transformers", "peft", "numpy", "pyarrow", "lance", "matplotlib", "kreuzberg", "openai",
    "ctranslate2", "pymorphy3", "jinja2", "rapidfuzz", "navec", "lightgbm", "scipy", "sentence_transformers",
    "tokenizers", "ray", "pymilvus", "lxml", "trafilatura", "pypdfium2", "pdfplumber", "PIL", "pptx", "olefile",
    "striprtf", "python_calamine", "charset_normalizer", "markdown_it", "justext", "natasha", "py3langid",
}  # fmt: skip
FILES = sorted(ROOT.rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


@functools.cache
def imports(module: str) -> frozenset[str]:
    """Modules of opora that `module` imports, wherever in the file the import stands."""
    return frozenset(_imports(MODULES[module])) - {module}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("opora"))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if (node.module or "").startswith("opora"):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                yield from (name if name in MODULES else str(node.module) for name in names)


def package_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


@pytest.mark.parametrize("module", MODULES)
def test_imports_come_from_lower_ranks(module):
    package = package_of(module)
    if package in FACE:
        return
    for name in imports(module):
        if name == "opora":
            continue  # the version
        other = package_of(name)
        assert other == package or RANKS[other] < RANKS[package], f"{module} imports {name}"


@pytest.mark.parametrize("package", sorted({package_of(module) for module in MODULES} - FACE))
def test_subpackages_do_not_import_each_other_in_a_circle(package):
    graph: dict[str, set[str]] = {}
    for module in MODULES:
        if package_of(module) == package:
            names = {room(name) for name in imports(module) if package_of(name) == package}
            graph.setdefault(room(module), set()).update(names - {room(module)})
    assert_acyclic(graph)


def room(module: str) -> str:
    """The sub-package of a module, or the module itself where it lies directly in its package."""
    return ".".join(module.split(".")[:3])


def test_files_do_not_import_each_other_in_a_circle():
    assert_acyclic({module: {name for name in imports(module) if name != "opora"} for module in MODULES})


def assert_acyclic(graph: dict[str, set[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


def test_every_package_has_a_rank():
    assert {package_of(module) for module in MODULES} - FACE <= set(RANKS)


def test_no_folder_holds_more_than_twelve_files():
    counts = {folder: len(list(folder.glob("*.py"))) for folder in {path.parent for path in FILES}}
    assert {str(folder): count for folder, count in counts.items() if count > MAX_FILES} == {}


def test_no_file_is_longer_than_300_lines():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_three_files_that_share_a_prefix_are_a_package():
    for folder in {path.parent for path in FILES}:
        prefixes = [path.stem.split("_")[0] for path in folder.glob("*_*.py") if not path.stem.startswith("_")]
        assert {prefix for prefix in prefixes if prefixes.count(prefix) > 2} == set(), folder


@pytest.mark.parametrize(
    "code", ["import opora", "from opora.cli.main import build_app; build_app()", "import opora.recipe.recipe"]
)
def test_importing_loads_nothing_heavy(code):
    loaded = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not HEAVY & set(loaded)
    assert len(loaded) < 400
