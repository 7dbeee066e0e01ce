"""Landlock: which files this process and all that it starts may reach, and to which TCP ports it may talk.

A ruleset is put together ahead of time and enforced at the end. What the running kernel cannot rule is left out
(Linux 5.13 has the first ABI; 6.7 rules TCP, 6.12 signals and abstract sockets).
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from . import _kernel

_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH, _NET_PORT = 1, 2  # kinds of rules

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 0x1, 0x2, 0x4, 0x8
_MAKE_CHAR, _MAKE_BLOCK, _REFER, _TRUNCATE, _IOCTL_DEV = 0x40, 0x800, 0x2000, 0x4000, 0x8000
# Everything that an ABI can rule, by its number; a newer kernel takes the last.
_FILES = (0, 0x1FFF, 0x3FFF, 0x7FFF, 0x7FFF, 0xFFFF)
_BIND_TCP, _CONNECT_TCP = 0x1, 0x2
ABI_OF_TCP = 4
_ABI_OF_SCOPES = 6
_SCOPES = 0x3  # abstract Unix sockets, signals: only among those under the same rules

READ = _EXECUTE | _READ_FILE | _READ_DIR
WRITE = 0xFFFF & ~(_MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV)
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV


def abi() -> int:
    """The ABI of the running kernel, from 1. Raises OSError where there is none."""
    return _call("landlock", _kernel.LANDLOCK_CREATE_RULESET, None, 0, _VERSION)


class Ruleset:
    """What is allowed; everything else is not."""

    def __init__(self, version: int, *, files: bool = True, tcp: bool = False) -> None:
        """Without `files` it rules TCP alone. Raises OSError."""
        handled = _FILES[min(version, len(_FILES) - 1)] if files else 0
        network = _BIND_TCP | _CONNECT_TCP if tcp and version >= ABI_OF_TCP else 0
        scopes = _SCOPES if version >= _ABI_OF_SCOPES else 0
        size = 24 if version >= _ABI_OF_SCOPES else 16 if version >= ABI_OF_TCP else 8
        attributes = struct.pack("QQQ", handled, network, scopes)[:size]
        self.handled = handled
        self.descriptor = _call("landlock", _kernel.LANDLOCK_CREATE_RULESET, attributes, size, 0)

    def allow(self, descriptor: int, access: int) -> None:
        """Allow this access beneath the directory, or to the file, that the descriptor names, and close that."""
        try:
            self.add(self.rule(descriptor, access))
        finally:
            os.close(descriptor)

    def rule(self, descriptor: int, access: int) -> bytes:
        """The same for `add`, now or in another process that has the descriptor under the same number."""
        is_file = (os.fstat(descriptor).st_mode & 0o170000) != 0o040000
        access &= self.handled
        return struct.pack("=Qi", access & _OF_FILES if is_file else access, descriptor)

    def add(self, rule: bytes) -> None:
        """Add a rule that `rule` made."""
        _call("landlock", _kernel.LANDLOCK_ADD_RULE, self.descriptor, _PATH_BENEATH, rule, 0)

    def allow_path(self, path: str, access: int) -> bool:
        """Allow this access to what is at the path, links followed, and beneath it; false where there is nothing."""
        descriptor = open_path(path)
        if descriptor is None:
            return False
        self.allow(descriptor, access)
        return True

    def allow_ports(self, ports: Iterable[int]) -> None:
        """Allow to connect to these TCP ports, wherever."""
        for port in ports:
            rule = struct.pack("QQ", _CONNECT_TCP, port)
            _call("landlock", _kernel.LANDLOCK_ADD_RULE, self.descriptor, _NET_PORT, rule, 0)

    def enforce(self) -> None:
        """Put this process under the rules, for good. Needs no_new_privs."""
        _call("landlock", _kernel.LANDLOCK_RESTRICT_SELF, self.descriptor, 0)
        os.close(self.descriptor)


def open_path(path: str) -> int | None:
    """A descriptor that only names what is at the path; None where nothing is."""
    try:
        return os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None


def _call(name: str, number: int, *arguments: int | bytes | None) -> int:
    return _kernel.checked(name, _kernel.libc.syscall(ctypes.c_long(number), *arguments))
