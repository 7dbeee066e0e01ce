"""A flow that is not the same on replay: it diverges with both steps named, or goes on; it never hangs.

The first part is what `testing` is for: a flow that reads a clock, chance or the order of a set outside of its steps
fails its test. The second changes the source between two attempts. The third does things at random, which are others
in each attempt; HERO_TEST_SEED repeats a failure, HERO_TEST_ROUNDS makes a longer run.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from hero_tracing import _selector, flow, testing

ROUNDS = int(os.environ.get("HERO_TEST_ROUNDS", "60"))
# Far more than the few seconds that a play may take, so that a busy machine fails nothing.
SECONDS_MAX = 60.0

tokens: dict[Any, set[str]] = {}


@pytest.fixture(autouse=True)
def _forget() -> None:
    tokens.clear()
    attempts.clear()
    kept.clear()


def drawn(label: Any) -> list[Any]:
    token = uuid.uuid4().hex
    tokens.setdefault(str(label), set()).add(token)
    return [label, token]


@flow
def step(label: Any) -> list[Any]:
    return drawn(label)


@flow
async def astep(label: Any) -> list[Any]:
    return drawn(label)


@flow
def other_step(label: Any) -> list[Any]:
    return drawn(label)


attempts: list[Any] = []
kept: list[Any] = []


# -- flows that are wrong, and that a test of theirs must find --


@flow
def reads_the_clock() -> list[Any]:
    return [step("before"), step(time.time_ns()), step("after")]


@flow
def reads_a_timer() -> list[Any]:
    began = time.perf_counter()
    return [step("before"), step(time.perf_counter() - began)]


@flow
def draws_by_itself() -> list[Any]:
    return [step(random.random()), step("after")]


@flow
def names_by_itself() -> list[Any]:
    return [step(str(uuid.uuid4())), step("after")]


class Thing:
    """Has its address for a hash."""

    def __init__(self, number: int) -> None:
        self.number = number


@flow
def walks_a_set() -> list[Any]:
    """The order of a set of such things is one of addresses. Those of earlier attempts are kept: none is used again."""
    things = {Thing(number) for number in range(50)}
    kept.append(things)
    return [step(thing.number) for thing in things]


@flow
async def walks_a_set_at_once() -> list[Any]:
    things = {Thing(number) for number in range(50)}
    kept.append(things)
    return list(await asyncio.gather(*(astep(thing.number) for thing in things)))


@flow
def counts_its_attempts() -> list[Any]:
    attempts.append(1)
    return [step(len(attempts)), step("after")]


@flow
async def times_itself() -> list[Any]:
    began = time.monotonic_ns()
    return [await astep("before"), await astep(time.monotonic_ns() - began)]


BROKEN = [
    reads_the_clock,
    reads_a_timer,
    draws_by_itself,
    names_by_itself,
    walks_a_set,
    walks_a_set_at_once,
    counts_its_attempts,
    times_itself,
]


@pytest.mark.parametrize("which", BROKEN, ids=lambda which: str(which.__name__))
def test_a_broken_flow_fails_its_test(which: Any) -> None:
    assert testing.run(which).status == "succeeded", "nothing is wrong in a single attempt"
    result = testing.run(which, always_replay=True)
    assert (result.status, result.value) == ("diverged", None)
    failure = result.failure
    assert failure is not None and failure["code"] == "diverged"
    assert "with other inputs, fingerprint " in failure["expected"]
    assert "with inputs of fingerprint " in failure["actual"]
    assert failure["expected"].split("fingerprint ")[1] != failure["actual"].split("fingerprint ")[1]
    assert "keep what differs inside a step" in failure["hint"]
    assert failure["location"].startswith(__file__)


@flow
def mended() -> list[Any]:
    """The same, as it is right."""
    things = sorted({Thing(number) for number in range(5)}, key=lambda thing: thing.number)
    read = [flow.now().timestamp(), flow.random(), str(flow.uuid()), flow.run("clock", time.time_ns)]
    return [step("before"), step(read), *(step(thing.number) for thing in things)]


def test_a_flow_that_keeps_them_in_steps_passes() -> None:
    result = testing.run(mended, always_replay=True)
    assert result.status == "succeeded", result.failure
    assert all(len(one) == 1 for one in tokens.values())


# -- newer source --


def source(body: Callable[[], Any]) -> Any:
    """A version of the flow `main`."""
    body.__name__ = body.__qualname__ = "main"
    return flow(body)


def continued(first: Any, then: Any, records: int) -> testing.Result:
    """A play whose first attempt ran one version, up to so many records, and goes on with another."""
    play = testing.Play(first)
    assert play.attempt(kill_after=records)
    play.said = testing.Play(then).said
    return play.advance()


def old() -> list[Any]:
    return [step("a"), step(label="b"), step("c")]


async def aold() -> list[Any]:
    return [await astep("a"), *await asyncio.gather(astep("b"), astep("c"))]


def with_another() -> list[Any]:
    other_step("new")
    found = [step("a"), step(label="b")]
    other_step("newer")
    return [*found, step("c")]


async def with_another_async() -> list[Any]:
    await asyncio.gather(flow.aio.run("new", drawn, "new"), asyncio.to_thread(other_step, "newer"))
    found = await astep("a")
    await flow.aio.run("new", drawn, "newest")
    return [found, *await asyncio.gather(astep("b"), astep("c"))]


@pytest.mark.parametrize("records", [1, 2, 3])
@pytest.mark.parametrize(("first", "then"), [(old, with_another), (aold, with_another_async)], ids=["plain", "async"])
def test_an_inserted_step_shifts_nothing(first: Any, then: Any, records: int) -> None:
    played = continued(source(first), source(then), records)
    assert played.status == "succeeded", played.failure
    assert [label for label, _ in played.value] == ["a", "b", "c"]
    runs = {label: len(one) for label, one in tokens.items()}
    # What had a record did not run again; a body beside the last one may have been cut off.
    assert all(runs[label] == 1 for label in "abc"[:records]), runs
    assert all(token in tokens[label] for label, token in played.value)


def with_another_input() -> list[Any]:
    return [step("a"), step("B"), step("c")]


def as_invoked() -> list[Any]:
    return [step("a"), flow.invoke("step", label="b"), step("c")]


def as_a_question() -> list[Any]:
    return [step("a"), flow.pause("step"), step("c")]


def with_a_twin_before() -> list[Any]:
    return [step("a"), step("new"), step("b"), step("c")]


@pytest.mark.parametrize(
    ("then", "expected", "actual"),
    [
        (with_another_input, "step (main#0/step#1) with other inputs", "step (main#0/step#1) with inputs"),
        (with_a_twin_before, "step (main#0/step#1) with other inputs", "step (main#0/step#1) with inputs"),
        (as_invoked, "flow main#0/step#1", "invoke main#0/step#1"),
    ],
    ids=["input", "twin", "kind"],
)
def test_a_changed_step_diverges_with_both_named(then: Any, expected: str, actual: str) -> None:
    result = continued(source(old), source(then), 3)
    assert result.status == "diverged" and result.failure is not None
    assert result.failure["expected"].startswith(expected), result.failure
    assert result.failure["actual"].startswith(actual), result.failure
    assert result.failure["path"] == "main#0/step#1"
    file, line = result.failure["location"].rsplit(":", 1)
    first = then.__code__.co_firstlineno
    assert file == __file__ and first < int(line) <= first + 1
    assert all(len(one) == 1 for one in tokens.values()), "nothing ran twice"


def test_a_question_in_the_place_of_a_step_diverges() -> None:
    result = continued(source(old), source(as_a_question), 3)
    assert result.status == "diverged" and result.failure is not None
    assert result.failure["expected"].startswith("flow main#0/step#1")
    assert result.failure["actual"].startswith("pause main#0/step#1")


def renamed() -> list[Any]:
    return [step("a"), other_step("b"), step("c")]


def test_a_renamed_step_has_another_path_and_what_nobody_asks_for_is_told() -> None:
    """The name is part of the path: a renamed step is a new one, and the next of the old name stands in its place."""
    result = continued(source(old), source(renamed), 3)
    assert result.status == "diverged" and result.failure is not None
    assert result.failure["expected"].startswith("step (main#0/step#1)")
    result = continued(source(old), source(lambda: [step("a"), other_step("b")]), 2)
    assert result.status == "succeeded"
    assert [notice["paths"] for notice in result.notices] == [["main#0/step#1"]]


# -- flows that do things at random --


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay waits for what may still come for seconds; here for moments."""
    assert _selector.PASS_OVER_SECONDS <= 1.0 and _selector.CANCELLATION_SECONDS <= 5.0
    monkeypatch.setattr(_selector, "PASS_OVER_SECONDS", 0.02)
    monkeypatch.setattr(_selector, "CANCELLATION_SECONDS", 0.05)


