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
from functools import partial

from . import _kernel


def choose(namespaces: int = 0) -> Callable[[], int]:
    """The function to fork this process by, into these namespaces (`CLONE_NEW…`).

    What Python does for other threads is done where it has several threads, Python's or not, or might have.
    """
    try:
        is_alone = len(os.listdir("/proc/self/task")) == 1
    except OSError:
        is_alone = False
    if not namespaces:
        return fork if is_alone else os.fork
    return partial(fork if is_alone else fork_with_threads, namespaces)


def fork(namespaces: int = 0) -> int:
    """As `os.fork`, in a process of one thread. Raises OSError."""
    pid = _kernel.clone(namespaces) if namespaces else _kernel.checked("fork", _kernel.libc.fork())
    # Of all that the standard library registers, 3.11 to 3.14, this alone is not about locks, threads or a loop.
    if pid == 0 and (random := sys.modules.get("random")) is not None:
        random.seed()
    return pid


def fork_with_threads(namespaces: int) -> int:
    """As `os.fork`, into these namespaces. Raises OSError."""
    python = ctypes.pythonapi
    python.PyOS_BeforeFork()
    try:
        pid = _kernel.clone(namespaces)
    except OSError:
        python.PyOS_AfterFork_Parent()
        raise
    if pid == 0:
        python.PyOS_AfterFork_Child()
    else:
        python.PyOS_AfterFork_Parent()
    return pid


__all__ = ["choose", "fork", "fork_with_threads"]
