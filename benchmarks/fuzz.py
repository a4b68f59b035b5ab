"""Fuzzing of the parsers in their sandbox: damaged copies of documents are read, or dropped with a reason.

In: a folder of documents, by default those of the benchmark. Out: a table of files tried by format, and each crash
with the seed that repeats it. A copy is cut, has bytes or spans changed, or takes a span of another file; members of
zipped formats are damaged inside, so that the archive stays whole.

    python benchmarks/fuzz.py [FOLDER] [--minutes 10] [--formats pdf,docx] [--seed 0]
"""

from __future__ import annotations

import argparse
import io
import random
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import detect_format
from opora.corpus.sandbox.process import SandboxedParser
from opora.corpus.settings import LimitSettings

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ROOT / "src" / "opora" / "projects" / "benchmark" / "documents"
KINDS = {"crashed": "crashed", "time limit": "limit", "memory limit": "limit"}
"""Reason -> column. An exception of a parser is a crash, too."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=DOCUMENTS)
    parser.add_argument("--minutes", type=float, default=10.0, help="for each format")
    parser.add_argument("--formats", default="", help="by default all that the folder holds")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    samples = read_samples(arguments.folder)
    names = [name for name in arguments.formats.split(",") if name] or sorted(samples)
    print("| format | samples | damaged copies | read | dropped | limit | crashed | slowest, s |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        print(fuzz(name, samples[name], arguments.minutes * 60, arguments.seed), flush=True)


def read_samples(folder: Path) -> dict[str, list[bytes]]:
    """Return the files of a folder by format, largest last; unknown formats are left out."""
    samples: dict[str, list[bytes]] = {}
    for path in sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size):
        data = path.read_bytes()
        try:
            samples.setdefault(detect_format(data, path.name).name, []).append(data)
        except ParseError:
            continue
    return samples


def fuzz(name: str, samples: list[bytes], seconds: float, seed: int) -> str:
    """Parse damaged copies in the sandbox until the time is over. Return the row of the table; crashes are printed."""
    counts: Counter[str] = Counter()
    slowest, end = 0.0, time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder, SandboxedParser(LimitSettings()) as parser:
        path = Path(folder) / f"fuzzed.{name}"
        while time.monotonic() < end:
            draw = random.Random(f"{name} {seed}")
            path.write_bytes(damage(draw.choice(samples), draw.choice(samples), draw))
            began = time.perf_counter()
            try:
                parser.parse(path)
                counts["read"] += 1
            except ParseError as error:
                counts[KINDS.get(error.reason, "dropped")] += 1
                if error.reason in KINDS:
                    print(f"seed {seed}: {error}", flush=True)
            slowest, seed = max(slowest, time.perf_counter() - began), seed + 1
    columns = [len(samples), counts.total(), *(counts[kind] for kind in ("read", "dropped", "limit", "crashed"))]
    return f"| {name} | {' | '.join(map(str, columns))} | {slowest:.1f} |"


def damage(data: bytes, donor: bytes, draw: random.Random) -> bytes:
    """Return a damaged copy of a file."""
    if data.startswith(b"PK") and draw.random() < 0.8:
        return damage_member(data, donor, draw)
    copy = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 5, 20, 100))):
        if not copy:
            break
        start = draw.randrange(len(copy))
        length = min(len(copy) - start, draw.choice((1, 1, 4, 30, 1000)))
        kind = draw.randrange(6)
        if kind == 0:
            copy[start : start + length] = draw.randbytes(length)
        elif kind == 1:
            del copy[start : start + length]
        elif kind == 2:
            copy[start:start] = copy[start : start + length] * draw.choice((1, 3, 50))
        elif kind == 3:
            donor_start = draw.randrange(max(1, len(donor)))
            copy[start : start + length] = donor[donor_start : donor_start + length]
        elif kind == 4:
            copy[start] ^= 1 << draw.randrange(8)
        else:
            copy[start:start] = draw.choice((b"99999999999", b"-1", b"\0", b"<", b"{", b"<<", b"1e308", b"\xff\xfe"))
    return bytes(copy[: draw.randrange(len(copy) + 1)]) if draw.random() < 0.1 else bytes(copy)


def damage_member(data: bytes, donor: bytes, draw: random.Random) -> bytes:
    """Return an archive of which one member is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {item.filename: archive.read(item) for item in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return data[: len(data) // 2]
    name = draw.choice(sorted(members))
    members[name] = damage(members[name], donor, draw) if not members[name].startswith(b"PK") else members[name][:-9]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
