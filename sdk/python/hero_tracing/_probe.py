"""Finds out which layers of the confinement work here, by children that put them on.

`settle` has one child put on all of them, before any play: what fails is left out. `each` looks closely, for people:
one child for each layer, which also tries what the layer must refuse.
"""

from __future__ import annotations

import contextlib
import copy
import errno
import json
import os
import resource
import socket
import sys
import time

from . import _cgroups, _confine, _fork, _kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._confine import Confinement

_ANSWER_BYTES_MAX = 65536
_ROUNDS = 5
_ORDER: dict[str, object] = {
    "home": None,
    "output": None,
    "network": False,
    "subprocess": False,
    "memory_mb": 1 << 20,
    "processes": 4096,
    "disk_mb": 1 << 20,
    "cpu_s": None,
    "read": [],
    "write": [],
}
_NAMESPACE_FILES = {
    "user_namespace": "user",
    "pid_namespace": "pid",
    "mount_namespace": "mnt",
    "ipc_namespace": "ipc",
    "network_namespace": "net",
}


def settle(confinement: Confinement) -> None:
    """Leave out the layers that a child cannot put on; why is in `confinement.missing`."""
    while confinement.layers:
        failed, _ = _try(confinement)
        if not failed:
            break
        if not confinement.layers.intersection(failed):
            # No layer is at fault, so leaving out one would not help.
            raise SystemExit(f"hero_logic: no child can be confined: {next(iter(failed.values()))}")
        confinement.lose(failed)
    confinement.settle()


def each(confinement: Confinement) -> list[dict[str, Any]]:
    """For each layer of the level: `layer`, `ms` (what it adds to a child) and `missing` (why it is not there)."""
    looks: list[dict[str, Any]] = []
    for layer in _confine.LAYERS:
        if layer in confinement.missing:
            looks.append({"layer": layer, "ms": None, "missing": confinement.missing[layer]})
        elif layer in confinement.layers:
            looks.append({"layer": layer, **_look_at(layer, confinement)})
    return looks


def _look_at(layer: str, confinement: Confinement) -> dict[str, Any]:
    with_it, without = copy.copy(confinement), copy.copy(confinement)
    without.layers = _needed(layer, confinement)
    with_it.layers = without.layers | {layer}
    check = _check_of(layer, with_it)
    failed: dict[str, str] = {}
    taken: list[float] = []
    for _ in range(_ROUNDS):
        _, before_ms = _try(without)
        failed, ms = _try(with_it, check)
        taken.append(ms - before_ms)
        if failed:
            return {"ms": None, "missing": next(iter(failed.values()))}
    return {"ms": round(max(_median(taken), 0.0), 3), "missing": None}


def _median(values: list[float]) -> float:
    """The middle one of an odd number of values; `statistics` takes 10 ms to import."""
    return sorted(values)[len(values) // 2]


def _needed(layer: str, confinement: Confinement) -> set[str]:
    """What this layer cannot be put on without."""
    if layer == "user_namespace":
        return {"uid"} if confinement.is_root else set()
    if layer == "read_only":  # of the fork server, once
        return {"mount_namespace"}
    return {"user_namespace"} & confinement.layers if layer in _NAMESPACE_FILES and not confinement.is_root else set()


def _check_of(layer: str, confinement: Confinement) -> Callable[[], str | None]:
    """What tells in a child that the layer does what it is for; it gives what is wrong."""
    if layer in _NAMESPACE_FILES:
        link = f"/proc/self/ns/{_NAMESPACE_FILES[layer]}"
        ours = os.readlink(link)
        return lambda: "it is the one of the fork server" if os.readlink(link) == ours else None
    return {
        "cgroup": lambda: None if _is_in(confinement.group) else "it is in another one",
        "limits": lambda: None if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) else "no limit was set",
        "uid": lambda: None if os.geteuid() != 0 and not os.getgroups() else "it is still root",
        "capabilities": lambda: "some are left" if _kernel.has_capabilities() else None,
        "read_only": lambda: _is_refused(lambda: os.utime(__file__)),
        # The root is allowed to nobody; the directories beneath it may be.
        "landlock": lambda: _is_refused(lambda: os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY))),
        "seccomp": lambda: _is_refused(lambda: socket.socket(socket.AF_UNIX).close()),
    }[layer]


def _is_in(group: _cgroups.Group | None) -> bool:
    with open("/proc/self/cgroup") as file:
        return group is not None and any(line.rstrip("\n").endswith(f"/{group.name}") for line in file)


def _is_refused(action: Callable[[], None]) -> str | None:
    try:
        action()
    except OSError as error:
        return None if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS} else str(error)
    return "what it must refuse was done"


def _try(confinement: Confinement, check: Callable[[], str | None] | None = None) -> tuple[dict[str, str], float]:
    """Which layer a child could not put on and why, and how many milliseconds it took until it had them all on."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        parent = os.getpid()
        began = time.perf_counter()
        try:
            group = confinement.next_group()
        except OSError as error:
            return {"cgroup": str(error)}, 0.0
        try:
            pid = _fork.choose(confinement.clone_flags)()
        except OSError as error:
            return _blame(confinement, error), 0.0
        if pid == 0:
            answer = {"seccomp": "the child was ended"}
            try:
                answer = _put_on(confinement, parent, check)
            finally:
                with contextlib.suppress(OSError):
                    theirs.send(json.dumps(answer).encode())
                os._exit(0)
        theirs.close()
        said = ours.recv(_ANSWER_BYTES_MAX)
        ms = 1000 * (time.perf_counter() - began)
        os.waitpid(pid, 0)
        if group is not None:
            group.end()
    failed: dict[str, str] = json.loads(said) if said else {"seccomp": "the child was ended"}
    return failed, ms


def _blame(confinement: Confinement, error: OSError) -> dict[str, str]:
    """The namespace without which it is tried next."""
    for layer in _NAMESPACE_FILES:
        if layer in confinement.layers and not (layer == "user_namespace" and confinement.is_root):
            return {layer: str(error)}
    raise error


def _put_on(confinement: Confinement, parent: int, check: Callable[[], str | None] | None) -> dict[str, str]:
    """In a child: everything that a play's process goes through, for an order that allows nothing."""
    uid = confinement.uids[0] if confinement.uids is not None and "uid" in confinement.layers else None
    try:
        ruleset = confinement.spare(parent)
        confinement.play(_ORDER | {"workdir": confinement.plays}, uid, ruleset, parent)
        if uid is not None:
            confinement.at = "uid"
            _reach(confinement)
    except Exception as error:
        return {confinement.at: f"{type(error).__name__}: {error}"}
    reason = check() if check is not None else None
    return {confinement.at: reason} if reason else {}


def _reach(confinement: Confinement) -> None:
    """Raise OSError unless this user can run the interpreter and read what it needs."""
    package = os.path.dirname(__file__)
    needed = ((sys.executable, os.X_OK), (os.__file__, os.R_OK), (__file__, os.R_OK), (confinement.plays, os.X_OK))
    for path, access in (*needed, (package, os.R_OK | os.X_OK)):
        if not os.access(path, access):
            raise PermissionError(errno.EACCES, "the user of a play may not use it", path)
