"""Mount namespaces: what the fork server and its children see of the file system, and what they have for themselves."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from . import _kernel
from ._kernel import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_REC, MS_SLAVE

# Where programs put what is theirs alone for a while, and where the C library puts memory that processes share.
TEMPORARY, SHARED_MEMORY = "/tmp", "/dev/shm"
# As much shared memory as containers have.
SHARED_MEMORY_MB = 64


def keep_to_ourselves() -> None:
    """Enter a mount namespace; nothing that is mounted from now on is seen outside. Raises OSError.

    What is unmounted outside is unmounted here as well: plays keep nobody from it.
    """
    _kernel.unshare(_kernel.CLONE_NEWNS)
    _kernel.mount("none", "/", None, MS_REC | MS_SLAVE)


def forget(needed: Iterable[str]) -> None:
    """Let go, in our namespace, of every mount that is neither on the way to what is needed nor beneath it.

    Each makes every child a little slower, and a file system that is unmounted outside would live on with us.
    """
    roots = {form(path) for path in needed for form in (os.path.abspath, os.path.realpath)}
    ends = roots | {"/proc", "/sys/devices", TEMPORARY, SHARED_MEMORY}
    with open("/proc/self/mountinfo") as file:
        places = [line.split()[4] for line in file]
    for place in sorted(places, reverse=True):
        is_needed = any(is_beneath(end, place) for end in ends) or any(is_beneath(place, root) for root in roots)
        if not is_needed:
            with contextlib.suppress(OSError):
                _kernel.unmount(place)


def seal(kept: Iterable[str]) -> None:
    """Allow no change of anything, not even of times and modes, but beneath the directories that are kept."""
    _kernel.make_read_only("/")
    _kernel.make_writable("/proc")  # what is not a process's own is the kernel's to refuse
    for path in kept:
        _keep(path)


def _keep(path: str) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _kernel.mount_again(place, writable=True)
    finally:
        os.close(place)


def leave(directory: str, kept: str | None) -> None:
    """Of what is beneath the directory leave only this to be changed, or nothing.

    Who made a mount read-only may undo it, as a child may not undo what the fork server did.
    """
    _kernel.make_read_only(directory)
    if kept is not None:
        _keep(kept)


def open_ways(kept: Iterable[str]) -> None:
    """Make these paths reachable for everybody, where a directory above one lets only its owner pass.

    Such a directory is covered by an empty one that holds nothing but the way to what is kept.
    """
    kept = sorted({form(path) for path in kept for form in (os.path.abspath, os.path.realpath)})
    closed = {closed for path in kept if (closed := _first_closed(path)) is not None}
    for directory in sorted(closed):
        beneath = outermost(path for path in kept if is_beneath(path, directory))
        held = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in beneath]
        _kernel.mount("hero", directory, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
        for path, descriptor in held:
            if os.path.isdir(f"/proc/self/fd/{descriptor}"):
                os.makedirs(path, mode=0o755)
            else:
                os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
            _kernel.mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND | MS_REC)
            os.close(descriptor)


def cover(directory: str, megabytes: int) -> None:
    """Put an empty directory of limited size, for this namespace alone, over one that all share."""
    options = f"size={megabytes}m,nr_inodes=65536,mode=1777"
    _kernel.mount("hero", directory, "tmpfs", MS_NOSUID | MS_NODEV, options)


def lend(read: Iterable[int], write: Iterable[int], uid: int | None) -> None:
    """Open what these descriptors name, some to be changed; for another user what is ours there is his.

    And what he makes there is ours. On a file system that cannot give things another owner, he may do what others may.
    Raises OSError.
    """
    namespace = None if uid is None else _namespace_of(uid)
    wanted = [(place, False) for place in read if uid is not None] + [(place, True) for place in write]
    try:
        for place, writable in wanted:
            try:
                _kernel.mount_again(place, writable=writable, user_namespace=namespace)
            except OSError:
                if writable:
                    _kernel.mount_again(place, writable=True)
    finally:
        if namespace is not None:
            os.close(namespace)


def _namespace_of(uid: int) -> int:
    """A user namespace in which we are this user."""
    wait, end = os.pipe()
    holder = _kernel.clone(_kernel.CLONE_NEWUSER)
    if holder == 0:
        os.close(end)
        os.read(wait, 1)
        os._exit(0)
    try:
        for kind, own in (("uid", os.geteuid()), ("gid", os.getegid())):
            with open(f"/proc/{holder}/{kind}_map", "w") as file:
                file.write(f"{own} {uid} 1")
        return os.open(f"/proc/{holder}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(wait)
        os.close(end)
        os.waitpid(holder, 0)


def own_processes() -> None:
    """Have /proc show the processes of our process id namespace, and no others."""
    _kernel.mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def is_beneath(path: str, directory: str) -> bool:
    """Whether the path is the directory or beneath it, both without links and dots."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def holds(directory: str, paths: Iterable[str]) -> bool:
    """Whether one of the paths leads to the directory or beneath it."""
    return any(is_beneath(os.path.realpath(path), directory) for path in paths)


def _first_closed(path: str) -> str | None:
    parts = os.path.dirname(path).split("/")
    for count in range(2, len(parts) + 1):
        directory = "/".join(parts[:count])
        if os.stat(directory).st_mode & 0o001 == 0:
            return directory
    return None


def outermost(paths: Iterable[str]) -> list[str]:
    """Those that are beneath no other."""
    found: list[str] = []
    for path in sorted(paths):
        if not found or not is_beneath(path, found[-1]):
            found.append(path)
    return found
