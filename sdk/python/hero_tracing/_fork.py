"""Forking a process of one thread, without what Python does for the locks of other threads.

`os.fork` makes the locks of the interpreter anew and calls what modules have registered for a fork, which in the
standard library does the same with theirs (`os.register_at_fork`). A child writes to a hundred pages for it before it
does anything, and its parent to half of them. Where there is one thread no other can hold a lock, and little is left to
do. The C library's own `fork` does what is its own to do, and calls what C libraries have registered.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable

# It keeps the interpreter's lock, so that parent and child both have it.
_libc = ctypes.PyDLL(None, use_errno=True)


def choose() -> Callable[[], int]:
    """The function to fork this process by: `os.fork` where it has several threads, Python's or not, or might have."""
    try:
        return fork if len(os.listdir("/proc/self/task")) == 1 else os.fork
    except OSError:
        return os.fork


def fork() -> int:
    """As `os.fork`, in a process of one thread. Raises OSError."""
    pid: int = _libc.fork()
    if pid < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    # Of all that the standard library registers, 3.11 to 3.14, this alone is not about locks, threads or a loop.
    if pid == 0 and (random := sys.modules.get("random")) is not None:
        random.seed()
    return pid


__all__ = ["choose", "fork"]
