"""What numbers and completions hang on: where a call is made and what was recorded, never who ran first this time.

The flows here run in another order in each attempt (`flow.attempt`), as threads and libraries may. Each run of a body
draws a random token that only its record keeps, so that a swap or a second run shows as a second token of one place.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import queue
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hero_tracing import flow, testing

seen: dict[Any, set[str]] = {}  # tokens that each place got, over all attempts
lock = threading.Lock()


@pytest.fixture(autouse=True)
def _forget() -> None:
    seen.clear()


def got(place: Any, token: str) -> str:
    with lock:
        seen.setdefault(place, set()).add(token)
    return token


def has_one_token_each(result: testing.Result, *places: Any) -> bool:
    """Whether each of these places, and no other, got one token of its own in all attempts; no step ran for none."""
    assert result.status == "succeeded", (result.error, result.failure)
    tokens = [token for one in seen.values() for token in one]
    paths = [record[0] for record in result.records]
    return set(seen) == set(places) and len(paths) == len(tokens) == len(places) == len(set(tokens))


@flow
def draw() -> str:
    return uuid.uuid4().hex


@flow
async def adraw() -> str:
    return uuid.uuid4().hex


@flow
def work(label: Any) -> list[Any]:
    return [label, uuid.uuid4().hex]


@flow
async def awork(label: Any) -> list[Any]:
    return [label, uuid.uuid4().hex]


def labels(result: testing.Result) -> dict[str, Any]:
    """What each step by its path was called with."""
    return {record[0]: json.loads(record[4])[0] for record in result.records if record[1] == "flow"}


def is_odd() -> bool:
    return flow.attempt % 2 == 1


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


# -- a call has its path when it is made --


@flow
async def awaited_backwards() -> list[Any]:
    first, second = awork("first"), awork("second")
    try:
        later = await second
        return [await first, later]
    finally:
        first.close()  # where this attempt is over


def test_a_coroutine_has_its_path_when_it_is_called() -> None:
    result = testing.run(awaited_backwards)
    assert labels(result) == {"awaited_backwards#0/awork#1": "second", "awaited_backwards#0/awork#0": "first"}
    assert [token[0] for token in testing.run(awaited_backwards, always_replay=True).value] == ["first", "second"]


@flow
def called_here_run_there() -> list[str]:
    """Which coroutine runs first is up to the threads, and another one in each attempt."""
    made, done = [adraw(), adraw()], [threading.Event(), threading.Event()]

    def run(at: int) -> str:
        try:
            if at != is_odd():  # 0 in odd attempts, 1 in even ones
                assert done[1 - at].wait(60)
            return got(at, asyncio.run(made[at]))
        finally:
            done[at].set()

    try:
        return flow.gather(lambda: run(0), lambda: run(1))
    finally:
        for coroutine in made:
            coroutine.close()


def test_coroutines_keep_their_paths_whichever_runs_first() -> None:
    result = testing.run(called_here_run_there, always_replay=True)
    assert has_one_token_each(result, 0, 1), (seen, result.records)


@flow
async def gathered() -> list[Any]:
    return list(await asyncio.gather(awork(1), awork(2)))


def test_gathered_steps() -> None:
    result = testing.run(gathered, always_replay=True)
    assert [label for label, _ in result.value] == [1, 2]
    assert labels(result) == {"gathered#0/awork#0": 1, "gathered#0/awork#1": 2}


# -- a branch has its number when it is submitted --


@flow
def one_job_is_cancelled() -> list[str]:
    """Whether a worker took the job before it was cancelled depends on the workers."""
    gate, taken = threading.Event(), threading.Event()

    def job(name: str) -> str:
        if name == "first":
            assert gate.wait(60)
        if name == "second":
            taken.set()
            return name
        return got(name, draw())

    with ThreadPoolExecutor(1) as pool:
        first, second, third = (pool.submit(job, name) for name in ("first", "second", "third"))
        if is_odd():
            second.cancel()
            gate.set()
        else:
            gate.set()
            if first.exception() is None:
                assert taken.wait(60)
        return [first.result(), third.result()]


def test_a_job_has_its_number_whether_or_not_a_worker_takes_it() -> None:
    result = testing.run(one_job_is_cancelled, always_replay=True)
    assert has_one_token_each(result, "first", "third"), (seen, result.records)


def test_jobs_are_numbered_in_the_order_of_the_map() -> None:
    @flow
    def pool_map() -> list[Any]:
        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(lambda label: work(label), range(9)))

    result = testing.run(pool_map, always_replay=True)
    assert [label for label, _ in result.value] == list(range(9))
    assert {path.split("#")[2][0]: label for path, label in labels(result).items()} == {
        str(number): number for number in range(9)
    }


async def of_a_library() -> None:
    await asyncio.gather(*(turns(number) for number in range(3)))


@flow
async def beside_a_library() -> list[str]:
    """A library makes tasks and threads of its own between the flow's, as many as it likes."""

    async def sequence(name: str) -> list[str]:
        tokens = []
        for number in range(3):
            others = [asyncio.create_task(of_a_library()) for _ in range((flow.attempt * 7 + number) % 4)]
            tokens.append(got((name, number), await adraw()))
            await asyncio.wait_for(turns(flow.attempt % 3), 60)  # makes a task on Python 3.11
            await asyncio.gather(*others)
        return tokens

    threads = [threading.Thread(target=int) for _ in range(flow.attempt % 3)]
    for thread in threads:
        thread.start()
        thread.join()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(sequence(name)) for name in "ab"]
    return [token for task in tasks for token in task.result()]


