"""Says in words what the sandbox refuses, where a flow would see `Permission denied` and not know of whom.

The kernel refuses; this module only looks at what Python is about to do, by audit events, and at errors of sockets. So
what it misses is refused all the same, in the kernel's words. It must not refuse what the kernel would allow.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

# Signals that do nothing or stop, where nobody handles them.
_HARMLESS = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
_STOPPING = {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}


class Allowed:
    """What a play's process may do, as far as it is said here: None where the kernel has no say in it."""

    def __init__(
        self,
        *,
        read: Iterable[str] | None,
        write: Iterable[str],
        network: bool | list[int] | None,
        subprocess: bool | None,
        is_first: bool,
        is_sealed: bool,
    ) -> None:
        """Paths are real ones.

        `is_first` says that this process is the first of its namespace, `is_sealed` that what it may not write has
        modes, owners and times that it cannot change either.
        """
        self.read = None if read is None else tuple(read)
        self.write = tuple(write)
        self.network = network
        self.subprocess = subprocess
        self.is_first = is_first
        self.is_sealed = is_sealed


def explain(allowed: Allowed) -> None:
    """From now on, and for good, say in words what is denied to this process."""
    global _network
    checks = checks_of(allowed)
    _network = allowed.network
    watch_sockets()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        check = checks.get(event)
        if check is not None:
            check(*arguments)

    sys.addaudithook(hook)


def checks_of(allowed: Allowed) -> dict[str, Callable[..., None]]:
    """What is to be looked at before it is done, by its audit event."""
    checks: dict[str, Callable[..., None]] = {}
    if allowed.read is not None:
        checks.update(_files(allowed.read, allowed.write, is_sealed=allowed.is_sealed))
    if allowed.subprocess is False:
        for event in ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"):
            checks[event] = _no_processes
    if allowed.network is not None and allowed.network is not True:
        checks["socket.connect"] = _ports(allowed.network or [])
    if allowed.network is False:
        checks["socket.getaddrinfo"] = _no_names
    if allowed.is_first:
        checks["os.kill"] = _end_itself
    return checks


def _deny(what: str, wish: str) -> NoReturn:
    error = PermissionError(f"the sandbox denies {what}; allow it with @flow(sandbox={{{wish}}})")
    error.errno = errno.EACCES
    raise error


# -- files --


def _files(read: tuple[str, ...], write: tuple[str, ...], *, is_sealed: bool) -> dict[str, Callable[..., None]]:
    everything = read + write

    def check(path: Any, roots: tuple[str, ...], *, creates: bool = False, changes_entry: bool = False) -> None:
        if isinstance(path, int) or path is None:
            return
        text = os.fsdecode(path)
        if text[:1] == "/" and "/." not in text and _is_beneath(text, roots):
            return
        full = os.path.abspath(text)
        if _is_beneath(full, roots):
            return
        real = os.path.realpath(full)
        if _is_beneath(real, roots):
            return
        # What is not there is not denied: a program may look for its settings in many places.
        if os.path.lexists(real) or (creates and os.path.isdir(os.path.dirname(real))):
            kind, doing = ("write", "writing") if roots is write else ("read", "reading")
            # An entry is its directory's; and what is not there yet cannot be allowed.
            wish = os.path.dirname(real) if changes_entry or not os.path.lexists(real) else real
            _deny(f"{doing} {text}", f'"{kind}": ["{wish}"]')

    def opened(path: Any, _mode: Any, flags: int) -> None:
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_TRUNC | os.O_CREAT)
        if flags & os.O_PATH != os.O_PATH:
            check(path, write if writes else everything, creates=bool(flags & os.O_CREAT))

    def listed(path: Any) -> None:
        check(path, everything)

    def changed(path: Any, *_rest: Any) -> None:
        check(path, write)

    def removed(path: Any, *_rest: Any) -> None:
        check(path, write, changes_entry=True)

    def made(path: Any, *_rest: Any) -> None:
        check(path, write, creates=True, changes_entry=True)

    def both(source: Any, destination: Any, *_rest: Any) -> None:
        removed(source)
        made(destination)

    def linked(_source: Any, destination: Any, *_rest: Any) -> None:
        made(destination)

    of_its_own = ("os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr") if is_sealed else ()
    return {
        **dict.fromkeys(of_its_own, changed),
        "open": opened,
        "os.listdir": listed,
        "os.scandir": listed,
        "os.mkdir": made,
        "os.rmdir": removed,
        "os.remove": removed,
        "os.truncate": changed,
        "os.rename": both,
        "os.link": both,
        "os.symlink": linked,
    }


def _is_beneath(path: str, roots: tuple[str, ...]) -> bool:
    return any(path.startswith(root) and (len(path) == len(root) or path[len(root)] == "/") for root in roots)


# -- processes --


def _no_processes(*_arguments: Any) -> None:
    _deny("starting other processes", '"subprocess": True')


def _end_itself(pid: int, number: int) -> None:
    """The kernel keeps signals from the first process of a namespace that it sends itself and does not handle."""
    if pid not in {0, os.getpid()} or os.getpid() != 1 or number == 0:
        return
    ends = number == signal.SIGKILL or (
        number not in _HARMLESS | _STOPPING and signal.getsignal(number) is signal.SIG_DFL
    )
    if ends:
        os._exit(128 + number)


# -- the network --


# What `explain` was told; None where nothing is said.
_network: bool | list[int] | None = None
_made = socket.socket.__init__


def _init(self: socket.socket, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None) -> None:
    try:
        _made(self, family, type, proto, fileno)
    except PermissionError:
        if fileno is not None or _network is None:
            raise
        if family == socket.AF_UNIX:
            denied = PermissionError("the sandbox denies Unix sockets; talk over TCP, or run with --sandbox off")
            denied.errno = errno.EPERM
            raise denied from None
        if _network is True:  # a kind of socket that is denied in any case
            raise
        _deny("the network", '"network": True')


def watch_sockets() -> None:
    """See how sockets are made, here and in every child; nothing is said before `explain`.

    A fork server does it once: where a class changes, Python forgets what it knew of it and of those beneath.
    """
    socket.socket.__init__ = _init  # type: ignore[method-assign]


def _ports(allowed: list[int]) -> Callable[..., None]:
    def check(connecting: Any, address: Any) -> None:
        is_tcp = connecting.family in {socket.AF_INET, socket.AF_INET6} and connecting.type == socket.SOCK_STREAM
        if is_tcp and isinstance(address, tuple) and address[1] not in allowed:
            wish = f'"network": {sorted({*allowed, address[1]})}' if allowed else '"network": True'
            _deny(f"connecting to {address[0]} port {address[1]}", wish)

    return check


def _no_names(host: Any, *_rest: Any) -> None:
    if host:
        _deny(f"looking up {host if isinstance(host, str) else os.fsdecode(host)}", '"network": True')


__all__ = ["Allowed", "explain"]
