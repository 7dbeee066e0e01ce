"""Sequences side by side, killed after every record and replayed, a thousand times: never swapped.

The steps take no arguments, so no fingerprint tells one call from another, and each run of a body draws a random token
that only its record keeps. So each place of each sequence must see one token over all attempts; a swap or a second run
shows as a second one. HERO_TEST_SEED repeats a failure; HERO_TEST_ROUNDS makes a longer run.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hero_tracing import flow, testing

ROUNDS = int(os.environ.get("HERO_TEST_ROUNDS", "1000"))
NAMES = "ab"
LENGTH = 2
# The shapes below need fewer rounds: each differs from the two sequences only in who starts the branches.
SHAPE_ROUNDS = max(ROUNDS // 50, 1)

chance = random.Random()  # goes on over the attempts, so that each takes other times and other turns
seen: dict[Any, set[str]] = {}  # tokens that each place got, over all attempts
drawn: list[str] = []
lock = threading.Lock()


@pytest.fixture(autouse=True)
def _forget(seeded: random.Random) -> None:
    chance.seed(seeded.random())


def got(place: Any, token: str) -> str:
    with lock:
        seen.setdefault(place, set()).add(token)
    return token


def token() -> str:
    with lock:
        drawn.append(uuid.uuid4().hex)
        return drawn[-1]


@flow
async def adraw() -> str:
    await asyncio.sleep(chance.random() * 0.001)
    return token()


@flow
def draw() -> str:
    time.sleep(chance.random() * 0.0005)
    return token()


# -- sequences --


async def asequence(name: str) -> list[str]:
    tokens = []
    for number in range(LENGTH):
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)  # something of another library, which takes its turns as it likes
        tokens.append(got((name, number), await adraw()))
    return tokens


def sequence(name: str) -> list[str]:
    tokens = []
    for number in range(LENGTH):
        time.sleep(chance.random() * 0.0002)
        tokens.append(got((name, number), draw()))
    return tokens


@flow
async def atwo() -> list[list[str]]:
    return list(await asyncio.gather(*map(asequence, NAMES)))


@flow
def two() -> list[list[str]]:
    found: dict[str, list[str]] = {}
    threads = [threading.Thread(target=lambda name=name: found.update({name: sequence(name)})) for name in NAMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[name] for name in NAMES]


@flow
def in_pool() -> list[list[str]]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(sequence, NAMES))


@flow
def in_kept_pool() -> list[list[str]]:
    """Threads that serve many plays are quicker to have than new ones."""
    return list(kept.map(sequence, NAMES))


kept = ThreadPoolExecutor(2)


@flow
def mapped() -> list[list[str]]:
    return flow.map(sequence, NAMES)


@flow
async def amapped() -> list[list[str]]:
    return await flow.aio.map(asequence, NAMES)


@flow
async def grouped() -> list[list[str]]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(asequence(name)) for name in NAMES]
    return [task.result() for task in tasks]


@flow
async def in_jobs() -> list[list[str]]:
    return list(await asyncio.gather(*(asyncio.to_thread(sequence, name) for name in NAMES)))


def check(which: Any, clock: Any = None, process: bool = False) -> None:
    """A play that is killed after every record has one token in each place, and no path that hangs on the order."""
    seen.clear()
    drawn.clear()
    result = testing.run(which, always_replay=True, clock=clock, process=process)
    assert result.status == "succeeded", (which.__name__, result.error, result.failure)
    assert len({record[0] for record in result.records}) == len(NAMES) * LENGTH
    if not process:
        assert {place: {one} for place, one in places(result.value).items()} == seen
        assert len(set(places(result.value).values())) == len(NAMES) * LENGTH
    branches = sorted({record[0].split("/")[1] for record in result.records})
    assert [branch[-2:] for branch in branches] == ["#0", "#1"], branches


def places(value: list[list[str]]) -> dict[Any, str]:
    return {(name, number): value[at][number] for at, name in enumerate(NAMES) for number in range(LENGTH)}


def test_two_sequences_of_coroutines_are_never_swapped() -> None:
    for number in range(ROUNDS):
        check(atwo, None if number % 8 == 0 else testing.FakeClock())


def test_two_sequences_of_threads_are_never_swapped() -> None:
    for number in range(ROUNDS):
        check(two if number % 8 == 0 else in_kept_pool)


@pytest.mark.parametrize("which", [in_pool, mapped, amapped, grouped, in_jobs], ids=lambda which: str(which.__name__))
def test_however_the_branches_are_started(which: Any) -> None:
    for _ in range(SHAPE_ROUNDS):
        check(which)


@pytest.mark.parametrize("which", [atwo, two, in_pool, grouped], ids=lambda which: str(which.__name__))
def test_in_processes_that_are_really_killed(which: Any) -> None:
    for _ in range(2):
        check(which, process=True)
