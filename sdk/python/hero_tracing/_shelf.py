"""The library of a test: names, and the sources of their files, described as the runtime does it, but in this process.

Must not know plays.
"""

from __future__ import annotations

import sys
from contextvars import copy_context
from hashlib import sha256

from . import _declared, _loader
from ._scope import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Shelf(dict[str, str]):
    """Sources by the names of their workflows. One that is put in the place of another is the next version."""

    def __init__(self, sources: dict[str, str] | None = None) -> None:
        super().__init__(sources or {})
        self._versions: dict[str, list[str]] = {}

    def current(self, name: str) -> tuple[dict[str, Any], list[str]]:
        """What a process is told of the version that stands there now, and the secrets that it declares.

        Raises LookupError with a hint, and LoadError on a file that cannot be run.
        """
        source = self.get(name)
        if source is None:
            from difflib import get_close_matches

            close = get_close_matches(name, self, 3)
            raise LookupError(f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted(self))}")
        versions = self._versions.setdefault(name, [])
        if source not in versions:
            versions.append(source)
        flow = copy_context().run(_described, f"{name}.py", source)
        told = {
            "name": name,
            "workflow": name,
            "version": versions.index(source) + 1,
            "version_sid": f"ver_{sha256(source.encode()).hexdigest()[:26]}",
            "file_name": f"{name}.py",
            "source": source,
            "entry": flow["function"],
            "inputs": flow["inputs"],
            "outputs": flow["outputs"],
        }
        return told, flow["options"].get("secrets", [])


def _described(file_name: str, source: str) -> dict[str, Any]:
    current.set(None)
    name = "hero_flow_described"
    try:
        module = _loader.load(file_name, source, module_name=name)
        return _loader.describe_flow(_loader.entry_of(module, None))
    finally:
        sys.modules.pop(name, None)
        _declared.declared.pop(name, None)
