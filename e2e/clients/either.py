"""One way to write a scenario for both clients: methods of the blocking one are given as coroutines too."""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, cast

from hero_logic_client import AsyncClient, Client


class Either:
    """A client of either kind, which remembers which of its methods were called."""

    def __init__(self, client: Client | AsyncClient) -> None:
        self._client = client
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any] | AsyncIterator[Any]]:
        method = getattr(self._client, name)
        self.called.add(name)

        def call(*args: Any, **kwargs: Any) -> Awaitable[Any] | AsyncIterator[Any]:
            if isinstance(self._client, AsyncClient):
                return cast("Awaitable[Any] | AsyncIterator[Any]", method(*args, **kwargs))
            if inspect.iscoroutinefunction(getattr(AsyncClient, name)):
                return soon(method, *args, **kwargs)
            return over(method(*args, **kwargs))

        return call


async def soon(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return method(*args, **kwargs)


async def over(items: Iterator[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


def clients(server: str | None = None) -> list[Client | AsyncClient]:
    """One of each kind, for the server of this home or another place."""
    return [Client(server), AsyncClient(server)]


def typed(client: Client | AsyncClient) -> tuple[AsyncClient, Either]:
    """The same client twice: as the type checker sees it, and as it remembers."""
    either = Either(client)
    return cast(AsyncClient, either), either


def places() -> list[str | None]:
    """The socket of this home, and what was given: TCP."""
    return [None, *sys.argv[1:]]
