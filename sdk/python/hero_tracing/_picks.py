"""`as_completed` and `wait`, of asyncio and of concurrent.futures: what was picked first is picked again on replay.

A pick is recorded by the paths of the branches it chose among. Futures that are no branch are left to themselves.
"""

from __future__ import annotations

from . import _frames
from ._codec import decode, encode
from ._records import KIND
from ._scope import current
from ._threads import branches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from ._scope import Scope


class Pick:
    """One place where the flow picks among futures: its record, or where to write it."""

    def __init__(self, scope: Scope, path: str) -> None:
        self.scope = scope
        self.path = path
        engine = scope.engine
        record = engine.records.take(path, scope.keep)
        self.recorded: Any = None
        if record is not None:
            if record[KIND] != "pick":
                raise engine.mismatch(record, "pick", path, "", "")
            self.recorded = decode(engine.text_of(record))

    def write(self, value: Any) -> None:
        engine = self.scope.engine
        if engine.stop is not None:
            raise engine.stopped()
        text = encode(value)
        if self.scope.keep:
            engine.records.keep([self.path, "pick", "", "ok", text, None, None])
        engine.wire.send(_frames.record(self.path, "pick", text))


def scope_of(futures: Iterable[Any], paths: Any) -> Scope | None:
    """The scope in which this pick is recorded; None where it cannot be."""
    scope = current.get()
    if scope is None or scope.engine.stop is not None or scope.call.ended:
        return None
    return scope if all(future in paths for future in futures) else None


def install_asyncio() -> Callable[[], None]:
    """Replace both functions of asyncio. The result puts them back."""
    import asyncio

    from . import _async_picks

    return _replace([asyncio, asyncio.tasks], _async_picks.as_completed, _async_picks.wait)


def install_futures(module: Any) -> Callable[[], None]:
    """Replace both functions of concurrent.futures. The result puts them back."""
    plain_as_completed, plain_wait = module.as_completed, module.wait

    def as_completed(fs: Iterable[Any], timeout: float | None = None) -> Iterator[Any]:
        listed = list(dict.fromkeys(fs))
        scope = scope_of(listed, branches)
        if scope is None:
            return plain_as_completed(listed, timeout)  # type: ignore[no-any-return]
        return _as_completed(listed, timeout, scope)

    DoneAndNotDoneFutures = module._base.DoneAndNotDoneFutures

    def _as_completed(listed: list[Any], timeout: float | None, scope: Scope) -> Iterator[Any]:
        place = scope.allocate("as_completed")
        by_path = {branches[future]: future for future in listed}
        left = dict.fromkeys(listed)
        finished = plain_as_completed(listed, timeout)
        for number in range(len(listed)):
            pick = Pick(scope, f"{place}/pick#{number}")
            if pick.recorded in by_path:
                future = by_path[pick.recorded]
                plain_wait([future], timeout)
            else:
                future = next(future for future in finished if future in left)
                pick.write(branches[future])
            left.pop(future, None)
            yield future

    def wait(fs: Iterable[Any], timeout: float | None = None, return_when: str = module.ALL_COMPLETED) -> Any:
        listed = list(dict.fromkeys(fs))
        scope = scope_of(listed, branches)
        if scope is None or (timeout is None and return_when == module.ALL_COMPLETED):
            return plain_wait(listed, timeout, return_when)
        pick = Pick(scope, scope.allocate("wait"))
        if pick.recorded is None:
            result = plain_wait(listed, timeout, return_when)
            pick.write([branches[future] for future in listed if future in result.done])
            return result
        picked = set(pick.recorded)
        done = {future for future in listed if branches[future] in picked}
        plain_wait(done)
        return DoneAndNotDoneFutures(done, set(listed) - done)

    return _replace([module], as_completed, wait)


def _replace(modules: list[Any], as_completed: Any, wait: Any) -> Callable[[], None]:
    before = [(module, module.as_completed, module.wait) for module in modules]
    for module in modules:
        module.as_completed, module.wait = as_completed, wait

    def restore() -> None:
        for module, old_as_completed, old_wait in before:
            module.as_completed, module.wait = old_as_completed, old_wait

    return restore
