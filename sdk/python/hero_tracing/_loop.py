"""The event loop of a play: each task and executor job gets its branch where it is submitted.

The loop is asyncio's own on the selector of `_selector`. The one module that knows asyncio's insides: `_ready` and
`_scheduled` of the base loop.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import partial
from weakref import WeakKeyDictionary

from . import _alarm
from ._engine import Engine, active
from ._errors import ScopeError
from ._gate import Gate, Job
from ._scope import Scope, current, qualname_of
from ._selector import Selector
from ._switched import Switched
from ._threads import JobCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any


class Loop(asyncio.SelectorEventLoop):
    """asyncio's own loop on that selector, which numbers tasks and jobs where they are submitted."""

    _ready: deque[asyncio.Handle]

    def __init__(self, engine: Engine, numbers: Iterator[int]) -> None:
        self.engine = engine
        self.numbers = numbers  # of tasks without a name
        self.gate = Gate(engine.records, self)
        self.eager = 0  # tasks that run within `create_task`
        self.thread = 0
        self.branches: WeakKeyDictionary[Any, str] = WeakKeyDictionary()  # path of each task's branch
        super().__init__(Selector(engine, self))

    def time(self) -> float:
        """Seconds. Stands still while callbacks run, and jumps with the records on replay."""
        return self.gate.clock

    def next_timer(self) -> float | None:
        """When the next timer is due."""
        for handle in self._scheduled:  # type: ignore[attr-defined]
            if not handle._cancelled:
                when: float = self._scheduled[0]._when  # type: ignore[attr-defined]
                return when
            break
        scheduled = [handle._when for handle in self._scheduled if not handle._cancelled]  # type: ignore[attr-defined]
        return min(scheduled, default=None)

    def is_quiet(self) -> bool:
        """Whether the running task is all there is to do."""
        return not self._ready and not self.eager

    def has_signal_handlers(self) -> bool:
        """Whether a signal may make something happen."""
        return bool(self._signal_handlers)  # type: ignore[attr-defined]

    def wake(self) -> None:
        """Have the loop look at the gate again; from any thread."""
        if self.thread != threading.get_ident() and not self.is_closed():
            self._write_to_self()  # type: ignore[attr-defined]

    def cancellation(self) -> BaseException:
        """What ends a task quietly."""
        return asyncio.CancelledError()

    def call_exception_handler(self, context: Any) -> None:
        """Once the attempt was stopped, tasks end by what stopped it; that is no news."""
        if self.engine.stop is None:
            super().call_exception_handler(context)

    def run_forever(self) -> None:
        self.thread = threading.get_ident()
        scope = current.get()
        if scope is not None and scope.job is not None:
            scope.job.came_back()
        self.gate.is_running = True
        self.engine.gates.append(self.gate)
        try:
            super().run_forever()
        finally:
            self.engine.gates.remove(self.gate)
            self.gate.is_running = False

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Once the attempt was stopped, nobody waits for jobs: they end with the process.

        A wait that is given up would go on in a finaliser, where joining a thread can block for ever.
        """
        if self.engine.stop is None:
            self.engine.move(1)  # its threads come to their ends: no clock jumps over the limit for that
            try:
                await super().shutdown_default_executor(*args)
            finally:
                self.engine.move(-1)
            return
        executor = self._default_executor  # type: ignore[attr-defined]
        if executor is not None:
            executor.shutdown(wait=False)

    def close(self) -> None:
        was_closed = self.is_closed()
        super().close()
        if not was_closed:
            self.gate.close()
            for pause in tuple(self.engine.pauses.values()):
                if pause.waiter is not None and pause.waiter.gate is self.gate and pause.held is not None:
                    pause.held()

    def claim(self, scope: Scope, path: str) -> None:
        """What was called in this scope at this path runs here: so do the records beneath it."""
        if scope.gate is not self.gate:
            self.gate.order.claim(path)
            for gate in tuple(self.engine.gates):
                gate.loop.wake()  # it may have waited for one of them

    def hold(self, is_over: Callable[[], bool]) -> None:
        """Go on with everything but the running task, whose plain code waits here until `is_over()`.

        So plain code that asks a question keeps its siblings from nothing. What shares the context of the task waits
        until that goes on.
        """
        task: Any = asyncio.current_task(self)
        if not isinstance(self._ready, _Ready):
            self._ready = _Ready(self, self._ready)
        ready = self._ready
        ready.holding += 1
        asyncio.tasks._leave_task(self, task)
        limits = _alarm.suspend()
        try:
            while not is_over():
                self._run_once()  # type: ignore[attr-defined]
        finally:
            _alarm.resume(limits)
            asyncio.tasks._enter_task(self, task)
            ready.holding -= 1
            ready.put_back()

    def create_task(self, coro: Any, *, context: Context | None = None, **options: Any) -> Any:
        if options.get("name") is None:  # asyncio would count on from what the process ran before the play
            options["name"] = f"Task-{next(self.numbers)}"
        scope = current.get() if context is None else context.get(current)
        if scope is None or scope.engine is not self.engine or not asyncio.iscoroutine(coro):
            return super().create_task(coro, context=context, **options)
        branch = scope.branch(qualname_of(coro))
        branch.gate, branch.job = self.gate, None
        self.claim(scope, branch.path)
        if context is None:
            context = copy_context()
            context.run(current.set, branch)
        else:
            coro = Switched(coro, branch)  # others use this context too
        self.eager += 1
        try:
            task = super().create_task(coro, context=context, **options)
        finally:
            self.eager -= 1
        branch.task = task
        self.branches[task] = branch.path
        if branch.span:  # it began while it ran eagerly
            task.add_done_callback(lambda _task: self.engine.end_branch(branch, "ok"))
        return task

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        scope = current.get()
        if scope is None or scope.engine is not self.engine:
            return super().run_in_executor(executor, func, *args)
        job = Job(self.gate)
        self.gate.jobs.add(job)
        try:
            if executor is None or isinstance(executor, ThreadPoolExecutor):
                call = self._job_call(scope, job, func, args)
                future = super().run_in_executor(executor, call)
            else:
                future = super().run_in_executor(executor, func, *args)
        except BaseException:
            self.gate.jobs.discard(job)
            raise
        future.add_done_callback(lambda _future: self.gate.jobs.discard(job))
        return future

    def _job_call(self, scope: Scope, job: Job, func: Callable[..., Any], args: tuple[Any, ...]) -> JobCall:
        """The function as it runs in the worker: in a branch of its own, allocated now."""
        named: object = func
        context = getattr(func.func, "__self__", None) if isinstance(func, partial) else None
        if isinstance(func, partial) and isinstance(context, Context) and func.args:
            named = func.args[0]  # asyncio.to_thread, which enters a context of its own
        else:
            context = None
        branch = scope.branch(qualname_of(named))
        branch.gate, branch.job = self.gate, job
        self.claim(scope, branch.path)
        if context is not None:
            context.run(current.set, branch)
            return JobCall(branch, partial(func, *args))
        context = copy_context()
        context.run(current.set, branch)
        return JobCall(branch, partial(context.run, func, *args))


class _Ready(deque["asyncio.Handle"]):
    """The handles that a loop is to run, while or after plain code held one of its tasks.

    Nothing can run in a context in which something runs already: such handles are set aside. A turn of the loop that
    a held task is part of counted its handles before, and may find them gone.
    """

    def __init__(self, loop: Loop, handles: deque[asyncio.Handle]) -> None:
        super().__init__(handles)
        self.holding = 0
        self.aside: list[asyncio.Handle] = []
        self.nothing = asyncio.Handle(_nothing, (), loop)
        self.nothing.cancel()

    def popleft(self) -> asyncio.Handle:
        if not self:
            return self.nothing
        handle = super().popleft()
        if self.holding and not handle.cancelled():
            try:
                handle._context.run(_nothing)  # type: ignore[attr-defined]
            except RuntimeError:
                self.aside.append(handle)
                return self.nothing
        return handle

    def put_back(self) -> None:
        """A held task goes on."""
        self.extendleft(reversed(self.aside))
        self.aside.clear()


def _nothing() -> None:
    """Does nothing."""


def running() -> Loop:
    """The loop that runs here, which must be one of a play."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, Loop):
        engine = active()
        error = ScopeError(
            f"a step was awaited on a {type(loop).__module__}.{type(loop).__qualname__}",
            code="foreign_loop",
            hint="leave the event loop to asyncio.run: another one cannot be replayed",
        )
        raise error if engine is None else engine.fail(error)
    return loop


