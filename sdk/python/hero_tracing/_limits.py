"""The limits that the kernel holds a play's process to, and what to do about an error behind which one may stand."""

from __future__ import annotations

import contextlib
import errno
import os
import resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MEBIBYTE = 1 << 20
# What the kernel holds behind a descriptor (of a socket, of a pipe) is under no limit but the number of them, and all
# processes of a machine share what there is.
_DESCRIPTORS_MAX = 4096
# Files of the standard library that start processes.
_STARTERS = {"subprocess.py", "popen_fork.py", "util.py"}

# The limits of this process by their names in `@flow(sandbox={…})`; empty where nothing is limited.
of_process: dict[str, int] = {}


def take_on(order: dict[str, Any], *, counts_processes: bool) -> None:
    """Limit this process, and all that it starts, to what the order says, for good."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_DATA: order["memory_mb"] * _MEBIBYTE,
        resource.RLIMIT_FSIZE: order["disk_mb"] * _MEBIBYTE,
        resource.RLIMIT_NOFILE: _DESCRIPTORS_MAX,
    }
    if counts_processes:
        limits[resource.RLIMIT_NPROC] = order["processes"]
    for limit, value in limits.items():
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
    if order["cpu_s"] is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (order["cpu_s"], order["cpu_s"] + 1))


def go_first() -> None:
    """Have this process, and all that it starts, go before others when the machine has no more memory.

    Memory that processes share is under none of the limits.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, b"1000")
        finally:
            os.close(descriptor)


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
