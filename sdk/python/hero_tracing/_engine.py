"""One attempt of a play: what every call needs, and the one place where an attempt is stopped.

It joins wire, records and gate, keeps count of the calls in flight, and begins the spans of branches when something
inside them begins. Must not know how a call is run (`_call`) or how a pause waits (`_pause`).
"""

from __future__ import annotations

import itertools
import os
import sys
import threading

from . import _alarm, _blobs, _frames
from ._clock import Clock
from ._codec import FLOW_MODULE
from ._errors import Diverged, ParkSignal, ScopeError
from ._records import BLOB, FINGERPRINT, KIND, LOOP_TIME, PATH, STATUS, TEXT, Records
from ._scope import BLOCK, CALL, Scope, current
from ._wire import Closed, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ._capture import Stream
    from ._gate import Gate
    from ._loop import Loop
    from ._pause import Pause
    from ._records import Record

    MakeError: TypeAlias = Callable[[], BaseException]

# Where a value is certainly short enough for a line, without counting its bytes.
# Frames that answer one of a number, which no acknowledgement speaks of.
_ANSWERS = frozenset({"kept", "not_kept", "resolved", "not_resolved", "library_result", "library_error"})
_SHORT_CHARS = _frames.INLINE_BYTES_MAX // 4


class Killed(BaseException):
    """The runtime has gone, or a test ends this attempt: nothing more counts."""

    code = "killed"