def is_loop_thread() -> bool:
    """Whether a loop runs in this thread."""
    return asyncio._get_running_loop() is not None


def hold_for(is_over: Callable[[], bool]) -> None:
    """Let the loop of this thread, if any, go on with all but the running task until that is over."""
    loop = asyncio._get_running_loop()
    if isinstance(loop, Loop) and not in_callback():
        loop.hold(is_over)


def current_task() -> Any:
    """The task that runs in this thread, if any."""
    return None if asyncio._get_running_loop() is None else asyncio.current_task()


def in_callback() -> bool:
    """Whether a loop runs in this thread, but none of its tasks: a callback."""
    return asyncio._get_running_loop() is not None and asyncio.current_task() is None


# Its public name warns from 3.14 on.
_base_policy: Any = getattr(asyncio.unix_events, "_DefaultEventLoopPolicy", None) or asyncio.DefaultEventLoopPolicy


class Policy(_base_policy):  # type: ignore[misc]
    """Gives every `asyncio.run` of the play a loop of the play."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.numbers = itertools.count(1)

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return Loop(self.engine, self.numbers)


def install(engine: Engine) -> Callable[[], None]:
    """Have asyncio use loops of this attempt. The result undoes it."""
    from . import _picks

    # The public setter warns from 3.14 on, where nothing takes its place for nested `asyncio.run`.
    events: Any = asyncio.events
    setter = getattr(events, "_set_event_loop_policy", None) or events.set_event_loop_policy
    before = events._event_loop_policy
    setter(Policy(engine))
    unpick = _picks.install_asyncio()
    plain_submit = asyncio.run_coroutine_threadsafe
    asyncio.run_coroutine_threadsafe = asyncio.tasks.run_coroutine_threadsafe = partial(_submit, plain_submit)

    def remove() -> None:
        asyncio.run_coroutine_threadsafe = asyncio.tasks.run_coroutine_threadsafe = plain_submit
        unpick()
        setter(before)

    return remove


def _submit(plain_submit: Any, coro: Any, loop: asyncio.AbstractEventLoop) -> Any:
    """`asyncio.run_coroutine_threadsafe`, with a branch that is allocated by who submits, not when the loop gets it."""
    scope = current.get()
    if scope is None or not isinstance(loop, Loop) or not asyncio.iscoroutine(coro):
        return plain_submit(coro, loop)
    branch = scope.branch(qualname_of(coro))
    context = copy_context()
    context.run(current.set, branch)
    future = context.run(plain_submit, coro, loop)
    future.add_done_callback(lambda _future: scope.engine.end_branch(branch, "ok"))
    return future


def spawn(coro: Coroutine[Any, Any, Any]) -> Any:
    """A task on the running loop."""
    return asyncio.get_running_loop().create_task(coro)
