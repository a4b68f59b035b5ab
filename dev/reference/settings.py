"""docs/reference/settings.md: every setting of every section, from the registry of stages."""

from __future__ import annotations

from pydantic import BaseModel

from reference.fields import WRITTEN, descriptions, first_paragraph, table


def settings_page() -> str:
    """Return one table per section and method of a recipe."""
    from opora.recipe.registry import entries, find_entry

    intro = (
        "# Settings\n\nSections of `opora.yaml`. `--set section.key=value` overrides one value; `--verbose` shows where"
        f" each value comes from. {WRITTEN}\n"
    )
    parts = [intro]
    for entry in entries():
        default = find_entry(entry.section)
        name = f"{entry.section}.NAME, method {entry.method}" if entry.method else entry.section
        model = entry.load_settings()
        text, rows = entry.help or first_paragraph(model), _rows(model)
        if entry.method == default.method and entry.method:
            text += f" `{entry.method}` is the default method of `{entry.section}`."
        else:
            shared = [row for row in _rows(default.load_settings()) if row[0] != "`method`"]
            if entry.method and all(row in rows for row in shared):
                rows = [row for row in rows if row not in shared]
                text += f"\n\nAll settings of `{entry.section}`, method `{default.method}`, and:"
        parts.append(f"## {name}\n\n{text}\n\n{table(('setting', 'default', 'description'), rows)}\n")
    return "\n".join(parts)


def _rows(model: type[BaseModel], prefix: str = "") -> list[tuple[str, ...]]:
    """Return key, default and description of each setting, nested ones with dotted keys."""
    from opora.answer.settings import AskSettings
    from opora.validation import Settings

    texts = descriptions(model)
    rows: list[tuple[str, ...]] = []
    for name, field in model.model_fields.items():
        if isinstance(field.default, AskSettings):
            rows.append((f"`{prefix}{name}`", "", "Settings of the answers, as in [ask](#ask)."))
            continue
        if isinstance(field.default, Settings):
            rows += _rows(type(field.default), f"{prefix}{name}.")
            continue
        value = "required" if field.is_required() else f"`{_shown(field.get_default(call_default_factory=True))}`"
        rows.append((f"`{prefix}{name}`", value, texts.get(name, "Method of this entry." if name == "method" else "")))
    return rows


def _shown(value: object) -> str:
    """Return a default as YAML writes it."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(item)}" for key, item in value.items()) + "}"
    return {"": "''", "None": "null", "True": "true", "False": "false"}.get(str(value), str(value))
