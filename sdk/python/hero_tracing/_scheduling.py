"""How long this process may keep others waiting that wake: the runtime first, then plays, then what nobody waits for.

Since Linux 6.12 a thread may ask for a slice of its own, and one that wakes preempts at once another of a longer slice;
else it may wait until that has used its slice up, which is a millisecond or more, and a small play takes no longer. An
older kernel refuses or ignores it, and nothing is lost but that time.
"""

from __future__ import annotations

import ctypes
import os

# The kernel's own slice, which the runtime has, is between 0.7 and 3 ms, by the number of CPUs.
_PLAY_NS = 5_000_000
_NOBODY_WAITS_NS = 100_000_000
# The number of sched_setattr(2); others than these machines do without.
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}.get(os.uname().machine)
_KEEP_POLICY = 0x08  # of who started hero_logic: SCHED_FLAG_KEEP_POLICY

_libc = ctypes.CDLL(None)


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
        ("util_min", ctypes.c_uint32),
        ("util_max", ctypes.c_uint32),
    )


def give_way() -> None:
    """Nobody waits for what this process does from now on: all others that wake go first."""
    _set_slice(_NOBODY_WAITS_NS)


def take_part() -> None:
    """A play waits for it: only the runtime goes first. Forked children inherit it."""
    _set_slice(_PLAY_NS)


def _set_slice(nanoseconds: int) -> None:
    if _SCHED_SETATTR is not None:
        size, nice = ctypes.sizeof(_Attributes), os.nice(0)
        attributes = _Attributes(size=size, flags=_KEEP_POLICY, runtime=nanoseconds, nice=nice)
        _libc.syscall(_SCHED_SETATTR, 0, ctypes.byref(attributes), 0)
