"""What a flow catches: the same `except` branch, with the same error, live, on replay and in another process."""

from __future__ import annotations

import asyncio
import threading
import uuid
from typing import Any

import pytest

from hero_tracing import flow, testing
from hero_tracing._errors import AttributeNotKept

bodies: list[str] = []
inits: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    bodies.clear()
    inits.clear()


class Shouted(ValueError):
    """Its `__init__` would shout again over what it has made."""

    def __init__(self, text: str) -> None:
        inits.append(text)
        super().__init__(text.upper() + "!")


class SoldOut(Exception):
    """Takes other arguments than it keeps, and an attribute that its text does not hold."""

    def __init__(self, item: str, *, left: int) -> None:
        super().__init__(f"no {item}")
        self.left = left


class Holds(LookupError):
    """Keeps what cannot be recorded."""

    def __init__(self) -> None:
        super().__init__("held")
        self.lock = threading.Lock()


def local_error() -> ValueError:
    class Local(Shouted):
        """Nobody can find this class by its name."""

    return Local("here")


def error_of(kind: str) -> BaseException:
    if kind == "group":
        return ExceptionGroup("both", [ValueError("one"), SoldOut("tea", left=2)])
    made = {
        "value": lambda: ValueError("bad"),
        "nested": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad byte"),  # a ValueError too
        "shouted": lambda: Shouted("bad"),
        "sold_out": lambda: SoldOut("tea", left=0),
        "failed": lambda: flow.Failed("this did not work"),
        "local": local_error,
        "holds": Holds,
        "os": lambda: FileNotFoundError(2, "No such file", "x.txt"),
        "stop": lambda: StopIteration(3),
        "exit": lambda: SystemExit(4),
    }
    return made[kind]()


@flow
def fails(kind: str) -> str:
    bodies.append(kind)
    raise error_of(kind)


@flow
async def afails(kind: str) -> str:
    bodies.append(kind)
    await asyncio.sleep(0)
    if kind == "stop":
        raise RuntimeError("a coroutine cannot raise it")
    raise error_of(kind)


@flow
def draw() -> str:
    return uuid.uuid4().hex


def branch_of(error: BaseException) -> list[Any]:
    """Which branch catches it, and what it is there."""
    token = draw()  # a step within the branch: another branch would ask for another path
    assert len(token) == 32
    try:
        raise error
    except UnicodeDecodeError as caught:
        return ["decode", caught.start, caught.reason, caught.object.hex()]
    except SoldOut as caught:
        return ["sold out", str(caught), caught.left]
    except Shouted as caught:
        return ["shouted", str(caught), type(caught).__name__, getattr(caught, "__notes__", [])]
    except ValueError as caught:
        return ["value", *caught.args]
    except flow.Failed as caught:
        return ["failed", str(caught)]
    except LookupError as caught:
        return ["lookup", str(caught), held_by(caught)]
    except OSError as caught:
        return ["os", caught.errno, caught.filename, str(caught)]
    except ExceptionGroup as caught:
        return ["group", caught.message, *map(branch_of, caught.exceptions)]
    except BaseException as caught:
        return ["other", type(caught).__name__, *caught.args]


def held_by(error: Any) -> str:
    try:
        with error.lock:
            return "used"
    except AttributeNotKept as refused:
        return str(refused)


KINDS = {
    "value": ["value", "bad"],
    "nested": ["decode", 0, "bad byte", "ff"],
    "shouted": ["shouted", "BAD!", "Shouted", []],
    "sold_out": ["sold out", "no tea", 0],
    "failed": ["failed", "this did not work"],
    "os": ["os", 2, "x.txt", "[Errno 2] No such file: 'x.txt'"],
    "exit": ["other", "SystemExit", 4],
    "group": ["group", "both", ["value", "one"], ["sold out", "no tea", 2]],
}


@flow
def catching(kinds: list[str]) -> list[Any]:
    found = []
    for kind in kinds:
        caught: BaseException | None = None
        try:
            fails(kind)
        except BaseException as error:
            caught = error
        assert caught is not None and caught.__context__ is None
        found.append(branch_of(caught))
    return found


@flow
async def catching_async(kinds: list[str]) -> list[Any]:
    found = []
    for kind in kinds:
        error = (await asyncio.gather(afails(kind), return_exceptions=True))[0]
        assert isinstance(error, BaseException)
        found.append(branch_of(error))
    return found


@pytest.mark.parametrize("process", [False, True])
@pytest.mark.parametrize("always_replay", [False, True])
def test_the_same_branch_is_taken(always_replay: bool, process: bool) -> None:
    result = testing.run(catching, {"kinds": list(KINDS)}, always_replay=always_replay, process=process)
    assert result.status == "succeeded", (result.error, result.failure)
    assert result.value == list(KINDS.values())
    if not process:
        assert bodies == list(KINDS), "each failed once"
        assert inits == ["bad"], "no `__init__` runs but the one in the step"


@pytest.mark.parametrize("always_replay", [False, True])
def test_the_same_branch_is_taken_by_coroutines(always_replay: bool) -> None:
    kinds = [kind for kind in KINDS if kind != "exit"]  # which ends a loop, whoever awaits it
    result = testing.run(catching_async, {"kinds": kinds}, always_replay=always_replay)
    assert result.status == "succeeded", (result.error, result.failure)
    assert result.value == [KINDS[kind] for kind in kinds]
    assert bodies == kinds and inits == ["bad"]


@pytest.mark.parametrize("always_replay", [False, True])
def test_what_cannot_be_rebuilt_is_its_nearest_base_live_too(always_replay: bool) -> None:
    result = testing.run(catching, {"kinds": ["local", "holds", "stop"]}, always_replay=always_replay)
    assert result.status == "succeeded", (result.error, result.failure)
    local, holds, stop = result.value
    assert local[:3] == ["shouted", "HERE!", "Shouted"]
    assert len(local[3]) == 1 and local[3][0].endswith("local_error.<locals>.Local: HERE!")
    assert holds[:2] == ["lookup", "held"] and "lock of this exception was a " in holds[2]
    assert "which cannot be recorded" in holds[2]
    assert stop == ["other", "StopIteration", 3]
    assert bodies == ["local", "holds", "stop"] and inits == ["here"]


SOURCE = """
from hero_tracing import flow

class Refused(Exception):
    def __init__(self, code, why="because"):
        super().__init__(f"{code}: {why}")
        self.code = code

@flow
def asks(number):
    if number % 2:
        raise Refused(number)
    return number

@flow
def main() -> list[str]:
    found = []
    for number in range(4):
        try:
            found.append(str(asks(number)))
        except Refused as refused:
            found.append(f"{type(refused).__module__}.{type(refused).__name__} {refused} {refused.code}")
        except Exception as error:
            found.append(f"another branch: {error!r}")
    return found
"""


@pytest.mark.parametrize("always_replay", [False, True])
def test_a_class_of_the_file(always_replay: bool) -> None:
    result = testing.run_file("shop.py", SOURCE, always_replay=always_replay)
    assert result.status == "succeeded", result.failure
    zero, one, two, three = result.value
    assert (zero, two) == ("0", "2")
    assert one.endswith(".Refused 1: because 1") and three.endswith(".Refused 3: because 3")
