"""Limit on the processor time of a process, that of the programs it starts included.

A thread watches the clock. The kernel's own limit stands behind it, for code that lets no other thread run and for
the programs, each of which inherits it. Either way the process is ended by the signal SIGXCPU.
"""

from __future__ import annotations

import math
import os
import resource
import signal
import threading
import time

INTERVAL_S = 0.2


class CpuClock:
    """Processor time since `start`; beyond the limit it ends the process."""

    def __init__(self) -> None:
        self._end = self._extra = math.inf
        threading.Thread(target=self._watch, daemon=True).start()

    def start(self, limit_s: float, extra_s: float) -> None:
        """Begin a document with a limit, to which `allow` may add up to `extra_s`, all in seconds."""
        self._extra = extra_s
        self._set_end(processor_seconds() + limit_s)

    def allow(self, seconds: float) -> float:
        """Add seconds to the limit of the document, as far as the extra reaches. Return the seconds that are left."""
        seconds = max(0.0, min(seconds, self._extra))
        self._extra -= seconds
        self._set_end(self._end + seconds)
        return self._end - processor_seconds()

    def stop(self) -> None:
        """End the document."""
        self._set_end(math.inf)

    def _set_end(self, end: float) -> None:
        self._end = end
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        soft = resource.RLIM_INFINITY if math.isinf(end) else math.ceil(end) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))

    def _watch(self) -> None:
        while True:
            time.sleep(INTERVAL_S)
            if processor_seconds() > self._end:
                os.kill(os.getpid(), signal.SIGXCPU)


def processor_seconds() -> float:
    """Return the processor time of this process and of its children that have ended, in seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
