"""System calls that Python has no function for, each with an OSError that names it, and files that stand for some.

Numbers and layouts are those of the kernel's headers, for x86_64 and aarch64; elsewhere `machine` is None and what is
built on numbers is not to be had.
"""

from __future__ import annotations

import ctypes
import os
import struct

# It keeps the interpreter's lock: none of these calls waits, and a child must have the lock after `clone`.
libc = ctypes.PyDLL(None, use_errno=True)

CLONE_NEWNS = 0x0002_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000
_CLONE_CHILD_CLEARTID = 0x0020_0000
_CLONE_CHILD_SETTID = 0x0100_0000
_SIGCHLD = 17

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_SLAVE = 0x2, 0x4, 0x8, 0x1000, 0x4000, 0x8_0000

_MNT_DETACH = 2

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_SECUREBITS = 28
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47

SECCOMP_MODE_FILTER = 2
_CAP_AMBIENT_CLEAR_ALL = 4
# No capability by being uid 0, now or later: SECBIT_NOROOT, _NO_SETUID_FIXUP and _NO_CAP_AMBIENT_RAISE, all locked.
_SECUREBITS = 0b1111 | 0b1100_0000
_CAPABILITY_VERSION_3 = 0x2008_0522

_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE, _OPEN_TREE_CLONE = -100, 0x1000, 0x8000, 1
_MOVE_MOUNT_FROM_ITSELF, _MOVE_MOUNT_TO_ITSELF = 0x4, 0x40
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_IDMAP = 0x1, 0x0010_0000
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446

machine = {"x86_64": "x86_64", "aarch64": "aarch64"}.get(os.uname().machine)
_CLONE = {"x86_64": 56, "aarch64": 220}


class _Program(ctypes.Structure):
    """`struct sock_fprog`: how many instructions of eight bytes, and where."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def checked(name: str, result: int) -> int:
    """What a call gave, or the OSError for -1."""
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result


def prctl(name: str, option: int, *values: int) -> None:
    """prctl(2); arguments that are not given are 0."""
    checked(name, libc.prctl(option, *(*values, 0, 0, 0, 0)[:4]))


def no_new_privileges() -> None:
    """No program that is executed gives more rights than its caller has; for good, and for all children."""
    prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)


def filter_calls(program: bytes) -> None:
    """Install a seccomp program: instructions of eight bytes. Needs `no_new_privileges`, or to be root."""
    fprog = _Program(len(program) // 8, program)
    result = libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(fprog), 0, 0)
    checked("seccomp", result)


def drop_capabilities() -> None:
    """Give up every capability, and the ways in which uid 0 would get one back; for who has some."""
    prctl("clear ambient capabilities", PR_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL)
    prctl("securebits", PR_SET_SECUREBITS, _SECUREBITS)
    checked("capset", libc.capset(struct.pack("II", _CAPABILITY_VERSION_3, 0), bytes(24)))


def has_capabilities() -> bool:
    """Whether this process has any capability in its user namespace."""
    sets = ctypes.create_string_buffer(24)
    checked("capget", libc.capget(struct.pack("II", _CAPABILITY_VERSION_3, 0), sets))
    return any(sets.raw)


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2)."""
    encode = os.fsencode
    result = libc.mount(
        encode(source), encode(target), kind and encode(kind), ctypes.c_ulong(flags), encode(options) or None
    )
    checked(f"mount {target}", result)


def unmount(target: str) -> None:
    """umount2(2), at once, whoever still uses it."""
    checked(f"umount {target}", libc.umount2(os.fsencode(target), _MNT_DETACH))


def tell(path: str, text: str, *, directory: int | None = None) -> None:
    """Write to a file by which the kernel is told something, whose path may begin in a directory. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def make_read_only(path: str) -> None:
    """Allow no change through the mount at the path, or any beneath it (Linux 5.12)."""
    attributes = struct.pack("QQQQ", _MOUNT_ATTR_RDONLY, 0, 0, 0)
    _call(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), _AT_RECURSIVE, attributes, len(attributes))


def make_writable(path: str) -> None:
    """Allow changes through the mount at the path again."""
    attributes = struct.pack("QQQQ", 0, _MOUNT_ATTR_RDONLY, 0, 0)
    _call(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), 0, attributes, len(attributes))


def mount_again(place: int, *, writable: bool, user_namespace: int | None = None) -> None:
    """Mount what the descriptor names over itself, writable or not, with its owners as a user namespace has them."""
    flags = 0 if user_namespace is None else _MOUNT_ATTR_IDMAP
    attributes = struct.pack("QQQQ", flags, _MOUNT_ATTR_RDONLY if writable else 0, 0, user_namespace or 0)
    tree = _call(_OPEN_TREE, place, b"", _OPEN_TREE_CLONE | _AT_EMPTY_PATH | _AT_RECURSIVE | os.O_CLOEXEC)
    try:
        _call(_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH | _AT_RECURSIVE, attributes, len(attributes))
        _call(_MOVE_MOUNT, tree, b"", place, b"", _MOVE_MOUNT_FROM_ITSELF | _MOVE_MOUNT_TO_ITSELF)
    finally:
        os.close(tree)


def _call(number: int, *arguments: int | bytes) -> int:
    return checked("mount_setattr", libc.syscall(ctypes.c_long(number), *arguments))


def unshare(flags: int) -> None:
    """unshare(2)."""
    checked("unshare", libc.unshare(ctypes.c_int(flags)))


def clone(namespaces: int) -> int:
    """As fork(2), for a process of one thread; the child is in new namespaces. The C library is not told.

    It is told the child's number, which it keeps for locks: in a namespace a thread may have the number that this
    process has outside.
    """
    if machine is None or _thread_number is None:
        raise OSError(38, "clone: not known for this machine or C library")
    flags = namespaces | _CLONE_CHILD_SETTID | _CLONE_CHILD_CLEARTID | _SIGCHLD
    tail = (_thread_number, 0) if machine == "x86_64" else (0, _thread_number)
    arguments = [ctypes.c_ulong(value) for value in (flags, 0, 0, *tail)]
    return checked("clone", libc.syscall(ctypes.c_long(_CLONE[machine]), *arguments))


def _where_thread_number() -> int | None:
    """Where the C library keeps the number of the one thread; it says so for debuggers (`struct pthread`)."""
    try:
        offset = (ctypes.c_uint32 * 3).in_dll(libc, "_thread_db_pthread_tid")[2]
        libc.pthread_self.restype = ctypes.c_void_p
        address = libc.pthread_self() + offset
        return address if ctypes.c_int.from_address(address).value == os.getpid() else None
    except (ValueError, AttributeError):  # another C library
        return None


_thread_number = _where_thread_number()
