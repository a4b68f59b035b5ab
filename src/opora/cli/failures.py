"""Failures that a user can cause or mend, in one line: files, encodings, memory, packages, the network.

explain_failure(PermissionError(13, "Permission denied", "corpus"))
# ('corpus: permission denied; check who may read and write it', 1)
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

from opora.errors import OporaError, first_line

FIXES = {
    errno.EACCES: "check who may read and write it",
    errno.EPERM: "check who may read and write it",
    errno.ENOENT: "check the path",
    errno.EISDIR: "a file is needed here; move the folder away",
    errno.ENOTDIR: "a folder is needed here; move the file away",
    errno.EEXIST: "move it away, or choose another name",
    errno.ENOTEMPTY: "move it away, or choose another name",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EROFS: "work in a folder that can be written",
    errno.EMFILE: "raise the limit of open files: ulimit -n 4096",
    errno.ENFILE: "close other programs",
    errno.EIO: "the disk may be damaged; copy the file to another one",
    errno.ELOOP: "remove the link that points to itself",
    errno.ENOSPC: "free some and run the same command again",
    errno.EDQUOT: "free some and run the same command again",
}
"""Error number of the system -> what to do."""
FULL = (errno.ENOSPC, errno.EDQUOT)
NETWORK = ("httpx", "httpcore", "requests", "urllib3", "aiohttp", "huggingface_hub", "openai", "ssl", "socket")
"""Modules whose exceptions are faults of the network or of a server."""
TABLES = ("pyarrow", "lance")
"""Modules whose exceptions come from a damaged table."""


def explain_failure(error: BaseException) -> tuple[str, int] | None:
    """Return one line and the exit status of a command; None for a fault of opora, which needs its traceback."""
    if isinstance(error, OporaError):
        return str(error), error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; run the same command to resume", 130
    if isinstance(error, MemoryError):
        return "out of memory; close other programs, or lower workers, batch_size or the size of the model", 1
    if isinstance(error, ImportError):
        package = (error.name or str(error)).partition(".")[0]
        return f"package {package} is missing or broken ({first_line(error)}); reinstall it: pip install {package}", 1
    if isinstance(error, UnicodeError):
        return f"a text is not in the expected encoding ({first_line(error)}); save it as UTF-8", 1
    if isinstance(error, sqlite3.Error):
        return (
            f"a database is damaged or in use ({first_line(error)}); remove its artefact and run again",
            1,
        )
    modules = list(_modules(error))
    if any(module in NETWORK for module in modules) or isinstance(error, ConnectionError | TimeoutError):
        return f"network: {first_line(error)}; check the connection, the address and the proxy", 1
    if any(module in TABLES for module in modules):
        return f"a table of an artefact is damaged ({first_line(error)}); remove the artefact and run again", 1
    return (_explain_file(error), 1) if isinstance(error, OSError) else None


def _modules(error: BaseException) -> Iterator[str]:
    """Yield the packages that the class of an error and its bases come from."""
    return (kind.__module__.partition(".")[0] for kind in type(error).__mro__)


def _explain_file(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else "the disk: " if error.errno in FULL else ""
    reason = "no space left" if error.errno in FULL else (error.strerror or str(error)).lower()
    fix = FIXES.get(error.errno or 0, "")
    return f"{where}{reason}{'; ' + fix if fix else ''}"
