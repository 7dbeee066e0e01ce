"""One process of a play, from the first frame to the exit code: describe a file, or run an attempt of its flow.

The launcher's child calls `serve` in a freshly forked process whose current directory is the play's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time

from . import _alarm, _capture, _engine, _frames, _hooks, _loader, _schema
from ._engine import Engine, Refused
from ._errors import Diverged, Failed, InvalidInputs, NotRecordable, ScopeError
from ._failures import describe
from ._json import write_json
from ._outcome import described
from ._root import run_root
from ._wire import Closed, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    import types
    from typing import Any

    from ._declared import Declared

DONE, PARKED = 0, 75
# The runtime has gone without a word: EX_TEMPFAIL's neighbour EX_IOERR of sysexits.h.
LOST = 74
# A cancelled flow that does not end by itself is ended within the runtime's grace of 2 s.
CANCEL_GRACE_SECONDS = 1.5
# After a park the process exits regardless of what the flow does with the signal.
PARK_GRACE_SECONDS = 2.0
# Wrappers add frames to each nested call of the flow.
RECURSION_LIMIT = 10_000
# Paths that one notice lists.
_PATHS_MAX = 20


def serve(sock: socket.socket, said: Declared | None = None) -> int:
    """Read the first frame from `sock` and do it. The exit code: 0 done, 75 parked, 74 runtime lost.

    A test may bring a flow that is loaded already.
    """
    wire = Wire(sock)
    try:
        frame = wire.first_frame()
        if frame["t"] == "describe":
            wire.send(_frames.hello(os.getpid()))
            _describe(wire, frame)
            return DONE
        if frame["t"] != "start":
            raise ValueError(f"a process begins with `describe` or `start`, not {frame['t']!r}")
        os.environ.update(frame.get("env", {}))
        code, packed = _code_of(frame) if said is None else (None, "")
        wire.send(_frames.hello(os.getpid(), packed))
        return _Play(wire, frame, said, code).run()
    except Closed:
        return LOST


def _code_of(start: dict[str, Any]) -> tuple[types.CodeType | None, str]:
    """The file compiled, and that as text for the next process of this version, unless an earlier one did it."""
    code = _loader.unpack(start.get("code", ""))
    if code is not None:
        return code, ""
    try:
        code = _loader.compile_ahead(start["file_name"], start["source"])
        packed = _loader.pack(code)
    except Exception:  # whatever compiling has to say is said when the file is loaded
        return None, ""
    return code, packed if len(packed) <= _frames.INLINE_BYTES_MAX else ""


def _describe(wire: Wire, frame: dict[str, Any]) -> None:
    """Import the file and say what it holds, whatever it does; a step that it calls is refused as in a play."""
    file_name, workdir = frame["file_name"], os.getcwd()
    nothing = {"play_sid": "plain", "attempt": 1, "workdir": workdir, "blob_dir": workdir, "records": [], "started": []}
    engine = Engine(wire, nothing)
    _engine.activate(engine)
    flows: list[dict[str, Any]] = []
    entry, shown = None, None
    try:
        module = _loader.load(file_name, frame["source"])
        if engine.stop is not None:  # the file went on regardless
            raise engine.stopped()
        said = _loader.entry_of(module, frame["entry"])
        flows = _loader.describe_all(module, said)
        entry = _loader.describe_flow(said)["function"]
    except _loader.LoadError as error:
        shown = error.error
    except BaseException as error:
        shown = _loader.import_failed(error, file_name)
    wire.send(_frames.described(flows, entry, shown))


class _Play:
    """An attempt in this process."""

    def __init__(self, wire: Wire, start: dict[str, Any], said: Declared | None, code: types.CodeType | None) -> None:
        self.wire = wire
        self.start = start
        self.said = said
        self.code = code
        self.engine = Engine(wire, start)

    def run(self) -> int:
        engine, start = self.engine, self.start
        sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
        _alarm.cancel_on(engine, self._cancelled, signal.SIGTERM, signal.SIGINT)
        engine.parked = lambda: _end_after(PARK_GRACE_SECONDS, self._exit_parked)
        capture = _capture.Capture(engine)
        _engine.activate(engine)
        capture.install()
        unhook = _hooks.install(engine)
        unset = _alarm.install(engine)
        try:
            said, inputs = self.said, start["inputs"]
            done = _load_and_run(engine, start, self.code) if said is None else run_flow(engine, said, inputs)
        finally:
            unset()
            unhook()
            capture.remove()
        return finish(engine, done)

    def _cancelled(self) -> None:
        _end_after(CANCEL_GRACE_SECONDS, self._exit_cancelled)

    def _exit_cancelled(self) -> None:
        self.engine.cancel()
        self.wire.send_numbered(_frames.done("cancelled"))
        _exit(DONE)

    def _exit_parked(self) -> None:
        _exit(PARKED)


def _load_and_run(engine: Engine, start: dict[str, Any], code: types.CodeType | None) -> str:
    """The `done` frame of an attempt."""
    _loader.offer(start["workdir"], start["file_name"], start["source"])
    engine.offers = True
    try:
        module = _loader.load(start["file_name"], start["source"], code)
        said = _loader.entry_of(module, start["entry"])
    except _loader.LoadError as error:
        return _frames.done("failed", error=error.error)
    except BaseException as error:
        return _ended_by(engine, error, "")
    return run_flow(engine, said, start["inputs"])


def run_flow(engine: Engine, said: Declared, inputs: dict[str, Any]) -> str:
    """Run the flow with plain inputs; the `done` frame."""
    path = f"{said.step.escaped}#0"
    try:
        schema = _loader.describe_flow(said)["inputs"] if said.inputs else None
        values = _schema.convert_inputs(said.function, inputs, schema)
    except (InvalidInputs, _loader.LoadError) as error:
        return _frames.done("failed", error={"path": path, **_plain_error(error)})
    try:
        engine.value = run_root(engine, said, path, values)
        return _done_with(engine, engine.value)
    except BaseException as error:
        engine.error = error
        return _ended_by(engine, error, path)


def _done_with(engine: Engine, value: Any) -> str:
    if engine.stop is not None:
        raise engine.stopped()
    try:
        text = write_json(_schema.dump_output(value))
    except RecursionError:
        raise NotRecordable("cannot show the flow's result: it is nested too deeply", hint="return less") from None
    inline, blob = engine.store(text, "the flow's result")
    return _frames.done("succeeded", outputs=inline, blob=blob)


def _ended_by(engine: Engine, error: BaseException, path: str) -> str:
    """The `done` frame of an attempt that an error ended. What stopped the attempt goes before the error itself."""
    if engine.stop is not None:
        error = engine.stopped()
    if isinstance(error, KeyboardInterrupt):
        return _frames.done("cancelled")
    if isinstance(error, Diverged):
        return _frames.done("diverged", error=_divergence(error))
    shown = described(error, engine.origin or path)
    if isinstance(error, ScopeError | Refused):
        shown["code"] = error.code
        shown["type"] = None
        shown.pop("traceback", None)
        if error.hint:
            shown["hint"] = error.hint
        if isinstance(error, Refused) and error.path:
            shown["path"] = error.path
    if isinstance(error, Failed):
        shown.pop("traceback", None)
    return _frames.done("failed", error=shown)


def _divergence(error: Diverged) -> dict[str, Any]:
    shown: dict[str, Any] = {"code": "diverged", "type": None, "message": str(error)}
    for name in ("path", "expected", "actual", "location", "hint"):
        if getattr(error, name):
            shown[name] = getattr(error, name)
    return shown


def _plain_error(error: Exception) -> dict[str, Any]:
    if isinstance(error, _loader.LoadError):
        return error.error
    return {key: value for key, value in describe(error).items() if value is not None and key != "traceback"}


def finish(engine: Engine, done: str) -> int:
    """Send the last frame, unless the play parks or the runtime has gone; the exit code."""
    if engine.stop == "killed":
        return LOST
    if engine.stop == "parked":
        try:
            engine.wire.wait(engine.wire.number)
        except Closed:
            return LOST
        return PARKED
    orphans = engine.records.orphans()
    if orphans and engine.stop is None:
        count = len(orphans)
        text = f"{count} recorded {'step was' if count == 1 else 'steps were'} not asked for by this attempt"
        engine.wire.send(_frames.notice("orphans", text, orphans[:_PATHS_MAX]))
    try:
        engine.wire.wait(engine.wire.send_numbered(done))
    except Closed:
        return LOST
    return DONE


def _end_after(seconds: float, end: Any) -> None:
    """Have the process end in this time, whatever the flow does."""

    def wait() -> None:
        time.sleep(seconds)
        end()

    # A play that has all the threads that it may have is ended by the runtime, when its own grace is over.
    with contextlib.suppress(RuntimeError):
        threading.Thread(target=wait, daemon=True, name="hero-grace").start()


def _exit(code: int) -> None:
    os._exit(code)


__all__ = ["DONE", "LOST", "PARKED", "finish", "run_flow", "serve"]
