"""Provenance of a result: versions of the packages that can change it, and the commit of opora's source.

package_versions()        # {'python': '3.11.7', 'numpy': '2.4.6', ...}
"""

from __future__ import annotations

import functools
import platform
import subprocess
from importlib import metadata
from pathlib import Path

RECORDED = (
    "opora accelerate ctranslate2 DAWG2 lightgbm lxml natasha navec numpy openai pdfplumber peft pyarrow pydantic"
    " pylance pymilvus pymorphy3 PyStemmer python-docx rapidfuzz ray razdel sentence-transformers snowballstemmer"
    " tokenizers torch transformers"
).split()


@functools.cache
def package_versions() -> dict[str, str]:
    """Return name -> version of the installed packages that can change a result, and of Python."""
    versions = {"python": platform.python_version()}
    for name in RECORDED:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


@functools.cache
def commit_of_source() -> tuple[str | None, bool | None]:
    """Return the commit of opora's checkout and whether it has changes; (None, None) outside a checkout."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return None, None
    try:
        head = _git(root, "rev-parse", "HEAD").strip()
        return head, bool(_git(root, "status", "--porcelain").strip())
    except (OSError, subprocess.CalledProcessError):
        return None, None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout
