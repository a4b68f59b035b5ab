"""Estimate of the time that reading documents takes, from their formats and sizes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

MB = 1 << 20
START_S = 3.0
"""Seconds before the first document is parsed, and to write the corpus."""
FILE_S = 0.005
"""Seconds for each file, whatever its size."""
MB_S = {".pdf": 0.8, ".docx": 0.6, ".md": 1.5, ".zip": 1.0, ".7z": 0.0, ".eml": 1.0, ".xlsx": 0.5, ".pptx": 0.5}
"""Suffix -> seconds of one processor for each MB: 230 files of ours in 20 formats, without OCR."""
OTHER_MB_S = 0.8
PDF_PAGE_S = 0.05
PAGE = re.compile(rb"/Type\s*/Page\b")
"""Mark of a page in a PDF whose objects are not compressed."""
MAX_READ_BYTES = 20 * MB


def estimate_seconds(paths: Iterable[Path], workers: int) -> float:
    """Return the expected wall time of parsing files with a number of processes, in seconds."""
    total = sum(_file_seconds(path) for path in paths)
    return START_S + total / max(1, min(workers, os.cpu_count() or 1))


def _file_seconds(path: Path) -> float:
    suffix = path.suffix.lower()
    try:
        size = path.stat().st_size
        pages = len(PAGE.findall(path.read_bytes())) if suffix == ".pdf" and size <= MAX_READ_BYTES else 0
    except OSError:
        return 0.0
    return FILE_S + max(PDF_PAGE_S * pages, MB_S.get(suffix, OTHER_MB_S) * size / MB)