chance = random.Random()  # goes on over the attempts


async def act(depth: int) -> Any:
    """Something, which on replay is something else."""
    way = chance.randrange(10)
    if way == 0:
        return await astep(chance.randrange(3))
    if way == 1:
        return await astep("same")
    if way == 2:
        await asyncio.sleep(chance.random() * 0.003)
        return await astep("same")
    if way == 3:
        return await asyncio.to_thread(step, "same")
    if way == 4:
        try:
            return await asyncio.wait_for(slow("limited"), chance.random() * 0.004)
        except TimeoutError:
            return None
    if way == 5:
        task = asyncio.create_task(chance.choice([astep, slow])("same"))  # nothing that leaves a task behind
        await asyncio.sleep(0)
        task.cancel()
        return await asyncio.gather(task, return_exceptions=True)
    if way == 6 and depth:
        tasks = [asyncio.create_task(act(depth - 1)) for _ in range(chance.randrange(1, 4))]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*tasks)
        return len(done)
    if way == 7 and depth:
        return [await done for done in asyncio.as_completed([act(depth - 1) for _ in range(chance.randrange(1, 4))])]
    if way == 8 and depth:
        return await nested(depth - 1)
    return list(await asyncio.gather(*(act(depth - 1) for _ in range(chance.randrange(1, 4))))) if depth else None


