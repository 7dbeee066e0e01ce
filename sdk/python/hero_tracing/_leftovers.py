"""What a failed try has left running: none of it may stand in the way of the next try, which has the same paths.

Tasks that have a call in flight are cancelled. Threads cannot be, so their calls in flight are waited for, and what
they come to is kept for the next try. Whatever of the old try calls later ends there, quietly. Must not import asyncio.
"""

from __future__ import annotations

import threading

from . import _alarm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._engine import Engine

# How often a thread that waits looks whether the attempt was stopped meanwhile.
_LOOK_SECONDS = 0.03


class Leftovers:
    """Calls and pauses in flight beneath a call with retries, which is about to begin its next try."""

    def __init__(self, engine: Engine, path: str) -> None:
        self.engine = engine
        self.beneath = path + "/"
        self.cancelled: set[Any] = set()

    def exist(self) -> bool:
        """Whether something is still in flight; its task is cancelled, once."""
        left = [task for path, task in tuple(self.engine.in_flight.items()) if path.startswith(self.beneath)]
        for task in left:
            if task is not None and task not in self.cancelled and not _is_over(task):
                self.cancelled.add(task)
                task.get_loop().call_soon_threadsafe(self._cancel, task)
        return bool(left) or not all(map(_is_over, self.cancelled))

    def _cancel(self, task: Any) -> None:
        task.add_done_callback(lambda _task: self.engine.tell_left())
        task.cancel()

    def _end_spans(self) -> None:
        """What a thread still has open, and a task that made no call, no longer counts: the next try opens it anew."""
        for scope in reversed(tuple(self.engine.open_spans)):
            if scope.path.startswith(self.beneath):
                self.engine.end_branch(scope, "cancelled")

    def wait(self) -> None:
        """Return when nothing is left."""
        if self.exist():
            self._wait()
        self._end_spans()

    def _wait(self) -> None:
        loop = self.engine.loop_here()
        if loop is not None:
            self.engine.on_left.append(loop.wake)
            try:
                loop.hold(lambda: self.engine.stop is not None or not self.exist())
            finally:
                self.engine.on_left.remove(loop.wake)
        else:
            self._wait_in_thread()
        if self.engine.stop is not None:
            raise self.engine.stopped()

    def _wait_in_thread(self) -> None:
        engine, ended = self.engine, threading.Event()
        engine.on_left.append(ended.set)
        engine.move(-1)
        try:
            while engine.stop is None and self.exist():
                _alarm.check()
                ended.wait(_LOOK_SECONDS)
                ended.clear()
        finally:
            engine.move(1)
            engine.on_left.remove(ended.set)

    async def leave(self, loop: Any) -> None:
        """Return when nothing is left, while the loop goes on."""
        while self.engine.stop is None:
            future = loop.create_future()

            def ended(future: Any = future) -> None:
                loop.call_soon_threadsafe(_settle, future)

            self.engine.on_left.append(ended)
            try:
                if not self.exist():
                    self._end_spans()
                    return
                await future
            finally:
                self.engine.on_left.remove(ended)
        raise self.engine.stopped()


def _is_over(task: Any) -> bool:
    return bool(task.done() or task.get_loop().is_closed())


def _settle(future: Any) -> None:
    if not future.done():
        future.set_result(None)
