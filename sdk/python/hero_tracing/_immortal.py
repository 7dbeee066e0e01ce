"""Immortal objects (PEP 683): what lives as long as the process, so that nobody need count references to it.

A forked child copies each page that it writes to, and Python writes to an object whenever it takes a reference to it or
gives one back: a play copies hundreds of pages only to leave them as they were. From 3.12 on, CPython leaves alone the
count of an object that is immortal, such as None. It lets nobody ask for that; so this module gives the objects of the
fork server the very count that None has. They are never freed: the fork server keeps them anyway, and a child ends
without taking anything apart.

Must be called where no other thread runs.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import types

# Those whose objects begin with their count, and whose immortal count is told by its lower 32 bits alone.
_VERSIONS = ((3, 12), (3, 13), (3, 14))
# What a count of an ordinary object never has.
_SIGN = 1 << 31

_count_of = ctypes.c_uint32.from_address


def is_possible() -> bool:
    """Whether this interpreter is one whose objects can be made immortal: seen by its build and by its objects."""
    build = sys.implementation.name == "cpython" and sys.version_info[:2] in _VERSIONS
    if not build or sys.byteorder != "little" or sys.maxsize < 1 << 32:
        return False
    if "t" in sys.abiflags or "d" in sys.abiflags:  # free-threaded, or built to check what it does
        return False
    probe = object()
    several = [probe, probe, probe]
    counted = _count_of(id(probe)).value == len(several) + 1
    return counted and _count_of(id(None)).value >= _SIGN


def make(objects: list[object], number: int) -> None:
    """Take that many from the end of `objects`, at most, make them immortal, and add what they refer to."""
    immortal = _count_of(id(None)).value
    for _ in range(min(number, len(objects))):
        made = objects.pop()
        count = _count_of(id(made))
        # The calls that are under way end, and with them their frames.
        if count.value >= _SIGN or made is objects or type(made) is types.FrameType:
            continue
        count.value = immortal
        if type(made) is types.CodeType:  # it tells the collector nothing
            objects += (made.co_consts, made.co_names, made.co_varnames, made.co_freevars, made.co_cellvars)
            objects += (made.co_name, made.co_qualname, made.co_filename, made.co_linetable, made.co_exceptiontable)
        else:
            objects += gc.get_referents(made)


__all__ = ["is_possible", "make"]
