"""The hooks of a play into Python's own threads, pools and event loops. Each is set when its module gets imported."""

from __future__ import annotations

from . import _threads
from ._when_imported import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._engine import Engine


def install(engine: Engine) -> Callable[[], None]:
    """Set the hooks of this attempt. The result takes them away."""
    undo: list[Callable[[], None]] = []

    def hook_asyncio(_module: Any) -> None:
        from . import _loop

        undo.append(_loop.install(engine))

    def hook_futures(module: Any) -> None:
        from . import _picks

        undo.append(_picks.install_futures(module))

    forget = [
        _threads.install(),
        when_imported("concurrent.futures", hook_futures),
        when_imported("asyncio", hook_asyncio),
    ]

    def remove() -> None:
        for step in (*reversed(undo), *reversed(forget)):
            step()

    return remove
