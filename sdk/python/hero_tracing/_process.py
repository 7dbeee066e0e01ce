"""What a process does to itself on its way into a play: whose it is, with whom it dies, where its output goes."""

from __future__ import annotations

import os
import signal

from . import _kernel


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the process `parent` ends; end it now if that has happened.

    The signal follows the *thread* that forked: the fork server has one only. In a process id namespace of its own a
    child does not know its parent; one that has no play yet sees the end of the parent by its socket.
    """
    _kernel.prctl("pdeathsig", _kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() not in {parent, 0}:
        os._exit(70)


def map_user(uid: int, gid: int) -> None:
    """Be in the new user namespace who one was."""
    for name, text in (("uid_map", f"{uid} {uid} 1"), ("setgroups", "deny"), ("gid_map", f"{gid} {gid} 1")):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


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
