"""asyncio's `as_completed` and `wait`, whose picks are recorded."""

from __future__ import annotations

import asyncio
from asyncio import ALL_COMPLETED
from asyncio.tasks import as_completed as plain_as_completed
from asyncio.tasks import wait as plain_wait

from ._loop import Loop
from ._picks import Pick, scope_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def as_completed(fs: Iterable[Any], *, timeout: float | None = None) -> Any:
    """As asyncio's own; each coroutine is made a task in the order of the list, not of addresses."""
    if asyncio.isfuture(fs) or asyncio.iscoroutine(fs):
        raise TypeError(f"expect an iterable of futures, not {type(fs).__name__}")
    loop = asyncio._get_running_loop()
    if not isinstance(loop, Loop):
        return plain_as_completed(fs, timeout=timeout)
    listed = list(dict.fromkeys(asyncio.ensure_future(one, loop=loop) for one in dict.fromkeys(fs)))
    scope = scope_of(listed, loop.branches)
    if scope is None:
        return plain_as_completed(listed, timeout=timeout)
    place = scope.allocate("as_completed")
    return _Completions(listed, timeout, place, loop, scope)


class _Completions:
    """The futures as they complete: for `for`, and from 3.13 on for `async for` too, which gives the futures."""

    def __init__(self, listed: list[Any], timeout: float | None, place: str, loop: Loop, scope: Any) -> None:
        self.left = dict.fromkeys(listed)
        self.by_path = {loop.branches[future]: future for future in listed}
        self.place = place
        self.loop = loop
        self.scope = scope
        self.number = 0
        self.until = None if timeout is None else loop.time() + timeout
        self.turn = asyncio.Lock()

    def __iter__(self) -> _Completions:
        return self

    def __aiter__(self) -> _Completions:
        return self

    def __next__(self) -> Any:
        if self.number == len(self.by_path):
            raise StopIteration
        self.number += 1
        return self._result()

    async def __anext__(self) -> Any:
        if self.number == len(self.by_path):
            raise StopAsyncIteration
        self.number += 1
        return await self._next()

    async def _result(self) -> Any:
        return (await self._next()).result()

    async def _next(self) -> Any:
        async with self.turn:
            number = len(self.by_path) - len(self.left)
            pick = Pick(self.scope, f"{self.place}/pick#{number}")
            wanted = self.by_path.get(pick.recorded)
            choices = list(self.left) if wanted is None or wanted not in self.left else [wanted]
            timeout = None if self.until is None else max(self.until - self.loop.time(), 0.0)
            if pick.recorded == "":
                choices, timeout = [], None  # it timed out
            done = {one for one in choices if one.done()}
            if not done and choices:
                done, _ = await plain_wait(choices, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            chosen = next((one for one in self.left if one in done), None)
            if pick.recorded is None:
                pick.write("" if chosen is None else self.loop.branches[chosen])
            if chosen is None:
                raise TimeoutError
            del self.left[chosen]
            return chosen


async def wait(fs: Iterable[Any], *, timeout: float | None = None, return_when: str = ALL_COMPLETED) -> Any:
    """As asyncio's own."""
    if asyncio.isfuture(fs) or asyncio.iscoroutine(fs):
        raise TypeError(f"expect a list of futures, not {type(fs).__name__}")
    loop = asyncio._get_running_loop()
    listed = list(dict.fromkeys(fs))
    scope = scope_of(listed, loop.branches) if isinstance(loop, Loop) and listed else None
    if scope is None or not isinstance(loop, Loop) or (timeout is None and return_when == ALL_COMPLETED):
        return await plain_wait(listed, timeout=timeout, return_when=return_when)
    pick = Pick(scope, scope.allocate("wait"))
    if pick.recorded is None:
        done, pending = await plain_wait(listed, timeout=timeout, return_when=return_when)
        pick.write([loop.branches[future] for future in listed if future in done])
        return done, pending
    picked = set(pick.recorded)
    done = {future for future in listed if loop.branches[future] in picked}
    if len(done) < len(listed):
        # Time may have passed until the pick: what else completed then is not picked, but has completed.
        await plain_wait(listed, timeout=timeout, return_when=return_when)
    missing = {future for future in done if not future.done()}
    if missing:
        await plain_wait(missing)
    return done, set(listed) - done