def test_tasks_of_a_library_shift_nothing() -> None:
    result = testing.run(beside_a_library, always_replay=True)
    assert has_one_token_each(result, *((name, number) for name in "ab" for number in range(3))), (seen, result.records)
    assert not result.notices


# -- completions come in record order, when nothing else is ready --


@flow
async def two_steps(turns_of_a: int) -> list[Any]:
    """`a` goes on for some turns after its step; `b` has its answer in the middle of them."""
    order: list[str] = []

    async def branch(name: str, count: int) -> None:
        await awork(name)
        await turns(count)
        order.append(name)

    await asyncio.gather(branch("a", turns_of_a), branch("b", 0))
    return [*order, await awork(order)]


@flow
async def step_beside_turns(count: int) -> list[Any]:
    """A step that never suspends, beside a sibling that has turns left."""
    order: list[str] = []

    async def busy() -> None:
        await turns(count)
        order.append("busy")

    async def steps() -> None:
        await awork("step")
        order.append("step")

    await asyncio.gather(busy(), steps())
    return [*order, await awork(order)]


def order_live_and_replayed(which: Any, inputs: dict[str, Any], records: int) -> list[str]:
    """The order of completions, which the last step of the flow was told: the same live and on replay."""
    play = testing.Play(which, inputs)
    assert play.attempt(kill_after=records)
    result = play.advance()
    assert result.status == "succeeded", result.failure
    assert testing.run(which, inputs, always_replay=True).value[:2] == result.value[:2]
    return [str(name) for name in result.value[:2]]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8, 20])
def test_what_runs_between_two_completions_runs_to_its_end(count: int) -> None:
    assert order_live_and_replayed(two_steps, {"turns_of_a": count}, 3) == ["a", "b"]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 20])
def test_a_live_completion_waits_as_a_recorded_one_does(count: int) -> None:
    assert order_live_and_replayed(step_beside_turns, {"count": count}, 2) == ["busy", "step"]


# -- picks --


@flow
async def picks_in_list_order(labels_in_order: list[int]) -> list[int]:
    """asyncio's own makes tasks of the coroutines in the order of their addresses."""

    async def branch(label: int) -> int:
        return int((await awork(label))[0])

    return [await done for done in asyncio.as_completed([branch(label) for label in labels_in_order])]


def test_coroutines_to_be_completed_are_branches_in_the_order_of_the_list() -> None:
    result = testing.run(picks_in_list_order, {"labels_in_order": list(range(40))}, always_replay=False)
    assert {path.split("/")[1]: label for path, label in labels(result).items()} == {
        f"~branch#{number}": number for number in range(40)
    }
    assert testing.run(picks_in_list_order, {"labels_in_order": [3, 1, 2]}, always_replay=True).status == "succeeded"


winners: list[str] = []


@flow
async def first_of_tasks(how: str) -> list[Any]:
    """Who is first is up to something real, and is another one in each attempt."""
    loop = asyncio.get_running_loop()
    first, second = "ab" if is_odd() else "ba"
    events, ended = {name: asyncio.Event() for name in "ab"}, threading.Event()

    async def racer(name: str) -> str:
        await events[name].wait()
        ended.set()
        return name

    def tell() -> None:
        loop.call_soon_threadsafe(events[first].set)
        assert ended.wait(60)
        loop.call_soon_threadsafe(events[second].set)

    tasks = [asyncio.create_task(racer(name), name=name) for name in "ab"]
    teller = threading.Thread(target=tell)
    teller.start()
    if how == "as_completed":
        winner = await next(iter(asyncio.as_completed(tasks)))
    else:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        winner = next(task.get_name() for task in tasks if task in done)
    teller.join()
    await asyncio.gather(*tasks)
    winners.append(winner)
    return [winner, await awork(winner)]


