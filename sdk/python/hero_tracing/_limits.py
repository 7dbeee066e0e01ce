"""The limits that the kernel holds a play's process to, and what to do about an error behind which one may stand."""

from __future__ import annotations

import errno

# Files of the standard library that start processes.
_STARTERS = {"subprocess.py", "popen_fork.py", "util.py"}

# The limits of this process by their names in `@flow(sandbox={…})`; empty where nothing is limited.
of_process: dict[str, int] = {}


def hint_of(error: BaseException) -> str | None:
    """The limit that stands behind this error, and how to have more."""
    name = _name_of(error)
    if name is None or name not in of_process:
        return None
    return f'the sandbox allows {name} {of_process[name]}; allow more with @flow(sandbox={{"{name}": …}})'


def _name_of(error: BaseException) -> str | None:
    if isinstance(error, MemoryError):
        return "memory_mb"
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return "processes"
    if isinstance(error, BlockingIOError):  # of a socket that has nothing to read, too
        return "processes" if _place_of(error) in _STARTERS else None
    if isinstance(error, OSError):
        return {errno.ENOMEM: "memory_mb", errno.EFBIG: "disk_mb"}.get(error.errno or 0)
    return None


def _place_of(error: BaseException) -> str:
    """The name of the file in which the error arose."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else trace.tb_frame.f_code.co_filename.rpartition("/")[2]