@flow
async def slow(label: str) -> list[Any]:
    await asyncio.sleep(0.002)
    return drawn(label)


@flow
async def nested(depth: int) -> Any:
    await act(depth)
    return await act(depth)


@flow
async def at_random() -> str:
    for _ in range(3):
        await act(2)
    return "ended"


@flow
def at_random_in_threads() -> str:
    def one(_item: int) -> None:
        for _ in range(chance.randrange(1, 4)):
            step("same" if chance.random() < 0.95 else chance.randrange(3))

    for _ in range(2):
        flow.map(one, range(chance.randrange(1, 4)))
        threads = [threading.Thread(target=one, args=(number,)) for number in range(chance.randrange(3))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return "ended"


@pytest.mark.parametrize("which", [at_random, at_random_in_threads], ids=lambda which: str(which.__name__))
@pytest.mark.usefixtures("impatient")
def test_what_differs_at_random_diverges_or_goes_on(which: Any, seeded: random.Random) -> None:
    ways = set()
    for _ in range(ROUNDS):
        seed = seeded.random()
        chance.seed(seed)
        play, began = testing.Play(which), time.monotonic()
        while play.attempt(kill_after=chance.randrange(1, 6)):
            pass
        result = play.advance()
        assert time.monotonic() - began < SECONDS_MAX, seed
        assert result.status in ("succeeded", "diverged"), (seed, result.error)
        assert result.value == "ended" or result.status == "diverged", seed
        ways.add(result.status)
    assert ways == {"succeeded", "diverged"} or ROUNDS < 60
