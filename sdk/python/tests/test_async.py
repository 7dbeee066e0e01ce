"""Coroutines: order, loop time, cancellation, timeouts, executor jobs, picks."""

from __future__ import annotations

import asyncio
import contextvars
import random
import sys
import time
from typing import Any

import pytest

from hero_tracing import Timeout, _selector, flow, testing

bodies: list[str] = []
orders: list[list[str]] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    bodies.clear()
    orders.clear()


@flow
async def fetch(name: str, delay: float = 0.0) -> str:
    bodies.append(name)
    if delay:
        await asyncio.sleep(delay)
    return name.upper()


@flow
def plain(name: str) -> str:
    bodies.append(name)
    return name.upper()


@flow
async def one_by_one() -> list[str]:
    return [await fetch(name) for name in "abc"]


@flow
async def gathered() -> list[str]:
    return await asyncio.gather(fetch("a", 0.02), fetch("b", 0.01), fetch("c"))


@flow
async def grouped() -> list[str]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(fetch(name, delay)) for name, delay in (("a", 0.02), ("b", 0.01), ("c", 0))]
    return [task.result() for task in tasks]


@flow
async def sequences() -> list[str]:
    seen: list[str] = []

    async def sequence(name: str, delay: float) -> None:
        for number in range(3):
            seen.append(await fetch(f"{name}{number}", delay))

    await asyncio.gather(sequence("a", 0.003), sequence("b", 0.002))
    orders.append(list(seen))
    last = await fetch("last")
    return [*seen, last]


@flow
async def sync_in_async() -> list[str]:
    return [plain("x"), await fetch("y"), plain("z")]


@flow
async def threads() -> list[str]:
    first = await asyncio.to_thread(plain, "t")
    loop = asyncio.get_running_loop()
    more = await asyncio.gather(*(loop.run_in_executor(None, plain, name) for name in "uvw"))
    return [first, *more]


@flow
async def twins() -> list[Any]:
    return [
        await flow.aio.run("run", fetch, "r"),
        await flow.aio.run("sum", sum, [1, 2]),
        await flow.aio.map(fetch, ["m", "n"], concurrency=1),
        await flow.aio.gather(fetch("g"), lambda: fetch("h")),
        await flow.aio.invoke("plain", name="i"),
        await flow.aio.invoke("fetch", name="j"),
    ]


FLOWS: list[tuple[Any, Any]] = [
    (one_by_one, ["A", "B", "C"]),
    (gathered, ["A", "B", "C"]),
    (grouped, ["A", "B", "C"]),
    (sync_in_async, ["X", "Y", "Z"]),
    (threads, ["T", "U", "V", "W"]),
    (twins, ["R", 3, ["M", "N"], ["G", "H"], "I", "J"]),
]


@pytest.mark.parametrize("process", [False, True])
@pytest.mark.parametrize("always_replay", [False, True])
@pytest.mark.parametrize(("entry", "value"), FLOWS)
def test_async_flows(entry: Any, value: Any, always_replay: bool, process: bool) -> None:
    result = testing.run(entry, always_replay=always_replay, process=process)
    assert (result.status, result.value) == ("succeeded", value), result.failure
    if not always_replay and not process:
        assert len(bodies) == len(set(bodies))


@flow
async def names() -> list[str]:
    tasks = [asyncio.current_task(), *(asyncio.create_task(fetch("a"), name=name) for name in (None, "mine", None))]
    await asyncio.gather(*tasks[1:])
    return [task.get_name() for task in tasks if task]


def test_tasks_are_numbered_from_one_whatever_ran_before_in_the_process() -> None:
    for _ in range(2):
        asyncio.run(asyncio.sleep(0))
        *value, last = testing.run(names).value
        assert value == ["Task-1", "Task-2", "mine"]
        assert last == ("Task-3" if sys.version_info >= (3, 13) else "Task-4")  # older ones number first and name then


