"""Four ratchets on how the code reads, over its syntax tree."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "opora"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}
VAGUE = frozenset("each one other others some found given made known told held asked shown wanted".split())
"""Names that say nothing of the thing they are bound to."""
MAX_VAGUE_SHARE = 0.01
RIDDLE = re.compile(r"(what|of|whether|how)\b", re.IGNORECASE)


def bindings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(name, line) of each variable, parameter and loop variable that a file binds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg) and node.arg not in ("self", "cls"):
            yield node.arg, node.lineno


def test_names_say_what_the_thing_is():
    names = [(name, path.relative_to(ROOT), line) for path, tree in TREES.items() for name, line in bindings(tree)]
    vague = [f"{path}:{line} {name}" for name, path, line in names if name.strip("_") in VAGUE]
    assert len(vague) < MAX_VAGUE_SHARE * len(names), "\n".join(vague)


def test_docstrings_say_what_the_object_is_or_does():
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    riddles = [
        f"{path.relative_to(ROOT)}: {text.splitlines()[0]}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, kinds) and (text := ast.get_docstring(node)) and RIDDLE.match(text)
    ]
    assert riddles == []


def test_one_class_name_means_one_class():
    names = Counter(
        node.name
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


def settings_classes():
    from opora.recipe.registry import ENTRIES
    from opora.validation import Settings

    for entry in ENTRIES:
        entry.load_settings()
    pending, seen = [Settings], []
    while pending:
        model = pending.pop()
        pending += model.__subclasses__()
        seen += [model] if model.__module__.startswith("opora.") else []
    return sorted(set(seen), key=lambda model: (model.__module__, model.__name__))


@pytest.mark.parametrize("model", settings_classes(), ids=lambda model: model.__name__)
def test_every_setting_has_a_description(model):
    assert [name for name, field in model.model_fields.items() if not field.description] == []
