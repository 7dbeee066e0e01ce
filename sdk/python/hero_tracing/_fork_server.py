"""The fork server: one warm interpreter that forks a confined child for each play.

It talks with the launcher over a SEQPACKET socket on its standard input, one JSON object a packet:

    down  {"op": "setup", "level": "default", …}                  first and once; see `_confine.Confinement`
          {"op": "spawn", "id": 7, "imports": ["json"], "home": "…", "lends": false}
          {"workdir": "…", …}                                  with the child's span socket attached; `imports` are
                                                               modules that its flow will want; a process
                                                               that only describes a file has none; `lends` says that
                                                               the order names paths that are lent; the second line
                                                               is the order, see `Confinement.play`
          {"op": "signal", "id": 7, "signal": 15}
          {"op": "probe"}
    up    {"op": "ready", "python": "3.11.7", "layers": ["landlock"], "missing": {"uid": "why"}}
          {"op": "spawned", "id": 7}                           with a pidfd of the child attached
          {"op": "failed", "id": 7, "message": "…"}
          {"op": "exited", "id": 7, "status": 0, "cpu_ms": 12}    a negative status is minus the signal
          {"op": "probed", "layers": [{"layer": "landlock", "ms": 0.1, "missing": null}]}

A child leads a session and process group of its own. Its exit is seen by pidfd; before it is reaped, when its
number cannot yet belong to anybody else, its whole group is killed. Signals go out from here for the same reason.

It stays single-threaded, imports nothing that starts a thread, and knows nothing of
the flows of plays; what it learns for them is in `_preload` and `_rehearsal`.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial

from . import _cgroups, _child, _confine, _fork, _immortal, _preload, _probe, _rehearsal, _scheduling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Children forked ahead, so that a play starts in the time of one packet. One is taken while the next is being made.
SPARES = 2
# A command that runs one flow and ends gains nothing from what this server learns; the second attempt sets that off.
LEARNS_AFTER = 2
# What makes later plays faster is learnt when nothing waits; where plays crowd, after each so many of them as well.
PLAYS_PER_LESSON = 2
# The interpreter specialises code that has run some times.
REHEARSALS = 20
# Objects that are made immortal in a row: about as long as a rehearsal takes.
IMMORTALS = 2000
# Spares that end before they got a play, in a row, before this server gives up: confinement itself must be failing.
LOST_SPARES_MAX = 10
# Until spares are forked again where the machine had no process or no memory left for one, in milliseconds.
SHORTAGE_MS = 100
# Two ends of a socket, a pidfd, and one to spare.
DESCRIPTORS_OF_A_CHILD = 4
# Of the first packet: seccomp programs of some thousand instructions.
_SETUP_BYTES_MAX = 1 << 20


class _Child:
    """A forked child: its process, the pidfd that tells its end, and, while spare, the socket that gives it a play."""

    __slots__ = ("group", "id", "orders", "pid", "pidfd", "uid")

    def __init__(self, pid: int, pidfd: int, orders: socket.socket) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.orders = orders
        self.id = 0  # of the play; 0 while spare
        self.uid: int | None = None  # the user id that is this play's alone
        self.group: _cgroups.Group | None = None  # its control group, where it needs one


class _Server:
    def __init__(self, control: socket.socket, confinement: _confine.Confinement) -> None:
        self.control = control
        self.confinement = confinement
        self.pid = os.getpid()
        self.poller = select.poll()
        self.poller.register(control, select.POLLIN)
        self.spares: list[_Child] = []
        self.lost_spares = 0
        self.is_short = False  # of processes or memory, a moment ago
        self.children: dict[int, _Child] = {}  # by pidfd
        self.users: set[int | None] = set()  # user ids that are taken
        self.attempts = 0
        self.wishes: dict[str, int] = {}  # how many attempts asked for a module
        # What makes later plays faster. At its end stands `_settle`.
        self.to_learn: list[Callable[[], object]] = []
        self.fork = _fork.choose(confinement.clone_flags)

    def adopt(self, pid: int) -> None:
        """Look after a process that was forked before, and plays nothing."""
        child = _Child(pid, os.pidfd_open(pid), socket.socket())
        self.children[child.pidfd] = child
        self.poller.register(child.pidfd, select.POLLIN)

    def loop(self) -> None:
        """Serve until the launcher closes its end."""
        python = "{}.{}.{}".format(*sys.version_info[:3])
        layers = [layer for layer in _confine.LAYERS if layer in self.confinement.layers]
        known = {"layers": layers, "missing": self.confinement.missing}
        self._tell({"op": "ready", "python": python, **known})
        while True:
            # New spares are forked only when nothing waits: a request waits behind one fork, import or rehearsal at
            # most.
            missing = len(self.spares) < SPARES
            has_work = self.to_learn or (missing and not self.is_short)
            events = self.poller.poll(0 if has_work else SHORTAGE_MS if missing else None)
            if not events:
                if missing and not self.is_short:
                    self._fork_spare()
                elif self.to_learn:
                    self._learn()
                else:
                    self.is_short = False
            for descriptor, _ in events:
                if descriptor != self.control.fileno():
                    self._exited(self.children[descriptor])
                elif not self._request():
                    return

    def _fork_spare(self) -> None:
        """A machine that has no process left ends no play that runs: whoever asks for one meanwhile is told."""
        try:
            self.spares.append(self._fork(rehearses=not self._is_busy()))
        except OSError:
            self.is_short = True

    def _is_busy(self) -> bool:
        """Whether plays take every CPU already, so that a rehearsal would only take from them."""
        return len(self.children) - len(self.spares) >= (os.cpu_count() or 1)

    def _wish(self, modules: list[str]) -> None:
        for module in filter(_preload.may_load, modules):
            self.wishes[module] = wishes = self.wishes.get(module, 0) + 1
            if wishes == _preload.WISHES:
                lessons: list[Callable[[], object]] = [partial(_preload.load, step) for step in _preload.steps(module)]
                if lessons and module == "asyncio":
                    lessons += [partial(_rehearsal.rehearse, is_async=True)] * REHEARSALS
                self._plan(lessons)

    def _plan(self, lessons: list[Callable[[], object]]) -> None:
        if lessons:
            self.to_learn = [lesson for lesson in self.to_learn if lesson != self._settle] + [*lessons, self._settle]

    def _learn(self) -> None:
        with contextlib.suppress(Exception):  # it is for speed only: what fails here fails in a play, and is told
            self.to_learn.pop(0)()

    def _settle(self) -> None:
        """After something was learnt: have what is there now shared with children for as long as it can be."""
        self.fork = _fork.choose(self.confinement.clone_flags)
        gc.collect()
        gc.unfreeze()
        objects = gc.get_objects() if _immortal.is_possible() else []
        gc.freeze()
        self._share(objects)

    def _share(self, objects: list[object]) -> None:
        _immortal.make(objects, IMMORTALS)
        if objects:
            self.to_learn.insert(0, partial(self._share, objects))
            return
        # The spares know nothing of it. They end by themselves, and are replaced.
        for spare in self.spares:
            spare.orders.close()
        self.spares.clear()

    def _request(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self.control, _child.REQUEST_BYTES_MAX, 1)
        if not data:
            return False
        # This process copies each page that it writes to after a fork: what is for the child it does not read.
        head, _, order = data.partition(b"\n")
        request = json.loads(head)
        if request["op"] == "spawn":
            self._spawn(request, order, descriptors)
            if request["imports"]:
                self._wish(request["imports"])
                self.attempts += 1
                if self.attempts == LEARNS_AFTER:
                    self._plan([_rehearsal.rehearse, self.confinement.rehearse] * REHEARSALS)
                elif self.to_learn and self.attempts % PLAYS_PER_LESSON == 0:
                    self._learn()
        elif request["op"] == "signal":
            for child in self.children.values():
                if child.id == request["id"]:
                    self._signal(child, request["signal"])
        elif request["op"] == "probe":
            self._tell({"op": "probed", "layers": _probe.each(self.confinement)})
        return True

    def _spawn(self, request: dict[str, Any], packet: bytes, descriptors: list[int]) -> None:
        play = request["id"]
        try:
            uid = self.confinement.user_of(request["home"], self.users)
            order = json.loads(packet) if request["lends"] else None
            if order is not None and not self.confinement.takes_spare(order):
                child = self._fork((order, uid), rehearses=False)
            else:
                child = self.spares.pop(0) if self.spares else self._fork(rehearses=False)
            child.uid = uid
            self.users.add(uid)
            if child.group is not None and child.group.is_limited:
                child.group.limit(json.loads(packet))
            socket.send_fds(child.orders, [(uid or 0).to_bytes(4, "big"), packet], descriptors)
        except OSError as error:
            self._tell({"op": "failed", "id": play, "message": str(error)})
            return
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        child.orders.close()
        child.id = play
        self.lost_spares = 0
        self._send(b'{"op": "spawned", "id": %d}' % play, [child.pidfd])

    def _fork(self, order: tuple[dict[str, Any], int | None] | None = None, *, rehearses: bool) -> _Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        group = self.confinement.next_group()
        try:
            pid = self.fork()
        except OSError:
            if group is not None:
                group.end()
            raise
        if pid == 0:
            try:
                self._leave(theirs.fileno())
                _child.run(theirs, self.pid, self.confinement, order, rehearses=rehearses)
            finally:
                os._exit(_child.EXIT_BROKEN)
        theirs.close()
        child = _Child(pid, os.pidfd_open(pid), ours)
        child.group = group
        self.children[child.pidfd] = child
        self.poller.register(child.pidfd, select.POLLIN)
        return child

    def _leave(self, kept: int) -> None:
        """In a forked child: close all that is ours, but what it is given and what names paths to Landlock."""
        first, end = self.confinement.descriptors
        highest = max((end, *self.children, *(spare.orders.fileno() for spare in self.spares)))
        start = 3
        for kept_first, kept_end in sorted([(kept, kept + 1), (first, end)]):
            os.closerange(start, kept_first)
            start = kept_end
        os.closerange(start, highest + DESCRIPTORS_OF_A_CHILD)

    def _signal(self, child: _Child, number: int) -> None:
        """Signal a child and what it started."""
        _kill_group(child.pid, number)
        if number == signal.SIGKILL and child.group is not None:
            child.group.kill()

    def _exited(self, child: _Child) -> None:
        self._signal(child, signal.SIGKILL)
        _, wait_status, usage = os.wait4(child.pid, 0)
        self.poller.unregister(child.pidfd)
        del self.children[child.pidfd]
        self.users.discard(child.uid)
        os.close(child.pidfd)
        if child.group is not None:
            child.group.end()
        if child.id:
            status, cpu_ms = os.waitstatus_to_exitcode(wait_status), round(1000 * (usage.ru_utime + usage.ru_stime))
            self._send(b'{"op": "exited", "id": %d, "status": %d, "cpu_ms": %d}' % (child.id, status, cpu_ms))
            return
        if child not in self.spares:  # it was let go
            return
        self.spares.remove(child)
        child.orders.close()
        self.lost_spares += 1
        if self.lost_spares >= LOST_SPARES_MAX:
            raise SystemExit(f"hero_logic: {self.lost_spares} children in a row ended before they got a play")

    def _tell(self, message: dict[str, object]) -> None:
        self._send(json.dumps(message).encode())

    def _send(self, packet: bytes, descriptors: Sequence[int] = ()) -> None:
        # A launcher that has gone is noticed by the next read, which ends the loop.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self.control, [packet], descriptors)

    def end(self) -> None:
        """Kill every child with its group, and reap it."""
        for child in self.children.values():
            self._signal(child, signal.SIGKILL)
        for child in self.children.values():
            os.waitpid(child.pid, 0)
        self.confinement.close()


def _kill_group(pid: int, number: int) -> None:
    """Signal the group of an unreaped child; a child that has not come to its `setsid` yet is signalled alone."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def main() -> None:
    """Serve the launcher whose socket is our standard input, and end with it.

    However the launcher ends, its end of the socket closes. A signal at its death (PR_SET_PDEATHSIG) would end this
    server before it could end the groups of its children, and what those started would live on; only where a namespace
    ends all of that there is one too, see `_process.be_first`.
    """
    # Out of the launcher's process group: what a terminal or a service manager sends to that is meant for the
    # launcher, which says itself when plays are to end.
    os.setsid()
    _scheduling.take_part()
    control = socket.socket(fileno=os.dup2(0, _confine.HIGH_DESCRIPTOR, inheritable=False))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    setup, _, _, _ = socket.recv_fds(control, _SETUP_BYTES_MAX, 0)
    if not setup:
        return
    confinement = _confine.Confinement(json.loads(setup))
    confinement.begin()
    # Before this process gives up writing to where its own files lie, as its children do.
    compiler = _preload.compile_package()
    confinement.prepare()
    gc.collect()
    gc.freeze()
    gc.disable()
    _probe.settle(confinement)
    server = _Server(control, confinement)
    if compiler is not None:
        server.adopt(compiler)
    try:
        server.loop()
    finally:
        server.end()
