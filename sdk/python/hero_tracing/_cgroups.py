"""Control groups (cgroup v2): whatever a process does to get away, it and all that it starts stay in their group.

They stand in where a play cannot have process ids of its own: its group is killed as a whole, limited as a whole where
the kernel's controllers are ours to use, and found again after a crash. With a namespace a play needs none, and making,
entering and removing one takes 0.1 ms and more.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select

from . import _kernel

_PREFIX = "hero_logic-"
# What each knob is told; the second one where a play has so much.
_LIMITS = (("memory.max", "memory_mb", 1 << 20), ("pids.max", "processes", 1))
# How long processes may take to end that were killed, in milliseconds.
_END_MS = 2000


class Groups:
    """The groups of a fork server's children, beneath one of its own."""

    def __init__(self, directory: str | None = None) -> None:
        """Beneath the group of this process, or the one that was delegated to it; `directory` for another one.

        Raises OSError where that cannot be written to, or the kernel cannot kill a group (Linux 5.14).
        """
        above = os.open(_delegated() if directory is None else directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(above, fcntl.LOCK_EX)  # until it is known that what we make is somebody's
            _clear(above)
            # Where it has processes itself it cannot pass them on; groups can be killed all the same.
            _pass_on(above)
            self.name = f"{_PREFIX}{os.urandom(8).hex()}"
            os.mkdir(self.name, dir_fd=above)
            self.descriptor = _open(above, self.name)
            fcntl.flock(self.descriptor, fcntl.LOCK_EX)  # as long as this process lives; see `_clear`
            fcntl.flock(above, fcntl.LOCK_UN)
            self._above = above
            self.is_limited = bool(_pass_on(self.descriptor))
            if not _has(self.descriptor, "cgroup.kill"):
                self.close()
                raise OSError(95, "groups cannot be killed: Linux 5.14 or newer is needed")
        except OSError:
            with contextlib.suppress(OSError):
                os.close(above)
            raise
        self._made = 0
        self.ending: set[str] = set()  # names of groups that are killed and not removed yet

    def make(self) -> Group:
        """A new group. Raises OSError."""
        self._made += 1
        os.mkdir(str(self._made), dir_fd=self.descriptor)
        return Group(self, str(self._made))

    def close(self) -> None:
        """Kill and remove all groups."""
        _remove(self._above, self.name)
        os.close(self.descriptor)
        os.close(self._above)


class Group:
    """The group of one child, and of all that it starts."""

    def __init__(self, among: Groups, name: str) -> None:
        """See `Groups.make`."""
        self._among = among
        self.name = name

    @property
    def is_limited(self) -> bool:
        """Whether there are controllers that can hold it to anything."""
        return self._among.is_limited

    def enter(self) -> None:
        """Have this process, and all that it will start, in the group. Raises OSError."""
        _kernel.tell(f"{self.name}/cgroup.procs", "0", directory=self._among.descriptor)

    def limit(self, order: dict[str, int]) -> None:
        """Hold all processes of the group together to what the order says, as far as the controllers are there."""
        for knob, limit, unit in _LIMITS:
            with contextlib.suppress(OSError):
                _kernel.tell(f"{self.name}/{knob}", str(order[limit] * unit), directory=self._among.descriptor)

    def kill(self) -> None:
        """Kill whoever is in the group."""
        with contextlib.suppress(OSError):
            _kernel.tell(f"{self.name}/cgroup.kill", "1", directory=self._among.descriptor)

    def end(self) -> None:
        """Kill whoever is in the group, and remove it, now or when the next one ends."""
        self.kill()
        ending = self._among.ending
        ending.add(self.name)
        for name in list(ending):
            with contextlib.suppress(OSError):  # somebody has not ended yet
                os.rmdir(name, dir_fd=self._among.descriptor)
                ending.discard(name)


def _delegated() -> str:
    """The directory of the group of this process, or of the one above where whoever manages groups has handed it over.

    systemd marks such a group by an attribute (`Delegate=`), and starts a service in a group beneath it where it is
    told to (`DelegateSubgroup=`): then nobody else is in it, and it can pass its controllers on.
    """
    with open("/proc/self/cgroup") as file:
        own = next((line.rstrip("\n")[3:] for line in file if line.startswith("0::")), None)
    with open("/proc/self/mountinfo") as file:
        mounts = [line.split(" - ") for line in file if " - cgroup2 " in line]
    for mounted, _ in mounts:
        _, _, _, root, place = mounted.split(" ")[:5]
        if own is not None and own.startswith(root.rstrip("/") + "/"):
            directory = os.path.normpath(f"{place}/{own[len(root.rstrip('/')) :]}")
            above = os.path.dirname(directory)
            return above if directory != place and _is_handed_over(above) else directory
    raise OSError(2, "there are no control groups of version 2")


def _is_handed_over(directory: str) -> bool:
    for attribute in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(directory, attribute) == b"1":
                return True
    return False


def _clear(above: int) -> None:
    """Kill and remove what fork servers have left that could not do it themselves: what nobody holds locked."""
    for name in os.listdir(above):
        if not name.startswith(_PREFIX):
            continue
        with contextlib.suppress(OSError):
            group = _open(above, name)
            try:
                fcntl.flock(group, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(above, name)
            finally:
                os.close(group)


def _remove(above: int, name: str) -> None:
    with contextlib.suppress(OSError):
        _kernel.tell(f"{name}/cgroup.kill", "1", directory=above)
    with contextlib.suppress(OSError):
        _wait_until_empty(above, name)
        group = _open(above, name)
        try:
            for inner in os.scandir(group):
                if inner.is_dir(follow_symlinks=False):
                    os.rmdir(inner.name, dir_fd=group)
        finally:
            os.close(group)
        os.rmdir(name, dir_fd=above)


def _wait_until_empty(above: int, name: str) -> None:
    events = os.open(f"{name}/cgroup.events", os.O_RDONLY | os.O_CLOEXEC, dir_fd=above)
    try:
        poller = select.poll()
        poller.register(events, select.POLLPRI)
        while b"populated 1" in os.pread(events, 1024, 0) and poller.poll(_END_MS):
            pass
    finally:
        os.close(events)


def _pass_on(group: int) -> set[str]:
    """Have the groups beneath ruled by the controllers that we know; which of them do."""
    for controller in ("memory", "pids"):
        with contextlib.suppress(OSError):
            _kernel.tell("cgroup.subtree_control", f"+{controller}", directory=group)
    descriptor = os.open("cgroup.subtree_control", os.O_RDONLY | os.O_CLOEXEC, dir_fd=group)
    try:
        return set(os.read(descriptor, 1024).decode().split()) & {"memory", "pids"}
    finally:
        os.close(descriptor)


def _open(directory: int, name: str) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)


def _has(directory: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=directory)
    except OSError:
        return False
    return True


__all__ = ["Group", "Groups"]
