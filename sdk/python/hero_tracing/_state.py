"""What a call must leave as it was: the state of its arguments, seen before and after it.

Plain values and what the codec can keep are seen as a whole. Of other objects those are looked into whose class is
the author's own: of the flow's file or of one beside it. Classes of the standard library and of installed packages
(clients, sessions, connections, data frames) change themselves whenever they are used, which is their own affair.
"""

from __future__ import annotations

import os
import sys

from . import _classes
from ._codec import FLOW_MODULE
from ._fingerprint import Careful, Lenient, digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Objects that one look goes into; those after them count as their types.
OBJECTS_MAX = 1000
# How deep objects within objects are looked into.
LEVELS_MAX = 16

_LIBRARY = os.path.dirname(os.__file__) + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_own: dict[type, bool] = {}


def state_of(held: list[Any]) -> str:
    """16 hex digits over what these values hold now."""
    return digest(held, _Looker, _CarefulLooker)


class _Looker(Lenient):
    """A lenient walk that looks into the author's own objects."""

    __slots__ = ("objects", "within")

    def __init__(self, *limits: int) -> None:
        super().__init__(*limits)
        self.objects = OBJECTS_MAX
        self.within: list[int] = []  # the objects around this value

    def refuse(self, value: object, problem: str, hint: str) -> Any:
        node = super().refuse(value, problem, hint)
        if id(value) in self.within or not self.objects or len(self.within) == LEVELS_MAX or not _is_own(type(value)):
            return node
        self.objects -= 1
        self.within.append(id(value))
        try:
            return ["$object", node, *self.fields(value, _classes.state(value), 0)]
        finally:
            self.within.pop()


class _CarefulLooker(_Looker, Careful):
    __slots__ = ()


def _is_own(kind: type) -> bool:
    """Whether the author wrote this class, rather than Python or a package."""
    known = _own.get(kind)
    if known is None:
        module = sys.modules.get(kind.__module__)
        file = getattr(module, "__file__", None)
        if kind.__module__ in (FLOW_MODULE, "__main__"):
            known = True
        elif file is None or issubclass(kind, type):
            known = False
        else:
            file = os.path.abspath(file)
            known = not (file.startswith(_LIBRARY) or any(part in file for part in _INSTALLED))
        _own[kind] = known
    return known
