"""Fields of pydantic models as rows of Markdown tables."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import textwrap

from pydantic import BaseModel

WRITTEN = "Written by `make docs` from the code; do not edit."


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def docstring(item: object) -> str:
    """Return the docstring as one paragraph per line."""
    paragraphs = (inspect.getdoc(item) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def first_paragraph(item: object) -> str:
    """Return the first paragraph of the docstring, on one line."""
    return docstring(item).split("\n\n")[0]


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Return field -> its description: that of pydantic, else the string below it, inherited ones included."""
    texts: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            texts |= _attribute_docstrings(base)
    described = {name: field.description for name, field in model.model_fields.items() if field.description}
    return {name: " ".join(text.split()) for name, text in (texts | described).items()}


def type_name(annotation: object) -> str:
    """Return a type as readers write it: without modules."""
    text = (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )
    text = re.sub(r"Annotated\[(\w+), .*?\]+$", r"\1", re.sub(r"\b(?:\w+\.)+(?=\w)", "", text))
    text = re.sub(r"Literal\[([^]]*)\]", lambda match: match[1].replace("', '", "' | '"), text)
    if text.startswith("Union["):
        text = text.removeprefix("Union[").removesuffix("]").replace(", ", " | ")
    return re.sub(r"Optional\[(.*)\]$", r"\1 | None", text).replace("NoneType", "None")


def record_table(model: type[BaseModel]) -> str:
    """Return a table of the fields of a record: name, type, description."""
    texts = descriptions(model)
    rows = [
        (f"`{name}`", f"`{type_name(field.annotation)}`", texts.get(name, ""))
        for name, field in model.model_fields.items()
    ]
    return table(("field", "type", "description"), rows)


def _attribute_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return field -> the string below it in the source."""
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)
    texts = {}
    for field, after in itertools.pairwise(definition.body):
        is_field = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if is_field and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            texts[field.target.id] = str(after.value.value)
    return texts
