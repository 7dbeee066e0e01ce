"""What a process does to itself before a play: whose it is, with whom it dies, where it is, what it may use."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Container

from . import _fork, _kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MEBIBYTE = 1 << 20
# What the kernel holds behind a descriptor (of a socket, of a pipe) is under no limit but the number of them, and all
# processes of a machine share what there is.
_DESCRIPTORS_MAX = 4096


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the process `parent` ends; end it now if that has happened.

    The signal follows the *thread* that forked: the fork server has one only. In a process id namespace of its own a
    child does not know its parent; one that has no play yet sees the end of the parent by its socket.
    """
    _kernel.prctl("pdeathsig", _kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() not in {parent, 0}:
        os._exit(70)


def be_first() -> None:
    """Go on as the first process of a process id namespace: all that is in it ends with us, whatever it is at.

    The kernel does that, and needs nobody's help for it: a program that one of a play's threads executes has lost the
    signal at its parent's death. The process that we were stays as the one that our starter knows; it ends with its
    starter and with us, and we with it. Raises OSError.
    """
    first = _fork.fork(_kernel.CLONE_NEWPID)
    _kernel.prctl("pdeathsig", _kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if first == 0:
        return
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    _, status = os.waitpid(first, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def close_all_but(kept: int) -> None:
    """Close every descriptor but this one and the first three."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != kept:
            with contextlib.suppress(OSError):  # the one by which we look is closed already
                os.close(int(name))


def free_user(name: str, taken: Container[int | None], first: int, count: int) -> int:
    """A user id of the range that is not taken, the same for the same name where it can be. Raises OSError."""
    start = int.from_bytes(os.fsencode(name)[-16:], "big") % count
    for offset in range(count):
        uid = first + (start + offset) % count
        if uid not in taken:
            return uid
    raise OSError(f"all {count} user ids of the range are taken")


def map_user(uid: int, gid: int) -> None:
    """Be in the new user namespace who one was."""
    for name, text in (("uid_map", f"{uid} {uid} 1"), ("setgroups", "deny"), ("gid_map", f"{gid} {gid} 1")):
        _kernel.tell(f"/proc/self/{name}", text)


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
        _kernel.tell("/proc/self/oom_score_adj", "1000")


def enter(directory: str) -> None:
    """Be in this directory of a play, which may have put a link in its place. Raises OSError for that."""
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchdir(descriptor)
    finally:
        os.close(descriptor)


def redirect(output: str) -> None:
    """Have standard output and standard error in this file."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(output, flags, 0o600)
    os.set_blocking(descriptor, True)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def give(directory: str, uid: int) -> None:
    """Make all of the directory the user's, of which the current one is a part; links in it stay where they point."""
    if os.listdir(directory) == [os.path.basename(os.getcwd())] and not os.listdir("."):  # a new play
        os.chown(".", uid, uid)
        os.chown(directory, uid, uid, follow_symlinks=False)
        return
    for _, directories, files, descriptor in os.fwalk(directory, follow_symlinks=False):
        for name in (*directories, *files):
            os.chown(name, uid, uid, dir_fd=descriptor, follow_symlinks=False)
    os.chown(directory, uid, uid, follow_symlinks=False)