@flow
def first_of_futures(how: str) -> list[Any]:
    first, second = "ab" if is_odd() else "ba"
    gates = {name: threading.Event() for name in "ab"}

    def racer(name: str) -> str:
        assert gates[name].wait(60)
        return name

    with ThreadPoolExecutor(2) as pool:
        futures = {name: pool.submit(racer, name) for name in "ab"}
        futures[first].add_done_callback(lambda _done: gates[second].set())
        gates[first].set()
        if how == "as_completed":
            winner = next(concurrent.futures.as_completed(futures.values())).result()
        else:
            done, _ = concurrent.futures.wait(futures.values(), return_when=concurrent.futures.FIRST_COMPLETED)
            winner = next(name for name in "ab" if futures[name] in done)
    winners.append(winner)
    return [winner, work(winner)]


@pytest.mark.parametrize("how", ["as_completed", "wait"])
@pytest.mark.parametrize("which", [first_of_tasks, first_of_futures], ids=["tasks", "futures"])
def test_who_was_first_is_first_again(which: Any, how: str) -> None:
    for _ in range(10):
        winners.clear()
        play = testing.Play(which, {"how": how})
        assert play.attempt(kill_after=2)  # the pick, and the step that was told of it
        result = play.advance()
        assert result.status == "succeeded", result.failure
        assert winners[0] == winners[1] == result.value[0]


# -- queues --


@flow
async def workers_of_a_queue() -> list[str]:
    items: asyncio.Queue[int] = asyncio.Queue()
    for number in range(8):
        items.put_nowait(number)
    found: dict[int, str] = {}

    async def worker() -> None:
        while not items.empty():
            number = await items.get()
            found[number] = got(number, await adraw())

    await asyncio.gather(*(worker() for _ in range(3)))
    return [found[number] for number in range(8)]


def test_workers_of_an_asyncio_queue_get_their_items_again() -> None:
    result = testing.run(workers_of_a_queue, always_replay=True)
    assert has_one_token_each(result, *range(8)), (seen, result.records)


def take_turns(step: Callable[[str], list[Any]], names: str = "abcd") -> dict[str, str]:
    """Two threads share a queue. Who takes the next item is up to the threads, and another one in each attempt."""
    items: queue.Queue[str] = queue.Queue()
    for name in names:
        items.put(name)
    found: dict[str, str] = {}
    turn = [threading.Semaphore(int(is_odd())), threading.Semaphore(int(not is_odd()))]

    def worker(at: int) -> None:
        try:
            for _ in range(len(names) // 2):
                assert turn[at].acquire(timeout=60)
                name = items.get()
                label, token = step(name)
                assert label == name, f"{name} was answered by {label}"
                found[name] = got(name, token)
                turn[1 - at].release()
        finally:
            for other in turn:  # also where this attempt is over
                other.release()

    flow.gather(lambda: worker(0), lambda: worker(1))
    return found


@flow
def queue_with_keys() -> dict[str, str]:
    return take_turns(lambda name: work.with_key(name)(name))


@flow
def queue_without_keys() -> dict[str, str]:
    return take_turns(work)


def test_threads_share_a_queue_with_keys() -> None:
    result = testing.run(queue_with_keys, always_replay=True)
    assert has_one_token_each(result, *"abcd"), (seen, result.records)
    assert set(labels(result)) == {f'queue_with_keys#0/work["{name}"]' for name in "abcd"}


def test_without_keys_the_error_says_to_give_one() -> None:
    result = testing.run(queue_without_keys, always_replay=True)
    assert result.status == "diverged" and result.failure is not None
    assert "give the step a key=" in result.failure["hint"]
    assert "queues" in result.failure["hint"]
    assert result.failure["expected"] != result.failure["actual"]


# -- cancelled calls --


@flow
async def endless() -> str:
    bodies.append("endless")
    await asyncio.Event().wait()
    return "never"


bodies: list[str] = []


@flow
async def gives_up() -> list[Any]:
    try:
        await asyncio.wait_for(endless(), 0.001)
    except TimeoutError:
        bodies.append("gave up")
    return [await adraw(), await adraw()]


def test_a_cancelled_call_is_not_run_again() -> None:
    bodies.clear()
    play = testing.Play(gives_up, clock=testing.FakeClock())
    for _ in range(3):
        assert play.attempt(kill_after=1)
        assert bodies.count("endless") == 1
    result = play.advance()
    assert result.status == "succeeded", result.failure
    assert bodies == ["endless", *["gave up"] * 3]
