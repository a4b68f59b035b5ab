"""Write the parts of the documentation that come from the code, and check all of it.

python dev/docs.py            # write docs/reference/, and the tables of demo/ and benchmark/ into the pages
python dev/docs.py --check    # exit with 1 if docs/reference/ is stale, or a link or an anchor does not exist
"""

from __future__ import annotations

import sys
from pathlib import Path

from links import broken_links
from reference.commands import commands_page
from reference.file_formats import file_formats_page
from reference.metrics import metrics_page
from reference.model_specs import model_specs_page
from reference.python_api import python_api_page
from reference.settings import settings_page
from tables import fill_tables

ROOT = Path(__file__).parents[1]
REFERENCE = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "model-specs.md": model_specs_page,
    "file-formats.md": file_formats_page,
    "metrics.md": metrics_page,
    "python-api.md": python_api_page,
}
"""File in docs/reference -> function that returns its text. A new page is one function and one row."""


def main() -> int:
    pages = {ROOT / "docs" / "reference" / name: page() for name, page in REFERENCE.items()}
    if "--check" in sys.argv:
        return check(pages)
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    for path in markdown_files():
        fill_tables(path, ROOT)
    return 0


def check(pages: dict[Path, str]) -> int:
    """Print what is stale or broken; return the exit status."""
    faults = [
        f"{path.relative_to(ROOT)}: differs from the code; run `make docs`"
        for path, text in pages.items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    faults += broken_links(markdown_files(), ROOT)
    print("\n".join(faults) or "docs match the code; all links work")
    return bool(faults)


def markdown_files() -> list[Path]:
    """Return the pages for readers: those of the top folder and of docs/."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


if __name__ == "__main__":
    sys.exit(main())
