"""Threads, pools and maps: branches where they are submitted, whatever the order in which they run."""

from __future__ import annotations

import concurrent.futures
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

from hero_tracing import flow, testing
from hero_tracing._call import pass_gate

bodies: list[str] = []
delays = random.Random(3)


@pytest.fixture(autouse=True)
def _forget() -> None:
    bodies.clear()


@flow
def work(name: str) -> str:
    time.sleep(delays.random() * 0.002)
    bodies.append(name)
    return name.upper()


def sequence(name: str) -> list[str]:
    return [work(f"{name}{number}") for number in range(3)]


@flow
def pool() -> list[Any]:
    with ThreadPoolExecutor(3) as executor:
        return list(executor.map(sequence, "abcd"))


@flow
def bare_threads() -> list[Any]:
    results: dict[str, list[str]] = {}

    def run(name: str) -> None:
        results[name] = sequence(name)

    threads = [threading.Thread(target=run, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[name] for name in "abcd"]


@flow
def mapped() -> list[Any]:
    return flow.map(sequence, "abcd", concurrency=3)


@flow
def gathered() -> list[Any]:
    return flow.gather(*(lambda name=name: sequence(name) for name in "abcd"))


EXPECTED = [[f"{name}{number}" for number in range(3)] for name in "ABCD"]


@pytest.mark.parametrize("process", [False, True])
@pytest.mark.parametrize("entry", [pool, bare_threads, mapped, gathered])
def test_interleaved_sequences_replay_after_every_record(entry: Any, process: bool) -> None:
    result = testing.run(entry, always_replay=True, process=process)
    assert (result.status, result.value) == ("succeeded", EXPECTED), result.failure


def test_paths_do_not_depend_on_the_workers() -> None:
    paths = {record[0] for record in testing.run(pool).records}
    assert paths == {f"pool#0/~sequence#{branch}/work#{number}" for branch in range(4) for number in range(3)}


@flow
def queue_of_work() -> list[str]:
    queue: SimpleQueue[str] = SimpleQueue()
    for name in "abcdefgh":
        queue.put(name)
    results: list[str] = []

    def worker() -> None:
        while True:
            try:
                name = queue.get_nowait()
            except Empty:
                return
            results.append(work.with_key(name)(name))

    flow.gather(worker, worker, worker)
    return sorted(results)


def test_keys_make_a_shared_queue_replay_right() -> None:
    result = testing.run(queue_of_work, always_replay=True)
    assert (result.status, result.value) == ("succeeded", list("ABCDEFGH")), result.failure


@flow
def completed() -> list[str]:
    with ThreadPoolExecutor(4) as executor:
        futures = [executor.submit(work, name) for name in "abcd"]
        order = [future.result() for future in concurrent.futures.as_completed(futures)]
        more = [executor.submit(work, name) for name in "ef"]
        done, _ = concurrent.futures.wait(more, return_when=concurrent.futures.FIRST_COMPLETED)
        first = min(future.result() for future in done)
    work("-".join([*order, first]))
    return [*order, first]


def test_picks_of_futures_are_repeated() -> None:
    for _ in range(10):
        play = testing.Play(completed)
        play.attempt(kill_after=100)
        assert play.journal.done is not None
        first = play.value
        play.journal.done = None
        play.journal.begin_attempt()
        again = play.advance()
        assert (again.status, again.value) == ("succeeded", first), again.failure


def test_picks_with_kills() -> None:
    result = testing.run(completed, always_replay=True)
    assert result.status == "succeeded", result.failure
    assert sorted(result.value[:4]) == list("ABCD")


@flow
def failing(name: str) -> str:
    bodies.append(name)
    if name in "bc":
        raise ValueError(name)
    return name


@flow
def failures() -> str:
    try:
        flow.map(failing, "abcd")
    except ValueError as error:
        return str(error)
    return ""


def test_a_map_raises_the_first_failure_in_order() -> None:
    result = testing.run(failures, always_replay=True)
    assert result.value == "b"
    assert set(bodies) == set("abcd")


@flow
def by_name() -> list[str]:
    return flow.map("work", [{"name": "x"}, {"name": "y"}])


def test_a_map_over_a_flow_by_name() -> None:
    assert testing.run(by_name, always_replay=True).value == ["X", "Y"]


@flow
def outlives() -> str:
    released = threading.Event()
    errors: list[BaseException] = []

    @flow
    def starter() -> None:
        def late() -> None:
            released.wait(5)
            try:
                work("late")
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=late)
        thread.start()
        threads.append(thread)

    threads: list[threading.Thread] = []
    starter()
    released.set()
    threads[0].join()
    return type(errors[0]).__name__


def test_a_thread_that_outlives_its_call_cannot_call() -> None:
    result = testing.run(outlives)
    assert (result.status, result.failure and result.failure["code"]) == ("failed", "ended_scope")


def test_the_hooks_are_gone_after_a_run() -> None:
    before = (threading.Thread.start, ThreadPoolExecutor.submit, concurrent.futures.as_completed)
    testing.run(pool)
    assert before == (threading.Thread.start, ThreadPoolExecutor.submit, concurrent.futures.as_completed)


@pytest.mark.parametrize("seed", random.Random(11).sample(range(10**6), 15))
def test_random_threads_replay_after_every_record(seed: int) -> None:
    print("seed", seed)
    chance = random.Random(seed)

    @flow
    def scatter() -> list[Any]:
        def run(name: str) -> list[str]:
            got = []
            for number in range(chance_of[name]):
                got.append(work(f"{name}{number}"))
                if number == 1:
                    got += flow.map(work, [f"{name}-{item}" for item in range(2)])
            return got

        chance_of = {name: random.Random(f"{seed}{name}").randrange(1, 4) for name in "abc"}
        return flow.map(run, "abc", concurrency=random.Random(seed).randrange(1, 4))

    result = testing.run(scatter, always_replay=True)
    assert result.status == "succeeded", result.failure
    assert chance is not None
    assert [group[0] for group in result.value] == ["A0", "B0", "C0"]


@pytest.mark.parametrize("ends_by", ["closed", "stopped"])
def test_nobody_is_left_at_a_gate_that_closes_just_then(ends_by: str) -> None:
    """A job looks whether the gate is open, and comes to it when it no longer is: after all others were let through."""

    class Closing:
        """Open when it is first looked at."""

        lock, looks = threading.RLock(), 0
        loop = SimpleNamespace(wake=lambda: None)
        ask = staticmethod(lambda *_: None)

        @property
        def is_closed(self) -> bool:
            self.looks += 1
            if ends_by == "stopped":
                engine.stop = "killed"
                return False
            return self.looks > 1

    records = SimpleNamespace(is_late=lambda _: False, keep=lambda _: None)
    engine = SimpleNamespace(records=records, move=lambda _: None, stop=None, stopped=InterruptedError)
    job = SimpleNamespace(came_back=lambda: None, waits=False)
    scope = SimpleNamespace(gate=Closing(), job=job, keep=False)
    ended: list[str] = []

    def come() -> None:
        try:
            pass_gate(engine, scope, ["path"])  # type: ignore[arg-type]
            ended.append("closed")
        except InterruptedError:
            ended.append("stopped")

    thread = threading.Thread(target=come, daemon=True)
    thread.start()
    thread.join(20)
    assert ended == [ends_by] and not job.waits