def test_the_order_of_completions_is_repeated() -> None:
    result = testing.run(sequences)
    assert result.value == [*orders[0], "LAST"]
    play = testing.Play(sequences)
    play.attempt(kill_after=7)
    result = play.advance()
    assert result.value[:6] == orders[-2] == orders[-1]
    assert bodies.count("last") == 2


@flow
async def timeline() -> list[Any]:
    seen: list[Any] = []

    async def ticks() -> None:
        for number in range(10):
            await asyncio.sleep(0.01)
            seen.append(number)

    async def steps() -> None:
        for number in range(4):
            seen.append(await fetch(f"s{number}", 0.017))

    await asyncio.gather(ticks(), steps())
    orders.append(list(seen))
    await fetch("end")
    return seen


def test_timers_keep_their_place_between_completions() -> None:
    play = testing.Play(timeline)
    play.attempt(kill_after=5)
    assert play.advance().status == "succeeded"
    assert orders[0] == orders[1]


@flow
async def with_timeouts() -> list[str]:
    seen = []
    for delay in (0.001, 5.0):
        try:
            async with asyncio.timeout(0.05):
                seen.append(await fetch(f"t{delay}", delay))
        except TimeoutError:
            seen.append("timeout")
    try:
        await asyncio.wait_for(fetch("w", 5.0), 0.01)
    except TimeoutError:
        seen.append("wait_for")
    seen.append(await fetch("end"))
    return seen


@pytest.mark.parametrize("clock", [None, testing.FakeClock()])
@pytest.mark.parametrize("always_replay", [False, True])
def test_cancelled_calls_are_recorded(always_replay: bool, clock: Any) -> None:
    result = testing.run(with_timeouts, always_replay=always_replay, clock=clock)
    assert result.value == ["T0.001", "timeout", "wait_for", "END"]
    assert [record[3] for record in result.records] == ["ok", "cancelled", "cancelled", "ok"]
    assert len(bodies) == len(set(bodies))


@flow(timeout=0.02, retries=1, backoff=0)
async def too_slow() -> None:
    bodies.append("try")
    await asyncio.sleep(30)


@flow
async def catches_timeout() -> str:
    try:
        await too_slow()
    except Timeout as error:
        return str(error)
    return ""


@pytest.mark.parametrize("always_replay", [False, True])
def test_step_timeouts_of_coroutines(always_replay: bool) -> None:
    result = testing.run(catches_timeout, always_replay=always_replay)
    assert result.value == "too_slow took longer than its timeout of 0.02 s"
    assert bodies == ["try", "try"]


@flow
async def fails(name: str) -> None:
    bodies.append(name)
    raise ValueError(name)


@flow
async def group_fails() -> list[str]:
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fetch("long", 30))
            group.create_task(fails("bad"))
    except ExceptionGroup as error:
        caught = [str(one) for one in error.exceptions]
    return [*caught, await fetch("after")]


@pytest.mark.parametrize("always_replay", [False, True])
def test_a_failing_sibling_cancels_the_others(always_replay: bool) -> None:
    result = testing.run(group_fails, always_replay=always_replay)
    assert result.value == ["bad", "AFTER"]
    assert [record[3] for record in result.records] == ["failed", "cancelled", "ok"]


@flow
async def nested_async(name: str) -> str:
    first, second = await asyncio.gather(fetch(name + "1", 0.002), fetch(name + "2", 0.001))
    return first + second


@flow
async def deep() -> list[str]:
    return await asyncio.gather(*(nested_async(name) for name in "xyz"))


def test_nested_calls() -> None:
    result = testing.run(deep, always_replay=True)
    assert result.value == ["X1X2", "Y1Y2", "Z1Z2"]
    assert set(bodies) == {f"{name}{number}" for name in "xyz" for number in (1, 2)}


