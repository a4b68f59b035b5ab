"""Restrictions of the parsing process: limited memory, no writing, no network.

Resource limits work on every system. Where the kernel has Landlock, it blocks writing (Linux 5.13) and TCP (6.7).

    restrict_process(memory_bytes=2 << 30)
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
"""Access rights of Landlock version 1 that change files: write, remove, and make of every kind."""
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_BIND_AND_CONNECT_TCP = 0b11


def restrict_process(memory_bytes: int) -> None:
    """Restrict this process for the rest of its life."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _landlock()


def _landlock() -> bool:
    """Block writing and TCP by Landlock. Return False if the kernel does not support it."""
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
        failed = libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(_RESTRICT_SELF, ruleset, 0)
        return not failed
    finally:
        os.close(ruleset)
