"""A coroutine that stands in its own scope whenever it runs, in a context that it shares with others."""

from __future__ import annotations

from collections.abc import Coroutine

from ._scope import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from ._scope import Scope


class Switched(Coroutine["Any", "Any", "Any"]):
    """`coro`, with its scope switched in and out around every step."""

    def __init__(self, coro: Coroutine[Any, Any, Any], scope: Scope) -> None:
        self._coro = coro
        self._scope = scope
        self.__qualname__ = getattr(coro, "__qualname__", type(coro).__qualname__)
        self.__name__ = getattr(coro, "__name__", type(coro).__name__)

    def send(self, value: Any) -> Any:
        return self._switch(self._coro.send, value)

    def throw(self, *error: Any) -> Any:
        return self._switch(self._coro.throw, *error)

    def close(self) -> None:
        self._switch(self._coro.close)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coro.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coro, name)

    def _switch(self, step: Any, *args: Any) -> Any:
        before = current.get()
        current.set(self._scope)
        try:
            return step(*args)
        finally:
            # What the coroutine left set within itself comes back at its next step.
            self._scope = current.get() or self._scope
            current.set(before)
