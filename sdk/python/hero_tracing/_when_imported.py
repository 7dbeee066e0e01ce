"""Act when a module gets imported, now or later; so that hooks cost nothing where the module is not used."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def when_imported(name: str, action: Callable[[Any], None]) -> Callable[[], None]:
    """Call `action` with the module once its body has run. The result calls that off."""
    module = sys.modules.get(name)
    if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
        action(module)
        return _nothing
    finder = _Finder(name, action)
    sys.meta_path.insert(0, finder)
    return finder.remove


class _Finder:
    """Finds one module the way the others would, and wraps its loader."""

    def __init__(self, name: str, action: Callable[[Any], None]) -> None:
        self.name = name
        self.action = action
        self.has_found = False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.name or self.has_found:
            return None
        # It stays where it is: were it taken out, another thread that walks along the list would miss the next one.
        self.has_found = True
        from importlib.util import find_spec

        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self.action)  # type: ignore[assignment]
        return spec

    def remove(self) -> None:
        # A new list, for the same reason.
        sys.meta_path = [finder for finder in sys.meta_path if finder is not self]


class _Loader:
    """The module's own loader, with the action after it."""

    def __init__(self, loader: Any, action: Callable[[Any], None]) -> None:
        self.loader = loader
        self.action = action

    def create_module(self, spec: Any) -> Any:
        return self.loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        self.action(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)


def _nothing() -> None:
    """It has happened."""
