"""Threads and thread pools: each thread and each job is a branch, allocated where it is submitted.

Context follows into them. Installed only within a play. A pool's own worker threads are none: they serve many jobs.
"""

from __future__ import annotations

import threading
from contextvars import copy_context
from weakref import WeakKeyDictionary, WeakSet

from ._engine import Superseded
from ._scope import current, qualname_of
from ._when_imported import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._scope import Scope


class JobCall:
    """A job of a loop's executor, which has its branch already."""

    __slots__ = ("branch", "call", "stands")

    def __init__(self, branch: Scope, call: Callable[[], Any]) -> None:
        self.branch = branch
        self.call = call
        self.stands = False  # in the queue, where it counts as a thread that works: it will be taken up at any moment

    def stand(self) -> None:
        """It is in the executor's queue."""
        if not self.stands:
            self.stands = True
            self.branch.engine.move(1)

    def drop(self) -> None:
        """No thread will take it up, if none has."""
        if self.stands:
            self.stands = False
            self.branch.engine.move(-1)

    def wake(self) -> None:
        """Have the job's loop look again."""
        if self.branch.gate is not None:
            self.branch.gate.loop.wake()

    def __call__(self) -> Any:
        engine = self.branch.engine
        self.stand()
        self.stands = False
        status = "failed"
        try:
            value = self.call()
            status = "ok"
            return value
        finally:
            engine.leave_branch(self.branch, status)


def install() -> Callable[[], None]:
    """Hook threads now, and thread pools when they are imported. The result undoes it."""
    unhook_start = _hook_start()
    undo: list[Callable[[], None]] = [unhook_start]
    forget = when_imported("concurrent.futures.thread", lambda module: undo.append(_hook_pool(module)))

    def remove() -> None:
        forget()
        for step in reversed(undo):
            step()

    return remove


def _hook_start() -> Callable[[], None]:
    start = threading.Thread.start

    def start_branch(thread: threading.Thread) -> None:
        scope = current.get()
        if scope is None or _serves_many(thread):
            return start(thread)
        engine = scope.engine
        branch = scope.branch(_name_of(thread))
        context = copy_context()
        context.run(current.set, branch)
        known.add(thread)
        run = thread.run

        def run_branch() -> None:
            status = "failed"
            try:
                try:
                    context.run(run)
                    status = "ok"
                finally:
                    engine.leave_branch(branch, status)
            except Superseded:
                pass
            except BaseException:
                if engine.stop is None:
                    raise  # else the attempt is over, and this is how

        thread.run = run_branch  # type: ignore[method-assign]
        engine.move(1)
        try:
            start(thread)
        except BaseException:
            engine.move(-1)
            raise

    threading.Thread.start = start_branch  # type: ignore[method-assign, assignment]

    def unhook() -> None:
        threading.Thread.start = start  # type: ignore[method-assign]

    return unhook


def _serves_many(thread: threading.Thread) -> bool:
    """A worker of a pool, or one of our own."""
    from ._fan_out import _Worker

    target = getattr(thread, "_target", None)
    module = getattr(target, "__module__", "") or ""
    return isinstance(thread, _Worker) or module.startswith(("concurrent.futures.", "hero_tracing."))


def has_strangers() -> bool:
    """Whether a thread runs that the flow did not start, such as one of a library from its import on."""
    return any(
        not (thread in known or _serves_many(thread) or thread in (threading.main_thread(), threading.current_thread()))
        for thread in threading.enumerate()
    )


def _name_of(thread: threading.Thread) -> str:
    target = getattr(thread, "_target", None)
    if target is None or type(thread).run is not threading.Thread.run:
        return qualname_of(type(thread))
    return qualname_of(target)


def _hook_pool(module: Any) -> Callable[[], None]:
    pool = module.ThreadPoolExecutor
    submit, shutdown = pool.submit, pool.shutdown
    jobs: WeakKeyDictionary[Any, set[Any]] = WeakKeyDictionary()  # of loops, by pool: their futures, until done

    def submit_branch(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        if type(fn) is JobCall:
            return submit_job(self, fn)
        scope = current.get()
        if scope is None:
            return submit(self, fn, *args, **kwargs)
        engine = scope.engine
        branch = scope.branch(qualname_of(fn))
        context = copy_context()
        context.run(current.set, branch)

        def work() -> Any:
            status = "failed"
            try:
                value = context.run(fn, *args, **kwargs)
                status = "ok"
                return value
            finally:
                engine.end_branch(branch, status)
                if branch.job is not None:
                    branch.job.ended_in_thread()

        engine.move(1)
        if scope.job is not None:
            scope.job.came_back()
        try:
            future = submit(self, work)
        except BaseException:
            engine.move(-1)
            raise
        branches[future] = branch.path
        future.add_done_callback(lambda _future: engine.move(-1))
        return future

    def ended(self: Any, future: Any, call: JobCall) -> None:
        jobs[self].discard(future)
        call.drop()
        call.wake()

    def submit_job(self: Any, call: JobCall) -> Any:
        call.stand()
        try:
            future = submit(self, call)
        except BaseException:
            call.drop()
            raise
        jobs.setdefault(self, set()).add(future)
        future.add_done_callback(lambda done: ended(self, done, call))
        return future

    def shutdown_branch(self: Any, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """On a loop's own thread the loop goes on meanwhile: jobs of a loop stand at its gate."""
        scope = current.get()
        if wait and jobs.get(self) and scope is not None and scope.engine.gates:
            from ._loop import hold_for

            shutdown(self, wait=False, cancel_futures=cancel_futures)
            hold_for(lambda: not jobs[self])
        shutdown(self, wait, cancel_futures=cancel_futures)

    pool.submit, pool.shutdown = submit_branch, shutdown_branch

    def unhook() -> None:
        pool.submit, pool.shutdown = submit, shutdown

    return unhook


# Path of the branch of each future of a pool.
branches: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
# Threads of the flow.
known: WeakSet[threading.Thread] = WeakSet()