class Refused(BaseException):
    """The runtime refused a frame, or the play cannot go on for a reason with a code."""

    def __init__(self, message: str, *, code: str, hint: str = "", path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.path = path


class Engine:
    """The attempt."""

    def __init__(self, wire: Wire, start: dict[str, Any], clock: Clock | None = None) -> None:
        self.wire = wire
        self.play_sid: str = start["play_sid"]
        self.attempt: int = start["attempt"]
        self.workdir: str = start["workdir"]
        self.blob_dir: str = start["blob_dir"]
        self.secrets: dict[str, str] = start.get("secrets", {})  # that the entry flow declares, by name
        self.records = Records(start["records"], start["started"])
        self.workflows: dict[str, dict[str, Any]] = {}  # of the library, by the names that the play has asked for
        self.gates: list[Gate] = []  # of the loops that run
        self.clock = clock or Clock()
        self.pid = os.getpid()
        self.offers = False  # its modules, to processes that `multiprocessing` starts afresh
        # Why the attempt ends before its flow does; once set, every call of the SDK raises it.
        self.stop: str | None = None
        self.main_told = threading.Event()  # the main thread knows that the attempt was stopped
        self.closing = False  # the entry flow has ended; what is still cancelled then is only torn down
        self.next_id = itertools.count(1).__next__
        self.lock = threading.RLock()  # of spans and counts; may be held while the wire's is taken
        self.stopping = threading.RLock()  # of `stop`; may be taken while either is held
        self.uncovered = 0  # calls in flight without an open pause beneath them
        self.moving = 1  # threads of the flow that neither pause nor stand at the gate
        self.activity = 0  # changes whenever a call begins or ends
        self.pauses: dict[str, Pause] = {}  # open, by path
        self.expected: dict[int, Callable[[dict[str, Any]], object]] = {}  # who waits for an answer, by number
        self.in_flight: dict[str, Any] = {}  # the task, if any, of each call and pause beneath a call with retries
        self.open_spans: dict[Scope, None] = {}  # of blocks and branches beneath calls with retries
        self.on_left: list[Callable[[], object]] = []  # told when one of those has ended
        self.resume_when = "any"
        self.value: Any = None  # what the entry flow came to
        self.error: BaseException | None = None
        self.origin = ""  # the path of the call where that error arose
        self.unfinished: dict[tuple[Stream, Scope | None], str] = {}  # parts of lines that were printed
        self._make_stop: MakeError = Killed
        self.parked: Callable[[], None] = _nothing  # told when the play begins to park
        wire.acknowledged = self._acknowledged
        wire.receive = self._received
        if "workflows" in start:
            from . import _workflows

            _workflows.keep(self, start["workflows"])

    # -- stopping --

    def halt(self, reason: str, make: MakeError) -> BaseException:
        """Stop the attempt for this reason, if nothing else stopped it before; gives the error to raise."""
        with self.stopping:
            if self.stop is None:
                self._make_stop = make
                self.stop = reason
        self.wake()
        return self._make_stop()

    def stopped(self) -> BaseException:
        """The error that ends every call once the attempt has been stopped."""
        if threading.current_thread() is threading.main_thread():
            self.main_told.set()
        return self._make_stop()

    def fail(self, error: BaseException) -> BaseException:
        """Stop the attempt with an error that flow code cannot swallow."""
        if isinstance(error, ScopeError):
            text, code, hint = str(error), error.code, error.hint
            return self.halt("scope", lambda: ScopeError(text, code=code, hint=hint))
        return self.halt("failed", lambda: error)

    def cancel(self) -> BaseException:
        """The play is cancelled."""
        return self.halt("cancelled", lambda: KeyboardInterrupt("the play is cancelled"))

    def stop_parked(self) -> None:
        """The play parks; the caller holds the lock."""
        self._make_stop = lambda: ParkSignal("the play waits for an answer")
        self.stop = "parked"

    def kill(self) -> BaseException:
        """The runtime has gone."""
        return self.halt("killed", lambda: Killed("the runtime has ended this attempt"))

    def diverge(self, path: str, expected: str, actual: str, location: str) -> BaseException:
        """The replay does not match its record."""
        hint = (
            "a flow must do the same each time it is run: keep what differs inside a step;"
            " where threads or queues decide the order, give the step a key="
        )
        message = f"the replay asked for {actual}, but the record holds {expected}"
        return self.halt(
            "diverged",
            lambda: Diverged(message, expected=expected, actual=actual, location=location, path=path, hint=hint),
        )

    def refuse_call(self, scope: Scope, name: str) -> BaseException:
        """Why a call from this scope cannot be made."""
        if os.getpid() != self.pid:
            # Another process: only this copy stops.
            return self.fail(_wrong_process(name))
        if self.stop is not None:
            return self.stopped()
        if scope.is_superseded():
            return self._superseded()
        return self.fail(
            ScopeError(
                f"{name} was called from {scope.call.path}, which has ended",
                code="ended_scope",
                hint="wait for tasks and threads within the call that started them",
            )
        )

    def _superseded(self) -> BaseException:
        """What ends a task or a thread of an earlier try."""
        loop = self.loop_here()
        return Superseded() if loop is None else loop.cancellation()

    def loop_here(self) -> Loop | None:
        """The loop of the play that runs in this thread, which plain code keeps from going on."""
        if not self.gates:
            return None
        from ._loop import is_loop_thread, running

        return running() if is_loop_thread() else None

    # -- the wire --

    def wait(self, number: int) -> None:
        """Return once the frame of this number is durable."""
        try:
            self.wire.wait(number)
        except Closed:
            raise self.kill() from None
        if self.stop is not None:
            raise self.stopped()

    def wake(self) -> None:
        """Have everybody who waits look again."""
        self.wire.wake()
        for gate in tuple(self.gates):
            gate.loop.wake()

    def _acknowledged(self, number: int) -> None:
        for gate in tuple(self.gates):
            gate.acknowledged(number)

    def _received(self, frame: dict[str, Any]) -> None:
        kind = frame["t"]
        if kind == "answer":
            pause = self.pauses.get(frame["path"])
            if pause is not None:
                pause.answered(frame)
        elif kind in _ANSWERS:
            tell = self.expected.pop(frame["n"], None)
            if tell is not None:
                tell(frame)
        elif kind == "refused":
            self.wire.acked = max(self.wire.acked, frame["n"])
            self._refused(frame["code"], frame["message"])

    def _refused(self, code: str, message: str) -> None:
        if code == "diverged":
            self.diverge("", "another question", message, "")
            return
        self.halt("refused", lambda: Refused(f"the runtime refused a frame: {message}", code=code))

    def ask(self, frame: str) -> dict[str, Any]:
        """The answer to a frame that has one of its own. Blocks the thread; the play does not park meanwhile."""
        answers: list[dict[str, Any]] = []
        self.entered()
        try:
            self.wire.send_numbered(frame, lambda number: self.expected.update({number: answers.append}))
            self.wire.wait_until(lambda: bool(answers) or self.stop is not None)
        except Closed:
            raise self.kill() from None
        finally:
            self.came_back()
        if not answers:
            raise self.stopped()
        return answers[0]

    # -- records --

    def mismatch(self, record: Record, kind: str, name: str, fingerprint: str, location: str) -> BaseException:
        """The record of this path is not of this call."""
        expected = f"{record[KIND]} {record[PATH]} with inputs {record[FINGERPRINT] or 'of no kind'}"
        actual = f"{kind} {record[PATH]} with inputs {fingerprint or 'of no kind'}"
        if record[KIND] == kind:
            expected = f"{name} ({record[PATH]}) with other inputs, fingerprint {record[FINGERPRINT]}"
            actual = f"{name} ({record[PATH]}) with inputs of fingerprint {fingerprint}"
        return self.diverge(record[PATH], expected, actual, location)

    def text_of(self, record: Record) -> str:
        """The codec text of a record, from its file where it is one."""
        blob = record[BLOB]
        if blob is None:
            text: str = record[TEXT]
            return text
        try:
            return _blobs.read(self.blob_dir, blob[0])
        except OSError as error:
            reason = f"the recorded value of {record[PATH]} is lost: {error}"
            raise self.halt("refused", lambda: Refused(reason, code="blob_lost", path=record[PATH])) from None

    def store(self, text: str, what: str) -> tuple[str, tuple[str, int] | None]:
        """`text` as it goes into a frame: itself, or the file that holds it."""
        if len(text) <= _SHORT_CHARS:
            return text, None
        data = text.encode()
        if len(data) <= _frames.INLINE_BYTES_MAX:
            return text, None
        return "", _blobs.write(self.blob_dir, data, what)

    # -- spans --

    def span_of(self, scope: Scope) -> int:
        """The span under which something in this scope stands; begins that of a branch if need be."""
        if scope.span:
            return scope.span
        with self.lock:
            return self._span_of(scope)

    def _span_of(self, scope: Scope) -> int:
        if scope.span:
            return scope.span
        if scope.parent is None:
            return 0  # the entry flow has ended: what is still said belongs to the play as a whole
        parent = self._span_of(scope.parent)
        if scope.ended or scope.kind is BLOCK:
            return parent  # a task outlives its block, or a thread its call
        span = self.next_id()
        frame = _frames.begin(span, parent, scope.path, "branch", _frames.quote(scope.name))
        scope.span = span
        self.wire.send(frame)
        if scope.keep:
            self.open_spans[scope] = None
        if scope.task is not None:
            scope.task.add_done_callback(lambda _task: self.end_branch(scope, "ok"))
        return span

    def finish_lines(self, scope: Scope | None) -> None:
        """The span of this scope ends: send what was printed there without an end of line."""
        for stream, held in list(self.unfinished):
            if held is scope:
                text = self.unfinished.pop((stream, held), None)
                if text is not None:
                    stream.finish(text, scope)

    def end_branch(self, scope: Scope, status: str) -> None:
        """A branch is over. Its span, if it ever began, ends."""
        if self.unfinished:
            self.finish_lines(scope)
        with self.lock:
            span, scope.span, scope.ended = scope.span, 0, True
        self.open_spans.pop(scope, None)
        if span and self.stop is None:
            self.wire.send(_frames.end(span, status))

    def leave_branch(self, scope: Scope, status: str) -> None:
        """The same where the branch has had a thread of its own, which now ends."""
        try:
            self.end_branch(scope, status)
        finally:
            self.move(-1)
            if scope.job is not None and scope.parent is not None and scope.job is scope.parent.job:
                scope.job.ended_in_thread()

    # -- calls in flight --

    def entered(self) -> None:
        with self.lock:
            self.uncovered += 1
            self.activity += 1

    def arrived(self, path: str) -> None:
        """A call or a pause begins beneath a call with retries."""
        task = None
        if self.gates:
            from ._loop import current_task

            task = current_task()
        self.in_flight[path] = task

    def departed(self, path: str) -> None:
        """It has ended."""
        self.in_flight.pop(path, None)
        self.tell_left()

    def tell_left(self) -> None:
        """Have who waits for such an end look again."""
        for tell in tuple(self.on_left):
            tell()

    def left(self, scope: Scope) -> None:
        with self.lock:
            scope.span, scope.ended, scope.gone = 0, True, True
            self.activity += 1
            if scope.pauses == 0:
                self.uncovered -= 1
        self._tell_covered()

    def came_back(self) -> None:
        """What `entered`, and is no call of its own, has ended."""
        with self.lock:
            self.uncovered -= 1
            self.activity += 1
        self._tell_covered()

    def cover(self, scope: Scope, by: int) -> None:
        """A pause beneath this scope opened (`by` = 1) or closed (-1)."""
        call: Scope | None = scope.call
        with self.lock:
            self.activity += 1
            while call is not None:
                before, call.pauses = call.pauses, call.pauses + by
                if not call.gone and (before == 0 or call.pauses == 0):
                    self.uncovered -= by
                call = call.parent.call if call.parent is not None else None
        self._tell_covered()

    def _tell_covered(self) -> None:
        """Have loops look whether the play can park; threads that hold look by themselves."""
        if self.pauses and not self.uncovered:
            for gate in tuple(self.gates):
                gate.loop.wake()

    def move(self, by: int) -> None:
        """A thread of the flow begins to work (1) or to wait (-1)."""
        with self.lock:
            self.moving += by


def _forked() -> None:
    """In a forked child: it is not the play. What it prints goes to the real streams, and its end is its own."""
    for engine in _active:
        engine.wire.unplug()
        engine.lock, engine.stopping = threading.RLock(), threading.RLock()  # threads that held them were not copied
    if _active:
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    _alarm.forked_child()


os.register_at_fork(before=_alarm.before_fork, after_in_parent=_alarm.after_fork, after_in_child=_forked)


class Superseded(BaseException):
    """What calls belongs to a try that has failed; a further one has begun. It ends here, quietly."""


def outside(name: str) -> BaseException | None:
    """Why a call without a scope is an error; None where there is no play at all: plain Python."""
    engine = active()
    if engine is None:
        if os.environ.get("HERO_TRACING") == "1":
            return _wrong_process(name)
        return None
    if os.getpid() != engine.pid:
        return _wrong_process(name)
    if engine.stop is not None:
        return engine.stopped()
    return engine.fail(
        ScopeError(
            f"{name} was called outside of the flow",
            code="no_scope",
            hint="call steps within the flow: not at import, not in a callback of the loop, "
            "not in a thread that a library started",
        )
    )


def _wrong_process(name: str) -> ScopeError:
    return ScopeError(
        f"{name} was called in another process than its play's",
        code="wrong_process",
        hint="call steps in the flow's own process; hand only plain work to other processes",
    )


_active: list[Engine] = []  # the attempts of this process: one, but in tests of tests


def active() -> Engine | None:
    """The attempt that runs in this process."""
    return _active[-1] if _active else None


def activate(engine: Engine) -> None:
    _active.append(engine)


def deactivate(engine: Engine) -> None:
    _active.remove(engine)


def _nothing() -> None:
    """Nobody cares."""


def location(depth: int) -> tuple[str, int]:
    """File and line of the nearest caller, from `depth` frames up, that is not of this package."""
    frame = sys._getframe(depth)
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def flow_line(depth: int) -> int:
    """Line of the call in the flow's file; 0 where it is made in another file."""
    frame = sys._getframe(depth)
    return frame.f_lineno if frame.f_globals.get("__name__") == FLOW_MODULE else 0


__all__ = [
    "CALL",
    "LOOP_TIME",
    "STATUS",
    "Engine",
    "Killed",
    "Refused",
    "activate",
    "active",
    "current",
    "deactivate",
    "flow_line",
    "location",
    "outside",
]
