"""Instances of generic classes that were made with their parameters: `Box[int](3)` is a Box like any other."""

from __future__ import annotations

import collections
import typing
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import pytest

from hero_tracing import flow, testing
from hero_tracing._codec import decode, encode
from hero_tracing._errors import NotRecordable
from hero_tracing._failures import encode_failure, rebuild
from hero_tracing._fingerprint import fingerprint
from hero_tracing._state import state_of

T = TypeVar("T")


@dataclass
class Box(Generic[T]):
    held: T


class Pair(NamedTuple, Generic[T]):
    left: T
    right: T


class Wrong(Exception, Generic[T]):
    pass


class Holder(Generic[T]):
    """No dataclass, so it is looked into but not kept."""

    def __init__(self, held: T) -> None:
        self.held = held


VALUES = [
    (Box[int](3), Box(3)),
    (Box["Box[int]"](Box[int](3)), Box(Box(3))),
    (Pair[int](1, 2), Pair(1, 2)),
    (typing.OrderedDict(a=1), collections.OrderedDict(a=1)),
    (typing.OrderedDict[str, int](a=1), collections.OrderedDict(a=1)),
    (typing.Counter("aab"), collections.Counter("aab")),
    (collections.Counter[str]("aab"), collections.Counter("aab")),
    (collections.deque[int]([1]), collections.deque([1])),
]


@pytest.mark.parametrize(("value", "plain"), VALUES, ids=lambda value: repr(value))
def test_parameters_do_not_count(value: Any, plain: Any) -> None:
    back = decode(encode(value))
    assert type(back) is type(value)
    assert back == value == plain
    assert encode(value) == encode(plain)
    assert fingerprint((value,), {}) == fingerprint((plain,), {})


def test_an_exception_of_a_generic_class() -> None:
    back = rebuild(encode_failure(Wrong[int]("no")))
    assert (type(back), back.args, vars(back)) == (Wrong, ("no",), {})


def test_an_object_of_a_generic_class() -> None:
    assert state_of([Holder[int](1)]) == state_of([Holder(1)]) != state_of([Holder(2)])


def test_other_attributes_are_still_refused() -> None:
    value = typing.Counter("aab")
    value.note = "x"  # type: ignore[attr-defined]
    with pytest.raises(NotRecordable, match="has attributes beside its items"):
        encode(value)


@flow
def boxed(number: int) -> Box[int]:
    return Box[int](number)


@flow
def boxing() -> bool:
    return boxed(3) == Box(3)


def test_a_step_gives_one() -> None:
    assert testing.run(boxing, always_replay=True).value is True


def test_a_zone_that_equals_only_itself_is_refused() -> None:
    assert decode(encode(ZoneInfo("Europe/Vienna"))) is ZoneInfo("Europe/Vienna")
    with pytest.raises(NotRecordable, match=r"use ZoneInfo\(key\)"):
        encode(ZoneInfo.no_cache("Europe/Vienna"))