@flow
async def picks() -> list[str]:
    seen = []
    for done in asyncio.as_completed([fetch("a", 0.01), fetch("b", 0.005), fetch("c")]):
        seen.append(await done)
    tasks = [asyncio.create_task(fetch(name, delay)) for name, delay in (("d", 0.02), ("e", 0.001))]
    finished, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    seen += sorted(task.result() for task in finished)
    await asyncio.wait(pending)
    seen += sorted(task.result() for task in pending)
    orders.append(seen)
    return [*seen, await fetch("end")]


def test_picks_are_repeated() -> None:
    result = testing.run(picks, always_replay=True)
    assert result.value == ["C", "B", "A", "E", "D", "END"]
    assert len(bodies) >= 6


@flow
async def spins() -> str:
    task = asyncio.create_task(fetch("s", 0.01))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    return task.result()


@pytest.mark.parametrize("always_replay", [False, True])
def test_a_spinning_task_gets_its_answer(always_replay: bool) -> None:
    assert testing.run(spins, always_replay=always_replay).value == "S"


@flow
def async_within_sync() -> str:
    async def inner() -> str:
        return (await fetch("i")) + plain("j")

    return asyncio.run(inner()) + asyncio.run(inner())


def test_asyncio_run_within_plain_code() -> None:
    result = testing.run(async_within_sync, always_replay=True)
    assert result.value == "IJIJ"


@flow
async def in_callback() -> str:
    loop = asyncio.get_running_loop()
    loop.call_soon(plain, "never")
    await asyncio.sleep(0.01)
    return "ok"


def test_a_call_in_a_loop_callback_fails_the_play() -> None:
    result = testing.run(in_callback)
    assert (result.status, result.failure and result.failure["code"]) == ("failed", "no_scope")


@flow
async def unasked(side: int = 0) -> str:
    bodies.append("run")
    if bodies.count("run") == 1:
        await fetch("only first")
    return await fetch("both")


def test_a_record_that_nobody_asks_for_is_passed_over() -> None:
    play = testing.Play(unasked)
    play.attempt(kill_after=2)
    result = play.advance()
    assert (result.status, result.value) == ("diverged", None)


@flow
async def unasked_branch() -> str:
    bodies.append("run")
    if bodies.count("run") == 1:
        await asyncio.gather(plain_async("p"), fetch("q"))
    return await nested_async("z")


@flow
async def plain_async(name: str) -> str:
    return name


def test_orphans_of_a_flow_that_is_not_deterministic() -> None:
    play = testing.Play(unasked_branch)
    play.attempt(kill_after=3)
    result = play.advance()
    assert (result.status, result.value) == ("succeeded", "Z1Z2")
    assert len(result.notices[0]["paths"]) == 2


contexts: Any = contextvars.ContextVar("contexts", default="none")


@flow
async def shared_context() -> list[Any]:
    shared = contextvars.copy_context()
    shared.run(contexts.set, "shared")

    async def sequence(name: str) -> list[str]:
        return [await fetch(f"{name}{number}", 0.001) + contexts.get() for number in range(2)]

    tasks = [asyncio.create_task(sequence(name), context=shared) for name in "ab"]
    return [await task for task in tasks]


def test_tasks_that_share_a_context() -> None:
    result = testing.run(shared_context, always_replay=True)
    assert result.value == [["A0shared", "A1shared"], ["B0shared", "B1shared"]], result.failure
    assert {record[0] for record in result.records} == {
        f"shared_context#0/~sequence#{branch}/fetch#{number}" for branch in range(2) for number in range(2)
    }


@flow
async def eager() -> list[str]:
    factory = getattr(asyncio, "eager_task_factory", None)  # from 3.12 on
    if factory is not None:
        asyncio.get_running_loop().set_task_factory(factory)
    seen: list[str] = []

    async def sequence(name: str) -> None:
        for number in range(2):
            seen.append(await fetch(f"{name}{number}", 0.001 if name == "a" else 0.0))

    await asyncio.gather(sequence("a"), sequence("b"), sequence("c"))
    orders.append(list(seen))
    await fetch("end")
    return seen


