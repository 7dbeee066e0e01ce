"""Signals in the main thread: timeouts of plain code, and the end of a cancelled play.

A Python signal handler runs between any two bytecodes. An exception from it may hit the flow's own code, never the
SDK in the middle of a frame: there it is put off by a few milliseconds. Outside of the main thread Python cannot
interrupt plain code; there a step runs to its end and fails then if it took longer than its timeout.
"""

from __future__ import annotations

import signal
import threading
import time

from ._errors import Timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

    from ._clock import Clock
    from ._engine import Engine

# How long a signal that hit the SDK is put off.
_PUT_OFF_SECONDS = 0.002

# How long the main thread may take to notice that the attempt was stopped; it may be in a long call of C code.
_TELL_SECONDS = 0.5

# Code of this package that runs or waits for the flow's own, and so may be interrupted.
INTERRUPTIBLE: set[CodeType] = set()


def run_body(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The flow's own code. A function of its own, by whose frame a signal knows that it may interrupt."""
    return function(*args, **kwargs)


INTERRUPTIBLE.add(run_body.__code__)


class Expired(BaseException):
    """The time of a step ran out; passes through what it called, and becomes its Timeout."""

    def __init__(self, limit: _Limit) -> None:
        super().__init__("the time of a step ran out")
        self.limit = limit


class _Limit:
    __slots__ = ("when",)

    def __init__(self, when: float) -> None:
        self.when = when


_limits: list[_Limit] = []  # of the main thread, from the outermost step to the innermost
_cancelled: Engine | None = None
_attempts: list[Engine] = []  # whose flow runs in the main thread
_taken: dict[int, tuple[Any, Any]] = {}  # signals that cancel the play: our handler, and what they did before
_fork = threading.local()  # the signals that a thread which forks had blocked


def limited(clock: Clock, name: str, seconds: float, run: Callable[..., Any], *args: Any) -> Any:
    """`run(*args)`, or Timeout once that has taken `seconds`."""
    if clock.is_virtual or threading.current_thread() is not threading.main_thread():
        began = clock.monotonic()
        value = run(*args)
        if clock.monotonic() - began > seconds:
            raise _timeout(name, seconds)
        return value
    limit = _Limit(time.monotonic() + seconds)
    before = signal.signal(signal.SIGALRM, _ring)
    _limits.append(limit)
    _arm()
    hit = False
    value = None
    try:
        value = run(*args)
    except Expired as error:
        if error.limit is not limit:
            raise
        hit = True
    finally:
        if limit in _limits:  # else this is a forked child
            _limits.remove(limit)
        _arm()
        if not _limits and not _attempts and _cancelled is None:
            signal.signal(signal.SIGALRM, before)
    if hit or time.monotonic() >= limit.when:  # also where the body swallowed the signal
        raise _timeout(name, seconds)
    return value


def suspend() -> list[_Limit]:
    """Let no step's time run out until `resume`: other code runs within it. What ran out is seen then."""
    held = _limits[:] if threading.current_thread() is threading.main_thread() else []
    if held:
        _limits.clear()
        _arm()
    return held


def resume(held: list[_Limit]) -> None:
    """Let time count again for what `suspend` gave."""
    if held:
        _limits[:0] = held
        _arm()


def sleep(clock: Clock, seconds: float) -> None:
    """Wait; a signal may interrupt it."""
    if seconds > 0:
        clock.sleep(seconds)


INTERRUPTIBLE.add(sleep.__code__)


def install(engine: Engine) -> Callable[[], None]:
    """Have this attempt's alarms ring in the main thread, if this is it. The result undoes it."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before = signal.signal(signal.SIGALRM, _ring)
    _attempts.append(engine)

    def remove() -> None:
        if engine in _attempts:  # else this is a forked child
            _attempts.remove(engine)
        # A bell that was put off must not ring for whoever had the signal before: that may be the end of the process.
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    return remove


def tell_main(engine: Engine) -> None:
    """The attempt was stopped in another thread: raise that in the main thread before anything unwinds here.

    Else the end of this thread would let the main one go on with half of the results.
    """
    if engine in _attempts and threading.current_thread() is not threading.main_thread():
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
        engine.main_told.wait(_TELL_SECONDS)


def cancel_on(engine: Engine, began: Callable[[], None], *signals: signal.Signals) -> None:
    """From now on these signals cancel the play: KeyboardInterrupt in the main thread. `began` is told at once."""

    def cancel(_number: int, frame: FrameType | None) -> None:
        global _cancelled
        _cancelled = engine
        began()
        _ring(0, frame)

    for number in signals:
        _taken[number] = cancel, signal.signal(number, cancel) or signal.SIG_DFL


def release() -> None:
    """Give the signals of `cancel_on` back to what had them before."""
    global _cancelled
    _cancelled = None
    for number, (_, before) in _taken.items():
        signal.signal(number, before)
    _taken.clear()


def before_fork() -> None:
    """Have a signal for the child wait until it is one: until then it would be taken for the play's, and dropped."""
    _fork.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _taken) if _taken else None


def forked_child() -> None:
    """A forked child is not the play: its signals do what they did before, where the flow let us have them.

    So `Process.terminate()` ends the child, and nothing else.
    """
    global _cancelled
    _cancelled = None
    _limits.clear()
    _attempts.clear()
    for number, (ours, before) in ((signal.SIGALRM, (_ring, signal.SIG_DFL)), *_taken.items()):
        if signal.getsignal(number) is ours:
            # What ends the first process of a namespace comes too late for a child that waits for a lock: the kernel
            # itself ends that.
            signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else before)
    after_fork()


def after_fork() -> None:
    """In the child, or the play itself: signals come through again."""
    if _fork.mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _fork.mask)


def check() -> None:
    """Raise in the main thread if the play was cancelled while a signal was put off."""
    global _cancelled
    if _cancelled is not None and threading.current_thread() is threading.main_thread():
        engine, _cancelled = _cancelled, None
        raise engine.cancel()


def _ring(_number: int, frame: FrameType | None) -> None:
    global _cancelled
    if _in_sdk(frame):
        signal.signal(signal.SIGALRM, _ring)
        signal.setitimer(signal.ITIMER_REAL, _PUT_OFF_SECONDS)
        return
    if _cancelled is not None:
        engine, _cancelled = _cancelled, None
        _arm()
        raise engine.cancel()
    if _attempts and _attempts[-1].stop == "parked" and not _attempts[-1].main_told.is_set():
        raise _attempts[-1].stopped()
    now = time.monotonic()
    for limit in _limits:
        if limit.when <= now:
            raise Expired(limit)
    _arm()


def _arm() -> None:
    """Set the timer to the next end of a step's time, where its signal is ours: it is not in a forked child."""
    if signal.getsignal(signal.SIGALRM) is not _ring:
        return
    if _cancelled is not None:
        signal.setitimer(signal.ITIMER_REAL, _PUT_OFF_SECONDS)
        return
    delay = min((limit.when for limit in _limits), default=None)
    signal.setitimer(signal.ITIMER_REAL, 0 if delay is None else max(delay - time.monotonic(), 1e-4))


def _in_sdk(frame: FrameType | None) -> bool:
    """Whether the code that was hit works for the SDK: its innermost frame of this package is not interruptible."""
    while frame is not None:
        if frame.f_globals.get("__package__") == __package__:
            return frame.f_code not in INTERRUPTIBLE
        frame = frame.f_back
    return False


def _timeout(name: str, seconds: float) -> Timeout:
    return Timeout(f"{name} took longer than its timeout of {seconds:g} s")
