"""A value of every type that a step may give, live and on replay."""

import math
from collections import Counter, OrderedDict, deque, namedtuple
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum, auto
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hero_tracing import ask_user, flow

Point = namedtuple("Point", ["x", "y"])


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Level(IntEnum):
    LOW = 1


class Rights(Flag):
    READ = auto()
    WRITE = auto()


@dataclass
class Order:
    article: str
    prices: dict[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Key:
    part: tuple[int, str]


VALUES: dict[str, Any] = {
    "none": None,
    "bools": [True, False, 1, 0, 1.0, 0.0],
    "big int": 2**200,
    "negative big int": -(2**70),
    "floats": [0.1, -0.0, 1e308, math.inf, -math.inf, math.nan],
    "text": "snow ☃, clef 𝄞, lone surrogate \udc80, NUL \0",
    "bytes": b"\x00\xff raw",
    "bytearray": bytearray(b"abc"),
    "complex": 1 - 2j,
    "tuple": (1, (2, (3,)), ()),
    "set": {1, "a", (2, 3)},
    "frozenset": frozenset({b"x", None}),
    "int keys": {1: "one", 2: "two", "1": "text"},
    "tuple keys": {(1, 2): {3: {4}}},
    "order": {"b": 1, "a": 2},
    "tag-like keys": {"$t": 1, "__type__": "set", "t": []},
    "namedtuple": Point(1, (2, 3)),
    "ordered": OrderedDict([("z", 1), ("a", 2)]),
    "counter": Counter("abracadabra"),
    "deque": deque([1, 2, 3], maxlen=3),
    "range": range(1, 10, 3),
    "datetime": datetime(2024, 2, 29, 12, 30, 15, 123456),
    "datetime UTC": datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
    "datetime offset": datetime(2024, 2, 29, 12, 30, tzinfo=timezone(timedelta(hours=5, minutes=45), "NPT")),
    "datetime zone, fold": datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Vienna"), fold=1),
    "date": date(1, 1, 1),
    "time": time(23, 59, 59, 999999),
    "timedelta": timedelta(days=-1, microseconds=1),
    "decimal": [Decimal("12.50"), Decimal("-0"), Decimal("Infinity"), Decimal("1E+5")],
    "fraction": Fraction(22, 7),
    "uuid": UUID("12345678-1234-5678-1234-567812345678"),
    "path": [Path("/tmp/x"), PurePosixPath("a/../b")],
    "enum": [Colour.RED, Level.LOW, Rights.READ | Rights.WRITE, Rights(0)],
    "dataclass": Order("bolt", {3: Decimal("0.10")}),
    "frozen dataclass": {Key((1, "a")): Key((2, "b"))},
    "exception": [ValueError("no", 3), KeyError("k")],
    "nested": [{"a": ({1, 2}, [Decimal(1), {"b": (None, b"")}])}],
}


def shape(value: Any) -> str:
    """Type and value, all the way down, as text. Sets in an order of their own, nan and -0.0 by their names."""
    if isinstance(value, Exception):
        return f"{type(value).__name__}{shape(value.args)}"
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}{sorted(map(shape, value))}"
    if isinstance(value, dict):
        return f"{type(value).__name__}{[(shape(key), shape(item)) for key, item in value.items()]}"
    if isinstance(value, list | tuple | deque):
        limit = f"/{value.maxlen}" if isinstance(value, deque) else ""
        return f"{type(value).__name__}{limit}{[shape(item) for item in value]}"
    if isinstance(value, Order | Key):
        parts = [getattr(value, name) for name in type(value).__match_args__]
        return f"{type(value).__name__}{shape(parts)}"
    if isinstance(value, datetime):
        return f"{value!r} fold={value.fold}"
    return f"{type(value).__name__}:{value!r}"


@flow
def give(name: str) -> Any:
    with open("effects.log", "a") as log:
        log.write(f"{flow.attempt} give {name}\n")
    return VALUES[name]


@flow
def remember(shapes: dict[str, str]) -> dict[str, str]:
    return shapes


@flow
def main() -> dict[str, Any]:
    """Returns the names of the values whose shape is not that of the literal: live, and on replay."""
    given = {name: give(name) for name in VALUES}
    live = remember({name: shape(value) for name, value in given.items()})
    ask_user.confirm("Go on?", name="go_on")
    wanted = {name: shape(value) for name, value in VALUES.items()}
    return {
        "count": len(given),
        "wrong_live": {name: [live[name], wanted[name]] for name in wanted if live[name] != wanted[name]},
        "wrong_replayed": {
            name: [shape(given[name]), wanted[name]] for name in wanted if shape(given[name]) != wanted[name]
        },
    }
