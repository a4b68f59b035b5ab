"""The confined child process that parses documents, one after the other.

In, over standard input: frames of (length, JSON header, bytes). Out, over standard output: one JSON frame each, with
the Markdown or the reason why there is none. Started by `sandbox.Sandbox`; never run by hand.

Before the first document it gives up, for good: opening any file or socket (no descriptor above the three it has),
writing to files, core dumps, and more memory than it was granted. What it reads and writes goes through its pipes.
"""

from __future__ import annotations

import codecs
import io
import json
import math
import resource
import signal
import struct
import sys
import zipfile
from typing import BinaryIO

from opora.corpus.formats.parse import parse
from opora.corpus.formats.parsed import Reason, RefusedError
from opora.corpus.formats.plain import ENCODINGS

LENGTH = struct.Struct("<Q")

WARM_HTML = b"<html><head><title>t</title></head><body><p id='x'>warm</p><table><tr><td>1</td></tr></table></body></html>"
WARM_XML = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body><w:p><w:r><w:t>warm</w:t></w:r></w:p></w:body></w:document>"
)
WARM_PDF = b"""%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>> endobj
4 0 obj <</Length 71>> stream
BT /F 12 Tf 20 150 Td (warm) Tj 0 -14 Td (up) Tj ET 20 20 m 90 20 l S
endstream endobj
5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
trailer <</Root 1 0 R>>
%%EOF"""


def main() -> None:
    memory_mb, timeout_s = int(sys.argv[1]), float(sys.argv[2])
    warm_up()
    confine(memory_mb)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    write_frame(sink, b"ready")
    while (header := read_frame(source)) is not None:
        request = json.loads(header)
        data = read_frame(source)
        # the parent kills at the limit; this is for a parent that is gone
        signal.alarm(math.ceil(timeout_s) + 5)
        reply = answer(data or b"", request["name"], request["max_unpacked"])
        del data
        signal.alarm(0)
        write_frame(sink, reply)


def answer(data: bytes, name: str, max_unpacked: int) -> bytes:
    try:
        kind, parsed = parse(data, name, max_unpacked)
        reply: dict[str, object] = {"kind": kind, **parsed._asdict()}
        return json.dumps(reply, ensure_ascii=False).encode()
    except RefusedError as error:
        return refusal(error.reason, error.detail)
    except MemoryError:
        return refusal("memory limit", "")
    except RecursionError:
        return refusal("too deep", "")
    except (OSError, ImportError) as error:  # something was not loaded before the process was confined: our fault
        return refusal("crashed", f"{type(error).__name__}: {error}"[:300])
    except Exception as error:  # whatever a parser raises costs this document only
        return refusal("corrupt", f"{type(error).__name__}: {error}"[:300])


def refusal(reason: Reason, detail: str) -> bytes:
    return json.dumps({"reason": reason, "detail": detail}).encode()


def warm_up() -> None:
    """Load what Python loads on first use, codecs among it, by reading a document of each kind: later no file opens."""
    for encoding in [*ENCODINGS, "ascii", "cp437", "idna", "raw_unicode_escape"]:
        codecs.lookup(encoding)
    for data in (WARM_PDF, warm_docx(), WARM_HTML, b"# Warm\n\nup", "тёплый".encode("cp1251"), b"PK\x03\x04", b"%PDF-"):
        answer(data, "", 2**20)


def warm_docx() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", WARM_XML)
    return buffer.getvalue()


def confine(memory_mb: int) -> None:
    # address space that is mapped already (libraries, thread stacks) is no document's doing
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    limit = mapped + memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def read_frame(source: BinaryIO) -> bytes | None:
    """The next frame; None at the end of the stream."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    [length] = LENGTH.unpack(head)
    data = source.read(length)
    return data if len(data) == length else None


def write_frame(sink: BinaryIO, data: bytes) -> None:
    sink.write(LENGTH.pack(len(data)))
    sink.write(data)
    sink.flush()


if __name__ == "__main__":
    main()
