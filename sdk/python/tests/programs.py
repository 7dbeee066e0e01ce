"""A flow that runs any program: steps, branches, failures, retries and questions, nested as its input says.

A program is data, `[kind, …]`; random_programs.py makes them and knows what they come to. This file is one flow, so
that the tests of the SDK import it and the end-to-end tests hand it to the runtime as it is.

Every step returns its label with a random token that only its record keeps, so that a swap or a second run shows. What
happens is appended to effects.log in the play's directory, one write a line: `ATTEMPT EVENT LABEL TOKEN KEY`. In a
step's body the event is `ran`; plain code that has an outcome says `got`. `kills` names whom to kill behind which line.
"""

from __future__ import annotations

import _thread
import os
import signal
import threading
import time
from typing import Any

from hero_tracing import ask_user, flow

# asyncio and thread pools are imported where they are used: each attempt imports this file anew.

lock = threading.Lock()
place: dict[str, Any] = {}  # log: its path; kills: victim and delay, by number of a line

# Failed tries of an unsteady step.
FAILED_TRIES = 2


def begin(kills: dict[str, list[Any]] | None) -> None:
    place.update(log=os.path.join(flow.workdir, "effects.log"), kills=kills or {})
    happened("began", "-")


def happened(event: str, label: str, token: str = "-", key: str = "-") -> None:
    line = f"{flow.attempt} {event} {label} {token} {key}\n"
    with lock:
        file = os.open(place["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, line.encode())
        os.close(file)
        # One process at a time writes here, so each number is reached once, however often the play is killed.
        kill = place["kills"].get(str(len(lines())))
    if kill:
        strike(*kill)


def lines() -> list[list[str]]:
    return [line.split(" ") for line in text_of(place["log"]).splitlines()]


def text_of(path: str) -> str:
    with open(path) as file:
        return file.read()


def made(label: str) -> list[str]:
    token = os.urandom(16).hex()
    happened("ran", label, token, flow.idempotency_key())
    return [label, token]


def got(outcome: list[str]) -> list[str]:
    happened("got", *outcome)
    return outcome


# -- kills --


def strike(victim: str, delay: float) -> None:
    """Kill the play's process, the fork server that forked it or the runtime itself, in so many seconds."""
    if delay:
        _thread.start_new_thread(strike_late, (victim, delay))  # not a branch of the flow, as a Thread would be
    else:
        kill(victim)


def strike_late(victim: str, delay: float) -> None:
    time.sleep(delay)
    kill(victim)


def kill(victim: str) -> None:
    if victim == "process":
        os.kill(os.getpid(), signal.SIGKILL)
    # Only where nothing is confined.
    fork_server = os.getppid()
    runtime = int(text_of(f"/proc/{fork_server}/stat").rpartition(")")[2].split()[1])
    # Where the fork server has gone meanwhile, its number and its parent are somebody else's.
    if text_of(f"/proc/{runtime}/comm") == "hero_logic\n":
        os.kill({"fork server": fork_server, "runtime": runtime}[victim], signal.SIGKILL)


# -- steps --


async def pass_time(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


@flow
def work(label: str) -> list[str]:
    return made(label)


@flow
async def awork(label: str, delay: float) -> list[str]:
    if delay:
        await pass_time(delay)
    return made(label)


@flow
def fails(label: str) -> list[str]:
    made(label)
    raise ValueError(label)


@flow
async def afails(label: str, delay: float) -> list[str]:
    await pass_time(delay)
    made(label)
    raise ValueError(label)


@flow
def breaks(label: str) -> list[str]:
    """Fails, and nobody catches it."""
    made(label)
    raise LookupError(label)


@flow
async def abreaks(label: str, delay: float) -> list[str]:
    await pass_time(delay)
    made(label)
    raise LookupError(label)


def waver(label: str) -> None:
    """Fail, unless that has been done often enough, in whichever attempts."""
    with lock:
        failed = sum(line[1:3] == ["wavered", label] for line in lines())
    if failed < FAILED_TRIES:
        happened("wavered", label)
        raise ConnectionError(label)


@flow
def wavers(label: str) -> None:
    """A step whose recorded failures a further try of the call above must not be answered from."""
    waver(label)


@flow(retries=4, backoff=0)
def unsteady(label: str, node: list[Any]) -> list[Any]:
    """Fails in its first tries, after what stands beneath it: in plain code or, where the label says so, in a step."""
    inner = run(node)
    wavers(label) if label.startswith("w") else waver(label)
    return ["unsteady", inner]


@flow(retries=4, backoff=0)
async def aunsteady(label: str, node: list[Any]) -> list[Any]:
    inner = await arun(node)
    wavers(label) if label.startswith("w") else waver(label)
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
        return got(work(rest[0]))
    if kind == "all":
        return [run(child) for child in rest[0]]
    if kind in ("branches", "group"):
        return flow.map(run, rest[0])
    if kind == "threads":
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(run, rest[0]))
    if kind == "switch":  # to the other way of running
        import asyncio

        return asyncio.run(arun(rest[0]))
    if kind == "caught":
        try:
            return [run(rest[0]), fails(rest[1])]
        except ValueError as error:
            return caught(error)
    if kind == "fail":
        return breaks(rest[0])
    if kind == "unsteady":
        return unsteady(rest[0], rest[1])
    if kind == "nested":
        return nested(rest[0])
    if kind == "block":
        with flow.step("block"):
            return run(rest[0])
    assert kind == "ask"
    happened("asks", rest[0])
    return answered(rest[0], ask_user.text(f"What of {rest[0]}?", name=rest[0]))


async def arun(node: list[Any]) -> Any:
    import asyncio

    kind, rest = node[0], node[1:]
    if kind == "step":
        return got(await awork(rest[0], rest[1]))
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
        outcome = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(arun(rest[0]))
                group.create_task(afails(rest[1], rest[2]))
        except* ValueError as errors:
            outcome = caught(errors.exceptions[0])
        return outcome
    if kind == "fail":
        return await abreaks(rest[0], rest[1])
    if kind == "unsteady":
        return await aunsteady(rest[0], rest[1])
    if kind == "nested":
        return await anested(rest[0])
    if kind == "block":
        with flow.step("block"):
            return await arun(rest[0])
    assert kind == "ask"
    happened("asks", rest[0])
    if rest[1]:
        answer = ask_user.text(f"What of {rest[0]}?", name=rest[0])  # plain code on the loop's thread
    else:
        answer = await ask_user.aio.text(f"What of {rest[0]}?", name=rest[0])
    return answered(rest[0], answer)


def caught(error: BaseException) -> list[str]:
    happened("caught", error.args[0])
    return ["caught", error.args[0]]


def answered(name: str, answer: str) -> str:
    happened("answered", name)
    return answer


@flow
def program(node: Any, kills: Any = None) -> Any:
    begin(kills)
    return run(node)


@flow
async def aprogram(node: Any, kills: Any = None) -> Any:
    begin(kills)
    return await arun(node)
