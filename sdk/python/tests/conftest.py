"""What the tests share: sameness of values, seeds that a failure names, and a process as a terminal starts it."""

from __future__ import annotations

import faulthandler
import math
import os
import random
import signal
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

# A shell has what it starts in the background ignore it, and its children with it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """A thread that never ends keeps the interpreter from ending: then it is told where it stands, and all fails."""
    faulthandler.dump_traceback_later(60, exit=True)


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in type and value, all the way down, with nan equal to itself."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or (
            left == right and math.copysign(1, left) == math.copysign(1, right)
        )
    if isinstance(left, complex):
        return same(left.real, right.real) and same(left.imag, right.imag)
    if isinstance(left, dict):
        pairs = zip(left.items(), right.items(), strict=False)
        return len(left) == len(right) and all(same(a, c) and same(b, d) for (a, b), (c, d) in pairs)
    if isinstance(left, list | tuple | deque):
        maxlen = getattr(left, "maxlen", None) == getattr(right, "maxlen", None)
        return maxlen and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, set | frozenset):
        rest = list(right)
        for item in left:
            found = next((index for index, other in enumerate(rest) if same(item, other)), None)
            if found is None:
                return False
            del rest[found]
        return not rest
    if isinstance(left, BaseException):
        return same(left.args, right.args) and same(vars(left), vars(right)) and str(left) == str(right)
    if hasattr(left, "__dataclass_fields__"):
        names = left.__dataclass_fields__
        return all(same(getattr(left, name), getattr(right, name)) for name in names)
    if hasattr(left, "fold"):
        return bool(left == right and left.fold == right.fold and repr(left.tzinfo) == repr(right.tzinfo))
    return bool(left == right) and (isinstance(left, int) or repr(left) == repr(right))


def label(value: Any) -> str:
    """A short name of a value for a test's id."""
    return "a huge number" if isinstance(value, int) and abs(value) > 10**30 else ascii(value)[:40]


@pytest.fixture
def seeded() -> Iterator[random.Random]:
    """A random source; its seed is printed, and HERO_TEST_SEED repeats it."""
    seed = int(os.environ.get("HERO_TEST_SEED", random.SystemRandom().randrange(2**32)))
    print(f"HERO_TEST_SEED={seed}", file=sys.stderr)
    yield random.Random(seed)
