"""Steps side by side in every way that Python has, and a question after them.

Each step body leaves a line `ATTEMPT NAME` in effects.log, in the play's own directory.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hero_tracing import ask_user, flow


def effect(name: str) -> None:
    with open("effects.log", "a") as log:
        log.write(f"{flow.attempt} {name}\n")


@flow
async def work(name: str, delay_ms: int) -> str:
    effect(name)
    await asyncio.sleep(delay_ms / 1000)
    return name.upper()


@flow
def work_in_thread(name: str) -> str:
    effect(name)
    return name.upper()


async def sequence(side: str, delays_ms: list[int]) -> list[str]:
    """Not decorated: its steps interleave with those of the other side."""
    return [await work(f"{side}{number}", delay_ms) for number, delay_ms in enumerate(delays_ms)]


def sequence_in_thread(side: str) -> list[str]:
    return [work_in_thread(f"{side}{number}") for number in range(3)]


async def go_on() -> bool:
    return await ask_user.aio.confirm("Go on?", name="go_on")


@flow
async def gather() -> dict[str, Any]:
    """Steps, then undecorated sequences of steps."""
    steps = await asyncio.gather(*(work(f"step{number}", 15 - 5 * number) for number in range(3)))
    left, right = await asyncio.gather(sequence("left", [1, 8, 1]), sequence("right", [4, 1, 4]))
    return {"steps": steps, "left": left, "right": right, "go_on": await go_on()}


@flow
async def task_group() -> dict[str, Any]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(f"task{number}", 12 - 4 * number)) for number in range(3)]
        both = group.create_task(sequence("seq", [2, 2]))
    return {"steps": [task.result() for task in tasks], "both": both.result(), "go_on": await go_on()}


@flow
def pool_map() -> dict[str, Any]:
    with ThreadPoolExecutor(max_workers=3) as pool:
        steps = list(pool.map(work_in_thread, [f"job{number}" for number in range(5)]))
        left, right = pool.map(sequence_in_thread, ["left", "right"])
    return {"steps": steps, "left": left, "right": right, "go_on": ask_user.confirm("Go on?", name="go_on")}


@flow
async def to_thread() -> dict[str, Any]:
    steps = await asyncio.gather(*(asyncio.to_thread(work_in_thread, f"job{number}") for number in range(4)))
    left, right = await asyncio.gather(*(asyncio.to_thread(sequence_in_thread, side) for side in ("left", "right")))
    return {"steps": steps, "left": left, "right": right, "go_on": await go_on()}


@flow
def flow_map() -> dict[str, Any]:
    """The same by the means of `flow` itself, under a limit."""
    steps = flow.map(work_in_thread, [f"item{number}" for number in range(5)], concurrency=2)
    return {"steps": steps, "go_on": ask_user.confirm("Go on?", name="go_on")}
