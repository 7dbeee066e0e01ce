"""Secrets by name: which a flow declares, and where their values come from. Must not know how they are kept out.

In a play the runtime sends the values with the first frame. Without one they are environment variables.
"""

from __future__ import annotations

import os

from ._errors import NoSecret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._engine import Engine

VARIABLE_PREFIX = "HERO_SECRET_"
NAME_CHARS_MAX = 100

_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_FURTHER = _FIRST | frozenset("0123456789")


def is_names(names: Any) -> bool:
    """Whether all of these are names of secrets."""
    return all(_is_name(name) for name in names)


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= NAME_CHARS_MAX and name[0] in _FIRST and _FURTHER.issuperset(name)


def value_of(name: str, engine: Engine | None) -> str:
    """The value of a secret, in this attempt of a play or without one."""
    if not _is_name(name):
        raise NoSecret("flow.secret takes the name of a secret: upper-case letters, digits and `_`, no digit first")
    if engine is None:
        return from_environment(name)
    value = engine.secrets.get(name)
    if value is None:
        raise NoSecret(
            f"the entry flow does not declare the secret {name}: write @flow(secrets=[{name!r}]) on it,"
            " and call flow.secret within a flow, not while the file is imported"
        )
    return value


def from_environment(name: str) -> str:
    """What stands in for a secret where there is no runtime."""
    value = os.environ.get(VARIABLE_PREFIX + name)
    if value is None:
        raise NoSecret(f"the secret {name} is not set: without hero_logic, set {VARIABLE_PREFIX}{name}")
    return value


def all_of(names: list[str], given: dict[str, str]) -> dict[str, str]:
    """The values of these for a test: what it gives, else what the environment has."""
    return {name: given[name] if name in given else from_environment(name) for name in names}
