"""Methods as steps, and steps that change what they were given."""

from __future__ import annotations

import functools
import io
import threading
from typing import Any

import pytest

from hero_tracing import _state, flow, testing


class Account:
    def __init__(self) -> None:
        self.total = 0

    @flow
    def balance(self, plus: int) -> int:
        return self.total + plus

    @flow
    @classmethod
    def kind(cls) -> str:
        return cls.__name__

    @flow
    @staticmethod
    def zero() -> int:
        return 0

    @flow
    def deposit(self, amount: int) -> None:
        self.total += amount


@flow
def methods() -> list[Any]:
    account = Account()
    return [account.balance(1), Account.kind(), account.kind(), Account.zero()]


def test_methods() -> None:
    assert testing.run(methods, always_replay=True).value == [1, "Account", "Account", 0]


@flow
def append_to(items: list[int]) -> int:
    items.append(1)
    return len(items)


@flow
def of_default(items: list[int] = []) -> int:  # noqa: B006
    items.append(1)
    return len(items)


@flow
def mutating(which: str) -> None:
    {"argument": lambda: append_to([]), "self": lambda: Account().deposit(1), "default": of_default}[which]()


@pytest.mark.parametrize("which", ["argument", "self", "default"])
def test_a_call_must_not_change_what_it_was_given(which: str) -> None:
    result = testing.run(mutating, {"which": which})
    assert isinstance(result.error, TypeError) and "changed one of its arguments" in str(result.error)


class Box:
    """An object of the author's own."""

    __slots__ = ("content", "other")

    def __init__(self, content: Any) -> None:
        self.content = content
        self.other = self  # cycles are fine


class Client(io.StringIO):
    """A library's object with a subclass in the flow's file; what it holds counts, what Python keeps does not."""


@flow
def fill(box: Any, how: str) -> None:
    if how == "attribute":
        box.content = 2
    elif how == "within":
        box[0]["box"].content.append(1)
    elif how == "slot":
        del box.content
    elif how == "library":
        box.write("text")
    elif how == "lock":
        box.content.acquire()


@flow
def fills(how: str) -> None:
    given: dict[str, Any] = {
        "attribute": Box(1),
        "within": [{"box": Box([])}],
        "slot": Box(None),
        "library": Client(),
        "lock": Box(threading.Lock()),
        "nothing": Box(Box(Box(1))),
    }
    fill(given[how], how)


@pytest.mark.parametrize("how", ["attribute", "within", "slot"])
def test_a_change_within_an_object_of_the_author_is_seen(how: str) -> None:
    result = testing.run(fills, {"how": how})
    assert isinstance(result.error, TypeError) and "changed one of its arguments" in str(result.error)


@pytest.mark.parametrize("how", ["library", "lock", "nothing"])
def test_what_a_librarys_object_does_to_itself_is_its_own_affair(how: str) -> None:
    assert testing.run(fills, {"how": how}).status == "succeeded"


def test_a_huge_object_is_looked_into_as_far_as_the_bound() -> None:
    chain: Any = None
    for _ in range(5000):
        chain = Box(chain)
    wide = Box([Box(number) for number in range(5000)])
    before = _state.state_of([chain, wide])
    wide.content[4999].content = "beyond the bound"
    assert _state.state_of([chain, wide]) == before
    wide.content[0].content = "within it"
    assert _state.state_of([chain, wide]) != before


class Shelf:
    def __init__(self, name: str) -> None:
        self.name = name

    @flow
    def put(self, thing: str) -> str:
        return f"{self.name}: {thing}"

    @flow
    async def fetch(self, thing: str) -> str:
        return f"{self.name} has {thing}"

    @classmethod
    @flow
    def make(cls, name: str) -> str:
        return f"{cls.__name__} {name}"

    @staticmethod
    @flow
    def weigh(name: str) -> str:
        return name


@flow
async def shelves() -> list[str]:
    shelf = Shelf("left")
    put = shelf.put
    assert put == shelf.put and put != Shelf("right").put and put.__name__ == "put" and "put of" in repr(put)
    return [
        put("a"),
        shelf.put.with_key("b")("b"),
        Shelf.put(shelf, "c"),
        Shelf.put.with_key("d")(shelf, "d"),
        await shelf.fetch("e"),
        await shelf.fetch.with_key("f")("f"),
        shelf.make("g"),
        Shelf.weigh("h"),
        functools.partial(shelf.put, "i")(),
    ]


def test_methods_bind_with_and_without_a_key() -> None:
    result = testing.run(shelves, always_replay=True)
    assert result.value == [
        *("left: a", "left: b", "left: c", "left: d", "left has e", "left has f", "Shelf g", "h", "left: i")
    ], result.error
    names = [record[0].rpartition("/")[2] for record in result.records]
    assert names == ["put#0", 'put["b"]', "put#1", 'put["d"]', "fetch#0", 'fetch["f"]', "make#0", "weigh#0", "put#2"]
