"""What `@flow` may decorate, the options it takes, what stands above it, and how flows are invoked."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Generator
from typing import Any

import pytest

from hero_tracing import flow, testing

unchecked: Any = flow


class Shop:
    """Class methods, with `@flow` on either side of `@classmethod`."""

    @flow
    @classmethod
    def above(cls, item: str) -> str:
        return f"{cls.__name__} {item}"

    @flow
    @classmethod
    async def above_async(cls, item: str) -> str:
        return f"{cls.__name__} {item}"

    @classmethod
    @flow
    def below(cls, item: str) -> str:
        return f"{cls.__name__} {item}"

    @flow
    @staticmethod
    def static(item: str) -> str:
        return item

    @staticmethod
    @flow
    async def static_async(item: int) -> int:
        return item


class Kiosk(Shop):
    """One that inherits them."""


@flow
async def shopping() -> list[str]:
    return [
        Shop.above("a"),
        Kiosk.above("b"),
        Kiosk().above("c"),
        Shop.above.with_key("d")("d"),
        Kiosk.above.with_key("e")("e"),
        Kiosk().above.with_key("f")("f"),
        await Kiosk.above_async.with_key("g")("g"),
        Kiosk.below("h"),
        Shop.static.with_key("i")("i"),
        Shop().static("j"),
    ]


def test_class_methods_bind_to_the_class_with_and_without_a_key() -> None:
    result = testing.run(shopping, always_replay=True)
    assert result.value == [
        *("Shop a", "Kiosk b", "Kiosk c", "Shop d", "Kiosk e", "Kiosk f", "Kiosk g", "Kiosk h", "i", "j")
    ], result.failure
    names = [record[0].rpartition("/")[2] for record in result.records]
    assert names[2:6] == ["above#2", 'above["d"]', 'above["e"]', 'above["f"]']


def test_a_key_of_a_class_method_that_python_binds_is_refused() -> None:
    if sys.version_info < (3, 13):  # there, classmethod asks what it wraps to bind
        assert callable(Shop.below.with_key("a"))  # type: ignore[attr-defined]
        return
    with pytest.raises(TypeError, match=r"below\.with_key does not know the class: write @flow above @classmethod"):
        Shop.below.with_key("a")  # type: ignore[attr-defined]


# -- what is a coroutine function --


class Caller:
    """An object that is called."""

    def __init__(self, plus: int) -> None:
        self.plus = plus

    def __call__(self, number: int) -> int:
        return number + self.plus

    def method(self, number: int) -> int:
        return number + self.plus


class AsyncCaller(Caller):
    async def __call__(self, number: int) -> int:  # type: ignore[override]
        return number + self.plus


async def add(plus: int, number: int) -> int:
    return number + plus


@flow
async def added(number: int) -> int:
    return number + 1


decorated_object: Any = flow(AsyncCaller(1))
decorated_partial: Any = flow(functools.partial(add, 1))


@flow
async def awaiting() -> list[int]:
    return [
        await decorated_object(1),
        await decorated_partial(2),
        await flow.aio.run("object", AsyncCaller(1), 3),
        await flow.aio.run("flow", added, 4),
        await flow.aio.run("partial of a flow", functools.partial(added, 5)),
        flow.run("plain object", Caller(1), 6),
        flow.run("method", Caller(1).method, 7),
        await flow.aio.run("static", Shop.static_async, 9),
        await Shop.static_async(10),
    ]


def test_what_gives_a_coroutine_is_awaited() -> None:
    result = testing.run(awaiting, always_replay=True)
    assert result.value == [2, 3, 4, 5, 6, 7, 8, 9, 10], result.failure


def test_arguments_are_shown_by_name_also_of_what_is_bound() -> None:
    @flow
    def main() -> None:
        flow.run("object", Caller(1), 6)
        flow.run("method", Caller(1).method, 7)
        flow.run("partial", functools.partial(pow, 2), 3)
        flow.run("partial of Python", functools.partial(Caller.method, Caller(1)), 8)

    shown = [span["inputs"] for span in testing.run(main).spans[1:]]
    assert shown == ['{"number": 6}', '{"number": 7}', '{"*args": [3]}', '{"number": 8}']


# -- what is refused --


class Yielder:
    def __call__(self) -> Generator[int]:
        yield 1


def yields() -> Generator[int]:
    yield 1


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (yields, "cannot record 'yields', a generator"),
        (functools.partial(yields), "a generator"),
        (functools.partial(functools.partial(yields)), "a generator"),
        (Yielder(), "a generator"),
        (Yielder().__call__, "a generator"),
        (Caller, "not the class Caller"),
        (property(yields), "not property"),
    ],
)
def test_what_cannot_be_a_step_is_refused_where_it_is_decorated(what: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        flow(what)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"tags": ["a"]}, TypeError, r"tags must be a dict of names and values, not \['a'\]"),
        ({"name": 5}, TypeError, "name must be text, not 5"),
        ({"name": ""}, ValueError, "name must be text, not ''"),
        ({"key": "x"}, TypeError, "key must be a function of the arguments, not 'x'"),
        ({"retries": "2"}, TypeError, "retries must be a number of further tries, 0 or more, not '2'"),
        ({"retries": True}, TypeError, "retries must be"),
        ({"retries": -1}, ValueError, "retries must be"),
        ({"retries": None}, TypeError, "retries must be .*, not None"),
        ({"backoff": float("inf")}, ValueError, "backoff must be seconds, 0 or more, not inf"),
        ({"timeout": 0}, ValueError, "timeout must be seconds, more than 0, not 0"),
        ({"timeout": "1m"}, TypeError, "timeout must be seconds"),
        ({"on_unknown": "bogus"}, ValueError, "on_unknown must be one of retry, fail, ask, not 'bogus'"),
        ({"durability": None}, TypeError, "durability must be one of durable, buffered"),
        ({"description": 3}, TypeError, "description must be text, not 3"),
        ({"sandbox": True}, TypeError, "sandbox must be a dict"),
        ({"retrys": 2}, TypeError, "@flow has no option 'retrys'; did you mean retries?"),
        ({"bogus": 1}, TypeError, "@flow has no option 'bogus'; there are name, inputs, outputs, retries"),
    ],
)
def test_options_are_checked_by_name(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message.replace("?", r"\?")):
        flow(**options)


def test_options_that_are_none_are_as_if_not_given() -> None:
    options: Any = dict.fromkeys(("name", "timeout", "key", "tags", "description", "sandbox", "inputs", "outputs"))

    @flow(**options)
    def main() -> int:
        return 1

    assert testing.run(main).value == 1


def test_a_tag_of_a_block_may_be_called_name() -> None:
    @flow
    def main() -> None:
        with flow.step("load", name="a"), flow.span("read", name="b"):
            pass

    assert [span["tags"] for span in testing.run(main).spans[1:]] == [{"name": "a"}, {"name": "b"}]


# -- flows that call flows --


@flow(name="sub flow", key=lambda number: number, tags={"colour": "red"})
def sub(number: int) -> int:
    return number * 2


@flow(tags={"colour": "blue"})
async def async_sub(number: int) -> int:
    return number * 3


@flow
async def invoking() -> list[int]:
    return [
        flow.invoke("sub flow", number=1),
        flow.invoke("sub", number=2),
        flow.invoke(sub, number=3),
        await flow.aio.invoke(sub, number=4),
        await flow.aio.invoke("async_sub", number=5),
        await flow.aio.invoke(async_sub, number=6),
    ]


def test_flows_are_invoked_by_name_and_by_function_with_their_options() -> None:
    result = testing.run(invoking, always_replay=True)
    assert result.value == [2, 4, 6, 8, 15, 18], result.failure
    names = [record[0].removeprefix("invoking#0/") for record in result.records]
    assert names == [*("sub flow[1]", "sub flow[2]", "sub flow[3]"), names[3], "async_sub#0", "async_sub#1"]
    assert names[3].endswith("sub flow[4]")
    assert {record[1] for record in result.records} == {"invoke"}
    tags = {span["name"]: span["tags"] for span in result.spans if span["kind"] == "invoke"}
    assert tags == {"sub flow": {"colour": "red"}, "async_sub": {"colour": "blue"}}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: flow.invoke(len), TypeError, "by its name or its function with @flow, not by <built-in"),
        (lambda: flow.invoke(5), TypeError, "not by 5"),  # type: ignore[call-overload]
        (
            lambda: flow.invoke("subb"),
            LookupError,
            "no flow is called 'subb', in this file or in the library; did you mean sub?",
        ),
        (lambda: flow.invoke(async_sub), TypeError, "cannot await 'async_sub'"),
    ],
)
def test_what_cannot_be_invoked(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    @flow
    def main() -> Any:
        return call()

    result = testing.run(main)
    assert isinstance(result.error, error) and message in str(result.error)


# -- decorators above --


def loudly(function: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> str:
        return function(*args, **kwargs).upper()

    return wrapper


@loudly
@flow(retries=1, backoff=0)
def whisper(text: str) -> str:
    """Says it."""
    return text + "!"


def test_bound_flows_can_be_invoked() -> None:
    @flow
    def main() -> list[str]:
        bound: Any = [Kiosk.above, Kiosk.below, Shop.static, Shop().static]
        return [flow.invoke(method, item="x") for method in bound]

    assert testing.run(main, always_replay=True).value == ["Kiosk x", "Kiosk x", "x", "x"]


def test_a_decorator_above_a_flow_is_run_with_it() -> None:
    result = testing.run(whisper, {"text": "hi"}, always_replay=True)
    assert result.value == "HI!", result.failure
    assert [record[0] for record in result.records] == ["whisper#0/whisper#0"]

    @flow
    def main() -> list[str]:
        return [flow.invoke(whisper, text="a"), flow.invoke("whisper", text="b")]

    assert testing.run(main).value == ["A!", "B!"]


FILE = """
import functools
from hero_tracing import flow

def twice(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs) * 2
    return wrapper

@flow
def helper(): ...

@twice
@flow(description="Doubled.", tags={"a": 1})
def main(text: str) -> str:
    return helper() or text

class Proxy:
    def __getattribute__(self, name):
        raise RuntimeError("nobody is logged in")
user = Proxy()
"""


def test_the_entry_of_a_file_may_have_a_decorator_above() -> None:
    result = testing.run_file("my.py", FILE, {"text": "ab"}, always_replay=True)
    assert result.value == "abab", result.failure
    assert [record[0] for record in result.records] == ["main#0/main#0/helper#0", "main#0/main#0"]


ASYNC_FILE = FILE.replace("def main", "async def main").replace(
    "    def wrapper(*args, **kwargs):\n        return function(*args, **kwargs) * 2",
    "    async def wrapper(*args, **kwargs):\n        return 2 * await function(*args, **kwargs)",
)


def test_the_entry_of_a_file_may_have_an_async_decorator_above() -> None:
    result = testing.run_file("my.py", ASYNC_FILE, {"text": "ab"}, always_replay=True)
    assert result.value == "abab", result.failure
