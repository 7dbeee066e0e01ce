"""Classes by name, and the state of their instances.

A class is named `module:qualname`. Must not know how a value is written down.
"""

from __future__ import annotations

import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SLOT_TYPES = (types.MemberDescriptorType, types.GetSetDescriptorType)


def name_of(cls: type) -> str | None:
    """The name under which `find` gives this very class again; None where there is none.

    A class made in a function, or hidden by another of the same name, has none.
    """
    module, qualname = cls.__module__, cls.__qualname__
    if "<locals>" in qualname:
        return None
    try:
        found = _walk(module, qualname)
    except (ImportError, AttributeError):
        return None
    return f"{module}:{qualname}" if found is cls else None


def find(name: str) -> type:
    """The class of this name. LookupError if there is none."""
    module, _, qualname = name.partition(":")
    try:
        found = _walk(module, qualname)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"no class {name}: {error}") from error
    if not isinstance(found, type):
        raise LookupError(f"{name} is not a class")
    return found


def _walk(module: str, qualname: str) -> Any:
    found: Any = sys.modules.get(module)
    if found is None:
        import importlib

        found = importlib.import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def title(cls: type) -> str:
    """How a class is called in messages: with its module, but for builtins and this package's own."""
    module = cls.__module__
    if module in {"builtins", "__main__"} or module.startswith(("hero_flow_", "hero_tracing.")):
        return cls.__qualname__
    return f"{module}.{cls.__qualname__}"


def article(noun: str) -> str:
    """A noun with its article, for messages."""
    return f"an {noun}" if noun[:1] in "aeiouAEIOU" else f"a {noun}"


def is_slot(descriptor: object) -> bool:
    """Whether this member of a class is storage in its instances: a slot, or a field of a C struct."""
    return isinstance(descriptor, _SLOT_TYPES)


def state(instance: object) -> dict[str, Any]:
    """All that an instance of a Python class holds: its filled slots, then its `__dict__`."""
    held: dict[str, Any] = {}
    for cls in type(instance).__mro__:
        if "__slots__" not in cls.__dict__:
            continue
        for name, descriptor in cls.__dict__.items():
            if is_slot(descriptor) and name not in {"__dict__", "__weakref__"}:
                try:
                    held[name] = descriptor.__get__(instance)
                except AttributeError:
                    continue  # a slot that was never filled
    held.update(attributes(instance))
    return held


def attributes(instance: object) -> dict[str, Any]:
    """The `__dict__` of an instance, without the note that `Box[int](…)` leaves there, which is for people only."""
    held = getattr(instance, "__dict__", {})
    return {name: held[name] for name in held if name != "__orig_class__"} if "__orig_class__" in held else held


def restore(instance: object, held: dict[str, Any]) -> None:
    """Give an empty instance the state that `state` took, past any `__setattr__` of its class."""
    for name, value in held.items():
        for cls in type(instance).__mro__:
            descriptor = cls.__dict__.get(name)
            if is_slot(descriptor):
                descriptor.__set__(instance, value)  # type: ignore[union-attr]
                break
        else:
            instance.__dict__[name] = value
