"""What the parsing process may not do: use more memory than it was given, write anything, use the network.

In: limits. Out: nothing; what was switched off stays off for the rest of the process. Resource limits everywhere;
Landlock (Linux 5.13, for the network 6.7) where the kernel has it.

    enter(memory_bytes=2 << 30)
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct

_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION_FLAG = 1
_NO_NEW_PRIVS = 38
_WRITES = 0b1_1111_1111_0010
"""Access rights of Landlock's first version that change anything: write file, remove and make of every kind."""
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_BIND_AND_CONNECT_TCP = 0b11


def enter(memory_bytes: int) -> None:
    """Limit this process; it cannot be undone."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _landlock()


def _landlock() -> bool:
    """Refuse all writing and TCP by Landlock; false where the kernel does not have it."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return False
    files = _WRITES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    rules = struct.pack("QQ", files, _BIND_AND_CONNECT_TCP) if version >= 4 else struct.pack("Q", files)
    ruleset = libc.syscall(_CREATE_RULESET, rules, len(rules), 0)
    if ruleset < 0:
        return False
    try:
        refused = libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(_RESTRICT_SELF, ruleset, 0)
        return not refused
    finally:
        os.close(ruleset)
