"""Hooks that wait for an import, and threads that import at the same time."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hero_tracing._when_imported import when_imported

MODULE = "colorsys"  # of the standard library, and imported by nobody here


@pytest.fixture
def hooked() -> Iterator[tuple[list[Any], Callable[[], None]]]:
    """A hook that waits for the module: what was imported, and the hook's undoing."""
    sys.modules.pop(MODULE, None)
    before, imported = list(sys.meta_path), []
    remove = when_imported(MODULE, imported.append)
    yield imported, remove
    remove()
    assert sys.meta_path == before
    sys.modules.pop(MODULE, None)


def test_the_action_runs_once_with_the_module(hooked: tuple[list[Any], Callable[[], None]]) -> None:
    imported, _ = hooked
    module = importlib.import_module(MODULE)
    assert imported == [module] and module.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
    del sys.modules[MODULE]
    importlib.import_module(MODULE)
    assert imported == [module]


@pytest.mark.parametrize("how", ["found", "removed"])
def test_a_thread_that_walks_along_the_finders_misses_none(
    how: str, hooked: tuple[list[Any], Callable[[], None]]
) -> None:
    """Another thread imports something else just then: it must not find that there is no such module."""
    finders = list(sys.meta_path)
    walk = iter(sys.meta_path)  # as the import system of another thread does it
    asked = [next(walk)]
    if how == "found":
        importlib.import_module(MODULE)
    else:
        hooked[1]()
    assert [*asked, *walk] == finders
