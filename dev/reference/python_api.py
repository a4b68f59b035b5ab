"""docs/reference/python-api.md: the names that `import opora` offers."""

from __future__ import annotations

import inspect

from pydantic import BaseModel

from reference.fields import WRITTEN, docstring, record_table


def python_api_page() -> str:
    """Return signature and docstring of each function, and the fields of each record."""
    import opora

    summary, _, example = (inspect.getdoc(opora) or "").partition("\n\n")
    parts = [
        "# Python API\n\nThe names that `import opora` offers. They are imported when they are first used, so that"
        f" `import opora` itself takes no time. {WRITTEN}\n",
        f"{summary}\n\n```python\n{example.strip()}\n```\n",
    ]
    for name in sorted(opora.__all__, key=lambda name: (name[0].isupper(), name)):
        item = getattr(opora, name)
        if name.startswith("__"):
            continue
        parts.append(f"## {name}\n")
        if inspect.isclass(item) and issubclass(item, BaseModel):
            parts.append(f"{docstring(item)}\n\n{record_table(item)}\n")
        else:
            parts.append(f"```python\n{name}{_signature(item)}\n```\n\n{docstring(item)}\n")
            parts += [f"{method}\n" for method in _methods(item)]
    return "\n".join(parts)


def _signature(item: object) -> str:
    signature = inspect.signature(item)  # type: ignore[arg-type]
    arguments = [_argument(parameter) for parameter in signature.parameters.values()]
    returns = "" if signature.return_annotation is inspect.Signature.empty else f" -> {signature.return_annotation}"
    line = f"({', '.join(arguments)}){returns}"
    return line if len(line) < 90 else "(\n    " + ",\n    ".join(arguments) + f",\n){returns}"


def _argument(parameter: inspect.Parameter) -> str:
    empty = inspect.Parameter.empty
    annotation = "" if parameter.annotation is empty else f": {parameter.annotation}"
    return f"{parameter.name}{annotation}" + ("" if parameter.default is empty else f" = {parameter.default!r}")


def _methods(item: object) -> list[str]:
    """Return signature and docstring of each public method of a class."""
    if not inspect.isclass(item):
        return []
    methods = [
        (name, method)
        for name, method in vars(item).items()
        if inspect.isfunction(method) and not name.startswith("_") and inspect.getdoc(method)
    ]
    lines = [f"**`.{name}{_signature(method)}`** {docstring(method)}" for name, method in methods]
    return [line.replace("(self, ", "(").replace("(self)", "()") for line in lines]
