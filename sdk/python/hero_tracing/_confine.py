"""Confinement of a play's process: the one place where a forked child gives up what it must not have.

`spare` runs when a child is forked, ahead of any play; `play` runs when it is handed one.
This module knows the kernel and nothing of flows, frames or files of a play.
"""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the process `parent` ends; end it now if that has happened.

    The signal follows the *thread* that forked: the fork server has one only.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(70)


def spare(fork_server: int) -> None:
    """Confine a child that has no play yet: a session of its own, no new privileges, the end of its fork server."""
    os.setsid()
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    die_with(fork_server)


def play(workdir: str, output: str) -> None:
    """Confine a child to its play: its work directory, and a file for what is written past Python's `print`."""
    os.umask(0o077)
    os.chdir(workdir)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(output, flags, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl({option}): {os.strerror(error)}")
