"""One attempt of a test's play: in this process against a journal, or in a forked one.

Must not know what a test asserts.
"""

from __future__ import annotations

import contextvars
import json
import os
import select
import signal
import socket
import sys
import threading
import time

from . import _alarm, _capture, _engine, _frames, _hooks, _session, _workflows
from ._engine import Engine
from ._wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._journal import Journal
    from .testing import Play

# How long threads of a killed attempt may take to notice, in looks of half a millisecond and more: on a busy or stopped
# machine a clock goes on without them.
_UNWIND_LOOKS = 20_000


class _Outbox:
    """Frames on their way to a socket whose other end may be writing itself, so that nobody may wait for it to read."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.socket = sock
        self.left = bytearray()
        # Reentrant: the collector may run a finaliser that prints while this sends.
        self._lock = threading.RLock()
        self._sends = False

    def put(self, frames: list[dict[str, Any]]) -> None:
        with self._lock:
            for frame in frames:
                self.left += json.dumps(frame).encode() + b"\n"
            self.send()

    def send(self) -> None:
        """Send what fits."""
        with self._lock:
            if self._sends:
                return
            self._sends = True
            try:
                while self.left:
                    del self.left[: self.socket.send(self.left)]
            except BlockingIOError:
                pass
            except OSError:
                self.left.clear()  # it has gone; the next read says so
            finally:
                self._sends = False


class _JournalSocket:
    """The journal as a socket: it answers within `sendall`, so that a test is deterministic and needs no thread."""

    def __init__(self, journal: Journal, kill_after: int | None) -> None:
        self.journal = journal
        self.kill_after = kill_after
        self.engine: Engine | None = None
        self.is_killed = False
        self._ours, self._theirs = socket.socketpair()
        self._outbox = _Outbox(self._theirs)

    def fileno(self) -> int:
        return self._ours.fileno()

    def recv(self, size: int, flags: int = 0) -> bytes:
        data = self._ours.recv(size, flags)
        self._outbox.send()  # where frames are left, some are always there to be read
        return data

    def sendall(self, data: bytes) -> None:
        if self.is_killed:
            raise self._killed()
        replies = self.journal.receive(data)
        if self.kill_after is not None and self.journal.recorded >= self.kill_after and self.journal.done is None:
            self.is_killed = True
            self._theirs.close()
            raise self._killed()
        self._outbox.put(replies)

    def _killed(self) -> BaseException:
        """What ends a killed attempt, also where something else had stopped it: nobody hears of that any more."""
        assert self.engine is not None
        self.engine.kill()
        return _engine.Killed("the test has ended this attempt")

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()


def attempt_here(play: Play, kill_after: int | None) -> bool:
    """Run an attempt in this process; True if it was killed."""
    assert play.said is not None
    journal, said = play.journal, play.said
    sock = _JournalSocket(journal, kill_after)
    start = journal.start_frame(play.secrets, play_sid="play_test", workdir=play.workdir, blob_dir=_blob_dir(play))
    engine = Engine(Wire(sock), start, play.clock)  # type: ignore[arg-type]
    sock.engine = engine
    capture = _capture.Capture(engine)
    _engine.activate(engine)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _session.RECURSION_LIMIT))
    capture.install()
    unhook = _hooks.install(engine)
    unset = _alarm.install(engine)
    code = _session.LOST
    try:
        engine.wire.send(_frames.hello(os.getpid()))
        done = contextvars.copy_context().run(_session.run_flow, engine, said, play.inputs)
        code = _session.finish(engine, done)
    except _engine.Killed:
        pass
    finally:
        engine.halt("killed", _engine.Killed)
        unset()
        unhook()
        capture.remove()
        sys.setrecursionlimit(limit)
        _engine.deactivate(engine)
        _join(engine)
        if engine.workflows:
            _workflows.forget(engine)
        sock.close()
    if code == _session.DONE:
        play.value, play.error = engine.value, engine.error
    return sock.is_killed


def _join(engine: Engine) -> None:
    """Threads of the attempt end at their next call of the SDK; the next attempt does not begin beside them."""
    for _ in range(_UNWIND_LOOKS):
        if engine.moving <= 1:
            return
        time.sleep(0.0005)
    raise RuntimeError("a thread of the flow outlives its attempt")


def attempt_in_process(play: Play, kill_after: int | None) -> bool:
    """Run an attempt in a forked process; True if it was killed."""
    journal = play.journal
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _serve(theirs, play)
    theirs.close()
    try:
        return _Pump(journal, ours, pid, kill_after).run(play)
    finally:
        ours.close()


def _serve(sock: socket.socket, play: Play) -> None:
    code = 70
    try:
        os.chdir(play.workdir)
        os.environ["HERO_TRACING"] = "1"
        _engine._active.clear()
        code = _session.serve(sock, play.said)
    except BaseException:
        import traceback

        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


class _Pump:
    """Feeds a process from the journal until it exits."""

    def __init__(self, journal: Journal, sock: socket.socket, pid: int, kill_after: int | None) -> None:
        self.journal = journal
        self.sock = sock
        self.outbox = _Outbox(sock)
        self.pid = pid
        self.kill_after = kill_after

    def run(self, play: Play) -> bool:
        name, source, entry = play.file or ("flow.py", "", None)
        start = self.journal.start_frame(
            play.secrets,
            play_sid="play_test",
            workdir=play.workdir,
            blob_dir=_blob_dir(play),
            file_name=name,
            source=source,
            entry=entry,
            inputs=play.inputs,
        )
        self.outbox.put([start])
        while data := self._read():
            replies = self.journal.receive(data)
            if self.kill_after is not None and self.journal.recorded >= self.kill_after and self.journal.done is None:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return True
            self.outbox.put(replies)
        _, status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        expected = _session.DONE if self.journal.done is not None else _session.PARKED
        if code != expected:
            self.journal.problems.append(f"the process exited with {code}, not {expected}")
        if self.journal.done is not None:
            play.value = _outputs(self.journal.done, play)
        return False

    def _read(self) -> bytes:
        """What the process writes next, while it is sent what it has yet to read; nothing once it has ended."""
        poll = select.poll()
        while True:
            poll.register(self.sock, select.POLLIN | (select.POLLOUT if self.outbox.left else 0))
            poll.poll()
            self.outbox.send()
            try:
                return self.sock.recv(1 << 20)
            except BlockingIOError:
                continue
            except ConnectionResetError:  # it has ended, and left something unread
                return b""


def _outputs(done: dict[str, Any], play: Play) -> Any:
    if "blob" not in done:
        return done.get("outputs")
    with open(os.path.join(_blob_dir(play), done["blob"]["digest"]), "rb") as file:
        return json.load(file)


def _blob_dir(play: Play) -> str:
    return os.path.join(play.workdir, "blobs")