def test_eager_tasks() -> None:
    result = testing.run(eager, always_replay=True)
    assert result.status == "succeeded", result.failure
    assert orders[0] == orders[-1] == result.value


@flow
async def on_foreign_loop() -> None:
    def run() -> None:
        loop = asyncio.SelectorEventLoop()
        try:
            loop.run_until_complete(fetch("x"))
        finally:
            loop.close()

    await asyncio.to_thread(run)


def test_another_loop_is_a_named_error() -> None:
    result = testing.run(on_foreign_loop)
    assert (result.status, result.failure and result.failure["code"]) == ("failed", "foreign_loop")


@flow
async def subprocess_step() -> str:
    process = await asyncio.create_subprocess_exec("echo", "hi", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return out.decode()


@flow
async def with_subprocess() -> list[str]:
    return [*await asyncio.gather(subprocess_step(), fetch("f")), await fetch("g")]


@pytest.mark.parametrize("always_replay", [False, True])
def test_a_step_that_waits_for_a_real_descriptor(always_replay: bool) -> None:
    assert testing.run(with_subprocess, always_replay=always_replay, process=True).value == ["hi\n", "F", "G"]


@flow(retries=2, backoff=0)
async def flaky(name: str) -> str:
    kept = await asyncio.gather(fetch(name + "1"), fetch(name + "2"))
    bodies.append("try " + name)
    if bodies.count("try " + name) < 3:
        raise ConnectionError(name)
    return "".join(kept)


@flow
async def retried() -> list[str]:
    return await asyncio.gather(flaky("a"), flaky("b"))


def test_retried_coroutines_keep_finished_children() -> None:
    result = testing.run(retried)
    assert result.value == ["A1A2", "B1B2"]
    assert [bodies.count(name) for name in ("a1", "a2", "b1", "b2", "try a", "try b")] == [1, 1, 1, 1, 3, 3]


def test_retried_coroutines_with_kills() -> None:
    result = testing.run(retried, always_replay=True)
    assert result.value == ["A1A2", "B1B2"], result.failure


@flow(durability="buffered")
async def buffered(number: int) -> int:
    return number


@flow
async def many_buffered() -> list[int]:
    return [*await asyncio.gather(*(buffered(number) for number in range(5))), await buffered(5)]


def test_buffered_coroutines() -> None:
    assert testing.run(many_buffered, always_replay=True).value == list(range(6))


@flow
async def mapping_in_loop() -> list[str]:
    return flow.map(plain, ["a", "b"]) + flow.gather(lambda: plain("c"))


def test_a_plain_map_in_a_loop_runs_one_by_one() -> None:
    assert testing.run(mapping_in_loop, always_replay=True).value == ["A", "B", "C"]


@flow
async def fails_once() -> str:
    bodies.append("fails")
    if bodies.count("fails") == 1:
        raise ValueError("first")
    return "fine"


@flow
async def to_be_retried() -> list[str]:
    return await asyncio.gather(fetch("a"), fails_once(), fetch("slow", 5))


def test_a_retry_of_the_play_keeps_what_finished() -> None:
    play = testing.Play(to_be_retried, clock=testing.FakeClock())
    assert play.advance().status == "failed"
    play.journal.done = None
    failed = [path for path, record in play.journal.records.items() if record[3] == "failed"]
    for path in failed:
        del play.journal.records[path]
    result = play.advance()
    assert (result.status, result.value) == ("succeeded", ["A", "fine", "SLOW"]), result.failure
    assert bodies.count("a") == 1


def _sequences(seed: int) -> Any:
    delays = random.Random(seed)  # goes on over the attempts: bodies take another time in each

    @flow
    async def varied(name: str) -> str:
        bodies.append(name)
        await asyncio.sleep(delays.random() * 0.003)
        return name.upper()

    @flow
    async def scatter() -> list[str]:
        chance = random.Random(seed)
        seen: list[str] = []

        async def sequence(name: str) -> None:
            for number in range(4):
                way = chance.random()
                if way < 0.2:
                    seen.append(await asyncio.to_thread(plain, f"{name}{number}"))
                elif way < 0.4:
                    seen.append(plain(f"{name}{number}"))
                elif way < 0.6:
                    await asyncio.sleep(chance.random() * 0.002)
                    seen.append(f"slept {name}{number}")
                else:
                    seen.append(await varied(f"{name}{number}"))

        await asyncio.gather(sequence("a"), sequence("b"), sequence("c"))
        return seen

    return scatter


@pytest.mark.parametrize("seed", random.Random(7).sample(range(10**6), 40))
def test_random_sequences_replay_after_every_record(seed: int) -> None:
    print("seed", seed)
    scatter = _sequences(seed)
    result = testing.run(scatter, always_replay=True)
    assert result.status == "succeeded", result.failure
    assert len(result.value) == 12
    assert len(set(bodies)) == len([one for one in result.value if not one.startswith("slept")])


@flow
async def takes_it(name: str) -> list[str]:
    bodies.append(name)
    got: list[str] = []
    try:
        got.append(await fetch(name, 0.001))
        await asyncio.sleep(9)
    except asyncio.CancelledError:
        if name == "raises":
            raise ValueError(name) from None
    return got


@flow
async def takes_cancellations() -> list[Any]:
    seen: list[Any] = []
    try:
        async with asyncio.timeout(0.02):
            seen.append(await takes_it("limit"))
    except TimeoutError:
        seen.append("timeout")
    try:
        seen.append(await asyncio.wait_for(takes_it("raises"), 0.02))
    except ValueError as error:
        seen.append(str(error))
    task = asyncio.create_task(takes_it("task"))
    await asyncio.sleep(0.02)
    task.cancel()
    seen.append(await task)
    orders.append([str(one) for one in seen])
    return [*seen, await fetch("end")]


@pytest.mark.parametrize("always_replay", [False, True])
def test_a_step_that_answers_its_cancellation_gives_that_answer_again(always_replay: bool) -> None:
    result = testing.run(takes_cancellations, always_replay=always_replay)
    assert result.status == "succeeded", result.failure
    assert result.value == [["LIMIT"], "raises", ["TASK"], "END"]
    assert len(bodies) <= 7 + 3 * always_replay  # a body that was killed runs again


@flow
async def cancelled_after() -> list[str]:
    seen: list[str] = []

    async def caller() -> None:
        try:
            seen.append(await fetch("x", 0.01))
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            seen.append("cancelled")

    task = asyncio.create_task(caller())
    await asyncio.sleep(0.01)
    task.cancel()
    await task
    orders.append(list(seen))
    return [*seen, await fetch("end")]


def test_a_cancellation_that_finds_the_body_finished_reaches_its_caller_again() -> None:
    result = testing.run(cancelled_after, always_replay=True)
    assert result.status == "succeeded", result.failure
    assert all(order == orders[0] for order in orders)


@flow
async def slow_job(sync: bool) -> list[str]:
    async def late() -> list[str]:
        await asyncio.to_thread(time.sleep, 0.15)
        if sync:
            return list(await asyncio.gather(*(asyncio.to_thread(plain, f"b{number}") for number in range(3))))
        return list(await asyncio.gather(*(fetch(f"b{number}", 0.01) for number in range(3))))

    async def early() -> list[str]:
        return [await fetch(f"a{number}", 0.06) for number in range(4)]

    first, second = await asyncio.gather(early(), late())
    return [*first, *second, await fetch("end")]


@pytest.mark.parametrize("sync", [False, True])
def test_records_that_were_passed_over_still_answer(sync: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_selector, "PASS_OVER_SECONDS", 0.02)
    result = testing.run(slow_job, {"sync": sync}, always_replay=True)
    assert result.status == "succeeded", result.failure
    assert result.value == ["A0", "A1", "A2", "A3", "B0", "B1", "B2", "END"]
