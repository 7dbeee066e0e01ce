"""What outlives its call: branches of a failed try, pools shut down on a loop's thread, cancellations of others."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from hero_tracing import ask_user, flow, testing
from hero_tracing._threads import JobCall

bodies: list[str] = []
tries: list[int] = []
gates: dict[str, threading.Event] = {}


@pytest.fixture(autouse=True)
def _forget() -> None:
    bodies.clear()
    tries.clear()
    gates.clear()
    gates["next try"] = threading.Event()


# -- of a failed try --


@flow
async def part(name: str, delay: float) -> str:
    bodies.append(name)
    await asyncio.sleep(delay)
    if name == "bad" and len(tries) < 3:
        raise ConnectionError(name)
    bodies.append(f"{name} ended")
    return name


async def sequence() -> list[str]:
    await asyncio.sleep(0.001)
    return [await part("one", 0.01), await part("two", 0.01)]


async def late() -> str:
    """Sleeps while its try fails, and calls when the next one has begun."""
    await asyncio.sleep(0.015)
    return await part("late", 0.0)


async def stubborn() -> str:
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(0.01)
    return await part("stubborn", 0.01)


@flow
async def nested() -> list[Any]:
    return list(await asyncio.gather(part("deep", 0.01), sequence()))


@flow(retries=3, backoff=0)
async def unsteady(which: str) -> list[Any]:
    tries.append(1)
    siblings = {"step": lambda: part("one", 0.01), "sequence": sequence, "late": late, "nested": nested}
    sibling = {**siblings, "stubborn": stubborn}[which]()
    return list(await asyncio.gather(sibling, part("bad", 0.005)))


@flow
async def goes_on(which: str) -> list[Any]:
    """The flow goes on for as long as something of an earlier try could come in between."""
    return [await unsteady(which), await part("after", 0.1)]


GIVEN: dict[str, Any] = {
    "step": "one",
    "sequence": ["one", "two"],
    "late": "late",
    "nested": ["deep", ["one", "two"]],
    "stubborn": "stubborn",
}


@pytest.mark.parametrize("always_replay", [False, True])
@pytest.mark.parametrize("which", GIVEN)
def test_tasks_of_a_failed_try_make_way_for_the_next(which: str, always_replay: bool) -> None:
    result = testing.run(goes_on, {"which": which}, always_replay=always_replay)
    assert result.value == [[GIVEN[which], "bad"], "after"], (result.error, result.failure)
    assert bodies.count("after") == 1


@flow
def job(name: str) -> str:
    bodies.append(name)
    if name == "bad" and len(tries) < 2:
        raise ConnectionError(name)
    if name == "slow":
        gates["failed"].wait(30)
    return name


def in_two_steps(told: Future[str]) -> str:
    with flow.step("block"):
        first = job("slow")
        if len(tries) < 2:
            assert gates["next try"].wait(30)  # and then calls from a try that is over
        told.set_result(job("then"))
    return first


@flow(retries=1, backoff=0)
def unsteady_jobs() -> list[str]:
    tries.append(1)
    if len(tries) == 2:
        gates["next try"].set()
    gates["failed"] = threading.Event()
    told: Future[str] = Future()
    thread = threading.Thread(target=in_two_steps, args=(told,))
    thread.start()
    try:
        return [job("bad"), told.result(30)]
    finally:
        gates["failed"].set()


@flow
def goes_on_in_threads() -> list[Any]:
    return [unsteady_jobs(), job("after")]


@pytest.mark.parametrize("always_replay", [False, True])
def test_threads_of_a_failed_try_are_waited_for_and_then_end(always_replay: bool) -> None:
    result = testing.run(goes_on_in_threads, always_replay=always_replay)
    assert result.value == [["bad", "then"], "after"], (result.error, result.failure)
    assert bodies.count("then") == 1
    if not always_replay:
        assert bodies.count("slow") == 1  # what it came to was kept for the next try


@flow(retries=1, backoff=0)
def asks_beside_a_failure() -> list[str]:
    """The play can park while the question of a thread keeps the next try from beginning."""
    tries.append(1)
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(ask_user.text("What?", name="what")))
    thread.start()
    if len(tries) < 3:
        while not plays[0].journal.questions:
            gates["next try"].wait(0.001)
        raise ConnectionError
    thread.join()
    return found


plays: list[testing.Play] = []


def test_a_question_of_a_failed_try_is_answered_first() -> None:
    plays[:] = [testing.Play(asks_in_a_call)]
    assert plays[0].advance().status == "waiting"
    plays[0].answer("what", "this")
    result = plays[0].advance()
    assert result.value == [["this"]], (result.error, result.failure)


@flow
def asks_in_a_call() -> list[Any]:
    return [asks_beside_a_failure()]


# -- pools that are shut down on a loop's thread --


@flow
def fetch(number: int, bad: int) -> int:
    if number == bad:
        raise ValueError(number)
    return number


@flow
async def pool_in_a_block(bad: int) -> Any:
    loop = asyncio.get_running_loop()
    try:
        with ThreadPoolExecutor(2) as pool:
            return await asyncio.gather(*(loop.run_in_executor(pool, fetch, number, bad) for number in range(4)))
    except ValueError as error:
        return error.args[0]


@flow
async def awaited_after_the_block(bad: int) -> Any:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as pool:
        jobs = [loop.run_in_executor(pool, fetch, number, bad) for number in range(4)]
    found = await asyncio.gather(*jobs, return_exceptions=True)
    return [one.args[0] if isinstance(one, ValueError) else one for one in found]


@pytest.mark.parametrize("always_replay", [False, True])
@pytest.mark.parametrize("bad", [-1, 0, 3])
def test_a_pool_is_shut_down_while_its_jobs_stand_at_the_gate(bad: int, always_replay: bool) -> None:
    result = testing.run(pool_in_a_block, {"bad": bad}, always_replay=always_replay)
    assert result.value == ([0, 1, 2, 3] if bad < 0 else bad), result.error
    result = testing.run(awaited_after_the_block, {"bad": bad}, always_replay=always_replay)
    assert result.value == [0, 1, 2, 3], result.error


# -- others' cancellations --


@flow
async def reads(which: str) -> str:
    bodies.append("reads")
    if which == "raised":
        raise asyncio.CancelledError("by the body itself")
    if which == "future":
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future.cancel()
        return await future
    task = asyncio.create_task(asyncio.sleep(5))
    await asyncio.sleep(0)
    task.cancel()
    await task
    return "nothing"


@flow
async def reads_on(which: str, in_task: bool) -> list[str]:
    try:
        await (asyncio.create_task(reads(which)) if in_task else reads(which))
    except asyncio.CancelledError:
        bodies.append("caught")
    return [await part("after", 0.0)]


@pytest.mark.parametrize("in_task", [False, True])
@pytest.mark.parametrize("which", ["raised", "future", "task"])
def test_a_cancellation_that_is_not_of_the_call_is_a_failure(which: str, in_task: bool) -> None:
    result = testing.run(reads_on, {"which": which, "in_task": in_task}, always_replay=True)
    assert result.value == ["after"], result.error
    assert bodies.count("reads") == 1 and bodies.count("after") == 1 and bodies[-1] != "reads"
    assert [record[3] for record in result.records] == ["failed", "ok"]


# -- of a call that has ended --


@flow
async def leaves_a_task(turns: int) -> str:
    """The task that it leaves behind calls a step, when its own outcome is on its way or has come."""

    async def later() -> str:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await part("late", 0.0)

    left_behind.append(asyncio.create_task(later()))
    return "left"


left_behind: list[Any] = []


@flow
async def goes_on_beside_it(turns: int) -> list[str]:
    found = await leaves_a_task(turns)
    return [found, await left_behind.pop(), await part("after", 0.0)]


@pytest.mark.parametrize("turns", range(5))
def test_a_task_that_outlives_its_call_cannot_call(turns: int) -> None:
    left_behind.clear()
    result = testing.run(goes_on_beside_it, {"turns": turns})
    assert (result.status, result.failure and result.failure["code"]) == ("failed", "ended_scope")
    assert "goes_on_beside_it#0/leaves_a_task#0, which has ended" in str(result.error)
    assert bodies == []


# -- jobs that a loop has left when it ends --


@flow
async def leaves_a_job() -> str:
    """Its threads come to their ends before the loop is closed, as without a play; a clock of a test is no limit."""

    def last_words() -> None:
        gates["next try"].wait(30)
        bodies.append("job ended")

    asyncio.get_running_loop().run_in_executor(None, last_words)
    try:
        return await asyncio.to_thread(job, "first")
    finally:
        gates["next try"].set()


def taken_up_late(call: Callable[[JobCall], Any]) -> Callable[[JobCall], Any]:
    """Threads of a busy machine have a job in hand for a while before it begins."""

    def late(job: JobCall) -> Any:
        if job.branch.engine.attempt == 1 and "last_words" in job.branch.path:
            time.sleep(0.05)
        return call(job)

    return late


@pytest.mark.parametrize("always_replay", [False, True])
@pytest.mark.parametrize("is_slow", [False, True])
def test_jobs_that_are_left_end_before_the_loop_does(
    is_slow: bool, always_replay: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_slow:
        monkeypatch.setattr(JobCall, "__call__", taken_up_late(JobCall.__call__))
    for _ in range(3 if is_slow else 20):
        bodies.clear()
        gates["next try"].clear()
        result = testing.run(leaves_a_job, clock=testing.FakeClock(), always_replay=always_replay)
        assert result.value == "first", (result.error, result.failure)
        assert bodies.count("first") == 1 and bodies.count("job ended") == result.attempts
