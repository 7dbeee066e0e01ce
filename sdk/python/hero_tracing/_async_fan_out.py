"""Many coroutines at once: each a task, and so a branch, numbered in the order of the calls."""

from __future__ import annotations

import asyncio

from ._async_picks import wait
from ._loop import spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any


async def map_all(call: Callable[[Any], Any], items: list[Any], concurrency: int | None) -> list[Any]:
    """`call(item)` for each item, at most `concurrency` at a time; results in order."""
    if concurrency is not None and (type(concurrency) is not int or concurrency < 1):
        raise ValueError(f"concurrency must be 1 or more, not {concurrency!r}")
    places = asyncio.Semaphore(concurrency or max(len(items), 1))

    async def one(item: Any) -> Any:
        async with places:
            value = call(item)
            return await value if hasattr(value, "__await__") else value

    one.__qualname__ = getattr(call, "__qualname__", "map").rpartition("<locals>.")[2]
    coroutines: list[Any] = [one(item) for item in items]
    for coroutine in coroutines:
        coroutine.__qualname__ = one.__qualname__
    return list(await asyncio.gather(*[spawn(coroutine) for coroutine in coroutines]))


async def gather_all(calls: tuple[Awaitable[Any] | Callable[[], Any], ...]) -> list[Any]:
    """Await all at once; results in order."""
    return list(await asyncio.gather(*_started(calls)))


async def first_of(calls: tuple[Awaitable[Any] | Callable[[], Any], ...]) -> Any:
    """What the first to finish gives or raises; where several have, the first of them in order."""
    if not calls:
        raise ValueError("flow.first takes one call or more")
    tasks = [asyncio.ensure_future(one) for one in _started(calls)]
    try:
        done, _ = await wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()  # which does nothing to one that is done
        await asyncio.gather(*tasks, return_exceptions=True)
    return next(task for task in tasks if task in done).result()


def _started(calls: tuple[Awaitable[Any] | Callable[[], Any], ...]) -> list[Awaitable[Any]]:
    started = [call() if callable(call) and not hasattr(call, "__await__") else call for call in calls]
    return [value if hasattr(value, "__await__") else _given(value) for value in started]


async def _given(value: Any) -> Any:
    return value
