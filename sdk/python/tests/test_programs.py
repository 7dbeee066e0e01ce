"""Random programs of steps, branches, failures, retries and questions, killed at random and replayed.

A program is data, as a flow gets it: `[kind, …]`. What it comes to is also computed without any flow (`expected`).
Every step returns its label with a random token that only its record keeps, so that a swap or a second run shows.
HERO_TEST_SEED repeats a failure, HERO_PROGRAM_SEED one program of it; HERO_TEST_ROUNDS makes a longer run.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hero_tracing import ask_user, flow, testing

ROUNDS = int(os.environ.get("HERO_TEST_ROUNDS", "100"))

tokens: dict[str, set[str]] = {}  # of each label, by every run of its body
lock = threading.Lock()


def made(label: str) -> list[str]:
    token = uuid.uuid4().hex
    with lock:
        tokens.setdefault(label, set()).add(token)
    return [label, token]


# -- steps --


@flow
def work(label: str) -> list[str]:
    return made(label)


@flow
async def awork(label: str, delay: float) -> list[str]:
    if delay:
        await asyncio.sleep(delay)
    return made(label)


@flow
def fails(label: str) -> list[str]:
    made(label)
    raise ValueError(label)


@flow
async def afails(label: str, delay: float) -> list[str]:
    await asyncio.sleep(delay)
    made(label)
    raise ValueError(label)


tries: dict[str, int] = {}


@flow(retries=4, backoff=0)
def unsteady(label: str, node: list[Any]) -> list[Any]:
    """Fails in its first two tries of each attempt, after what stands beneath it."""
    inner = run(node)
    with lock:
        tries[label] = number = tries.get(label, 0) + 1
    if number < 3:
        raise ConnectionError(label)
    return ["unsteady", inner]


@flow(retries=4, backoff=0)
async def aunsteady(label: str, node: list[Any]) -> list[Any]:
    inner = await arun(node)
    with lock:
        tries[label] = number = tries.get(label, 0) + 1
    if number < 3:
        raise ConnectionError(label)
    return ["unsteady", inner]


@flow
def nested(node: list[Any]) -> list[Any]:
    return ["nested", run(node)]


@flow
async def anested(node: list[Any]) -> list[Any]:
    return ["nested", await arun(node)]


# -- the two interpreters --


def run(node: list[Any]) -> Any:
    kind, rest = node[0], node[1:]
    if kind == "step":
        return work(rest[0])
    if kind == "all":
        return [run(child) for child in rest[0]]
    if kind in ("branches", "group"):
        return flow.map(run, rest[0])
    if kind == "threads":
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(run, rest[0]))
    if kind == "switch":  # to the other way of running
        return asyncio.run(arun(rest[0]))
    if kind == "caught":
        try:
            return [run(rest[0]), fails(rest[1])]
        except ValueError as error:
            return ["caught", error.args[0]]
    if kind == "unsteady":
        return unsteady(rest[0], rest[1])
    if kind == "nested":
        return nested(rest[0])
    if kind == "block":
        with flow.step("block"):
            return run(rest[0])
    assert kind == "ask"
    return ask_user.text("What?", name=rest[0])


async def arun(node: list[Any]) -> Any:
    kind, rest = node[0], node[1:]
    if kind == "step":
        return await awork(rest[0], rest[1])
    if kind == "all":
        return [await arun(child) for child in rest[0]]
    if kind == "branches":
        return list(await asyncio.gather(*(arun(child) for child in rest[0])))
    if kind == "group":
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(arun(child)) for child in rest[0]]
        return [task.result() for task in tasks]
    if kind == "threads":
        return list(await asyncio.gather(*(asyncio.to_thread(run, child) for child in rest[0])))
    if kind == "switch":
        return await asyncio.to_thread(run, rest[0])
    if kind == "caught":
        caught = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(arun(rest[0]))
                group.create_task(afails(rest[1], rest[2]))
        except* ValueError as errors:
            caught = ["caught", errors.exceptions[0].args[0]]
        return caught
    if kind == "unsteady":
        return await aunsteady(rest[0], rest[1])
    if kind == "nested":
        return await anested(rest[0])
    if kind == "block":
        with flow.step("block"):
            return await arun(rest[0])
    assert kind == "ask"
    if rest[1]:
        return ask_user.text("What?", name=rest[0])  # plain code on the loop's thread
    return await ask_user.aio.text("What?", name=rest[0])


@flow
def program(node: Any) -> Any:
    return run(node)


@flow
async def aprogram(node: Any) -> Any:
    return await arun(node)


# -- what is right --


def expected(node: list[Any]) -> Any:
    kind, rest = node[0], node[1:]
    if kind == "step":
        return [rest[0]]
    if kind in ("all", "branches", "group", "threads"):
        return [expected(child) for child in rest[0]]
    if kind in ("switch", "block"):
        return expected(rest[0])
    if kind == "caught":
        return ["caught", rest[1]]
    if kind == "unsteady":
        return ["unsteady", expected(rest[1])]
    if kind == "nested":
        return ["nested", expected(rest[0])]
    return f"answer of {rest[0]}"


def agrees(value: Any, node: list[Any]) -> bool:
    """Whether this is what the program comes to, each step with a token that it has made."""
    kind, rest = node[0], node[1:]
    if kind == "step":
        return bool(value[0] == rest[0] and value[1] in tokens[rest[0]])
    if kind in ("all", "branches", "group", "threads"):
        return len(value) == len(rest[0]) and all(map(agrees, value, rest[0]))
    if kind in ("switch", "block"):
        return agrees(value, rest[0])
    if kind in ("unsteady", "nested"):
        return bool(value[0] == kind and agrees(value[1], rest[-1]))
    return bool(value == expected(node))


KINDS = ["all", "all", "branches", "branches", "group", "threads", "switch", "caught", "unsteady", "nested", "block"]


class Generator:
    """Random programs. Labels and names are unique within one."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.number = 0
        self.questions: list[str] = []

    def label(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    def node(self, depth: int, *above: str) -> list[Any]:
        """A program beneath nodes of these kinds."""
        source = self.source
        may_ask = "caught" not in above  # a question beside a failure may or may not be given up
        if depth == 0 or source.random() < 0.15:
            if may_ask and source.random() < 0.12:
                name = self.label("q")
                self.questions.append(name)
                return ["ask", name, source.random() < 0.5]
            return ["step", self.label("s"), source.choice([0.0, 0.0, 0.001, 0.003])]
        kind = source.choice(KINDS)
        if kind in ("threads", "switch") and "caught" in above and ("unsteady" in above or "nested" in above):
            kind = "group"  # a thread would outlive the call that is cancelled, or the try of it
        if kind in ("all", "branches", "group", "threads"):
            return [kind, [self.node(depth - 1, *above, kind) for _ in range(source.randrange(1, 4))]]
        label = [self.label("u")] if kind == "unsteady" else []
        below = self.node(depth - 1, *above, kind)
        if kind == "caught":
            return [kind, below, self.label("f"), source.choice([0.0, 0.001, 0.002])]
        return [kind, *label, below]


def test_random_programs_agree(seeded: random.Random) -> None:
    one = os.environ.get("HERO_PROGRAM_SEED")
    for seed in [seeded.randrange(2**32) for _ in range(ROUNDS)] if one is None else [int(one)]:
        check(seed)


def test_a_record_whose_turn_was_cancelled_answers_the_next_try() -> None:
    inner = ["caught", ["step", "s3", 0.001], "f4", 0.001]
    outer = ["caught", ["group", [["step", "s1", 0.0], ["step", "s2", 0.001], inner]], "f5", 0.002]
    for kill_after in range(1, 10):
        agree(aprogram, ["unsteady", "u6", outer], kills=[kill_after] * 7)


def test_plain_questions_upon_one_another() -> None:
    asks = [["group", [["step", "s1", 0.003], ["ask", "q2", True]]], ["nested", ["ask", "q3", True]]]
    for order in ("q2", "q3"):
        play = testing.Play(aprogram, {"node": ["branches", asks]})
        play.advance()
        play.answer(order, f"answer of {order}")
        assert play.advance().status == "waiting"
        other = {"q2": "q3", "q3": "q2"}[order]
        play.answer(other, f"answer of {other}")
        assert play.advance().status == "succeeded"


def check(seed: int) -> None:
    source = random.Random(seed)
    generator = Generator(source)
    node = generator.node(source.randrange(2, 5))
    which = source.choice([program, aprogram])
    hold = source.random() < 0.5
    kills = [source.randrange(1, 10) for _ in range(source.randrange(1, 8))]
    agree(which, node, kills, generator.questions, hold, f"seed {seed}: ")


def agree(
    which: Any, node: list[Any], kills: list[int], questions: Sequence[str] = (), hold: bool = True, told: str = ""
) -> None:
    """A program whose first attempts are killed after so many records each comes to what it says."""
    tokens.clear()
    tries.clear()
    play = testing.Play(which, {"node": node}, answers={name: f"answer of {name}" for name in questions}, hold=hold)
    told += f"{which.__name__} {node} {kills} {hold}"
    try:
        for kill_after in kills:
            if play.journal.done is not None or not play.attempt(kill_after):
                break
        result = play.advance()
    except RuntimeError as error:
        raise AssertionError(told) from error
    assert result.status == "succeeded", f"{told}: {result!r} {result.error!r} {result.failure}"
    assert agrees(result.value, node), f"{told}: {result.value}"
    paths = [record[0] for record in result.records]
    assert len(set(paths)) == len(paths), told
