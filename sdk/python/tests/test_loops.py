"""More than one event loop in a play, plain questions on a loop's own thread, and replays that can no longer move."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import random
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hero_tracing import _engine, _selector, ask_user, flow, testing

bodies: list[str] = []
ROUNDS = 60


@pytest.fixture(autouse=True)
def _forget() -> None:
    bodies.clear()


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


async def several(name: str, source: random.Random) -> list[str]:
    """Two sequences side by side, each of which a swap would betray."""

    async def sequence(part: str) -> list[str]:
        return [await fetch(f"{name}{part}{number}", source.random() * 0.003) for number in range(3)]

    first, second = await asyncio.gather(sequence("x"), sequence("y"))
    return [*first, *second, plain(f"{name}z")]


def run_loop(name: str, seed: int = 0) -> list[str]:
    return asyncio.run(several(name, random.Random(f"{name}{seed}")))


EXPECTED = {
    name: [f"{name}{part}{number}".upper() for part in "xy" for number in range(3)] + [f"{name}z".upper()]
    for name in "abcd"
}


@flow
async def loop_in_job(seed: int) -> list[list[str]]:
    """Loops in executor jobs beside the main loop, which has steps of its own."""

    async def own() -> list[str]:
        return [await fetch(f"d{part}{number}") for part in "xy" for number in range(3)] + [await fetch("dz")]

    return list(await asyncio.gather(*(asyncio.to_thread(run_loop, name, seed) for name in "abc"), own()))


@flow
def loops_in_map(seed: int) -> list[list[str]]:
    return flow.map(lambda name: run_loop(name, seed), list("abcd"))


@flow
def loops_in_pool(seed: int) -> list[list[str]]:
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda name: run_loop(name, seed), "abcd"))


@flow
async def loop_in_thread(seed: int) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    threads = [threading.Thread(target=lambda name=name: found.update({name: run_loop(name, seed)})) for name in "abc"]
    for thread in threads:
        thread.start()
    found["d"] = await several("d", random.Random(seed))
    for thread in threads:
        await asyncio.to_thread(thread.join)
    return [found[name] for name in "abcd"]


@flow
def one_after_another(seed: int) -> list[list[str]]:
    return [run_loop(name, seed) for name in "abcd"]


@flow
async def to_and_fro(seed: int) -> list[list[str]]:
    """A thread hands coroutines to the main loop while it runs one of its own."""
    main = asyncio.get_running_loop()

    def work(name: str) -> list[str]:
        coroutine = several(name, random.Random(seed))
        try:
            there = asyncio.run_coroutine_threadsafe(coroutine, main)
            mine = run_loop(name, seed) if name == "a" else result(there)
            assert result(there) == mine
        finally:
            if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()  # the attempt was killed before the main loop could take it
        return mine

    def result(there: Any) -> Any:
        while True:
            try:
                return there.result(0.02)
            except TimeoutError:
                if main.is_closed():  # the attempt was killed; a process would have ended
                    raise

    return list(await asyncio.gather(*(asyncio.to_thread(work, name) for name in "abcd")))


@flow
def step_awaited_elsewhere(seed: int) -> list[list[str]]:
    """A step is called in plain code and awaited by a loop of its own, in threads."""

    def one(name: str) -> list[str]:
        first = asyncio.run(fetch(f"{name}x0"))
        return [first, *EXPECTED[name][1:]]

    return flow.map(one, list("abcd"))


FLOWS = [
    loop_in_job,
    loops_in_map,
    loops_in_pool,
    loop_in_thread,
    one_after_another,
    to_and_fro,
    step_awaited_elsewhere,
]


@pytest.mark.parametrize("which", FLOWS, ids=lambda which: str(which.__name__))
def test_loops_side_by_side(which: Any) -> None:
    result = testing.run(which, inputs={"seed": 1}, always_replay=True)
    assert result.status == "succeeded", result.error
    assert result.value == [EXPECTED[name] for name in "abcd"]
    paths = [record[0] for record in result.records]
    assert len(set(paths)) == len(paths)


def test_loops_side_by_side_under_kills(seeded: random.Random) -> None:
    for _ in range(ROUNDS):
        which, seed = seeded.choice(FLOWS), seeded.randrange(1000)
        play = testing.Play(which, inputs={"seed": seed})
        while play.attempt(kill_after=seeded.randrange(1, 12)):
            pass
        result = play.advance()
        assert result.value == [EXPECTED[name] for name in "abcd"], (which.__name__, seed, result.error)
        assert not play.journal.problems


# -- a plain question on a loop's own thread --


@flow
async def slow_sibling(name: str) -> str:
    bodies.append(name)
    await asyncio.sleep(0.01)
    bodies.append(f"{name} slept")
    return name.upper()


@flow
async def asks_plainly() -> list[str]:
    """A sibling in flight ends while plain code of another task asks, and what it came to is kept."""

    async def asks() -> str:
        await fetch("before")
        answer: str = ask_user.text("What?", name="what")
        return await fetch(answer)

    async def goes_on() -> list[str]:
        return [await slow_sibling(f"s{number}") for number in range(3)]

    first, others = await asyncio.gather(asks(), goes_on())
    return [first, *others]


def test_siblings_of_a_plain_question_run_on() -> None:
    play = testing.Play(asks_plainly)
    play.advance()
    assert play.journal.has_parked
    assert [name for name in bodies if "slept" in name] == ["s0 slept", "s1 slept", "s2 slept"]
    play.answer("what", "found")
    result = play.advance()
    assert result.value == ["FOUND", "S0", "S1", "S2"]
    assert sorted(bodies) == sorted(["before", "found", *(f"s{n}{w}" for n in range(3) for w in ("", " slept"))])


@pytest.mark.parametrize("hold", [True, False])
def test_a_plain_question_on_a_loop_replays(hold: bool) -> None:
    result = testing.run(asks_plainly, answers={"what": "found"}, always_replay=True, hold=hold)
    assert result.value == ["FOUND", "S0", "S1", "S2"], result.error
    assert sorted(set(bodies)) == sorted(["before", "found", *(f"s{n}{w}" for n in range(3) for w in ("", " slept"))])


@flow
async def many_ask_plainly(count: int) -> list[str]:
    """Each in a task of its own: they stand on one another's stack, and all are shown together."""

    async def one(number: int) -> str:
        await fetch(f"a{number}", number * 0.001)
        answer: str = ask_user.text(f"Question {number}?", name=f"q{number}")
        return await fetch(f"b{answer}")

    return list(await asyncio.gather(*(one(number) for number in range(count))))


def test_plain_questions_are_shown_together_and_answered_in_any_order(seeded: random.Random) -> None:
    for _ in range(10):
        count = seeded.randrange(2, 9)
        play = testing.Play(many_ask_plainly, {"count": count})
        play.advance()
        left = [question.name for question in play.journal.questions if question.status == "open"]
        assert sorted(left) == [f"q{number}" for number in range(count)]
        seeded.shuffle(left)
        while left:
            name = left.pop()
            play.answer(name, name)
            result = play.advance()
            assert play.journal.has_parked is bool(left)
        assert result.value == [f"BQ{number}" for number in range(count)], result.error


@flow
async def asks_in_a_shared_context() -> list[Any]:
    """What runs in the very context of the task that plain code holds can only run when that goes on."""
    ran: list[str] = []

    async def sibling() -> None:
        ran.append("sibling")

    async def asks() -> list[Any]:
        loop, context = asyncio.get_running_loop(), contexts[0]
        task = loop.create_task(sibling(), context=context)
        loop.call_soon(ran.append, "callback")
        child = asyncio.gather(fetch("child", 0.005), fetch("other"))
        async with asyncio.timeout(60):
            answer: str = ask_user.text("What?", name="what")
            before = list(ran)
            await fetch("next")
        await task
        return [answer, before, *await child, ran]

    contexts = [contextvars.copy_context()]
    return await asyncio.get_running_loop().create_task(asks(), context=contexts[0])


@pytest.mark.parametrize("replay", [True, False])
def test_a_held_task_keeps_its_context(replay: bool) -> None:
    result = testing.run(asks_in_a_shared_context, answers={"what": "x"}, always_replay=replay)
    assert result.value == ["x", ["callback"], "CHILD", "OTHER", ["callback", "sibling"]], result.error


@flow
async def asks_in_a_callback() -> str:
    asyncio.get_running_loop().call_soon(lambda: ask_user.text("What?", name="what"))
    await asyncio.sleep(0.01)
    return await fetch("never")


def test_a_question_in_a_callback_is_refused() -> None:
    result = testing.run(asks_in_a_callback)
    assert result.status == "failed"
    assert result.failure is not None and result.failure["code"] == "no_scope"


@flow(timeout=30)
def asks_within_a_limit() -> str:
    return ask_user.text("What?", name="what")


@flow
async def limited_question() -> list[str]:
    first, second = await asyncio.gather(fetch("x", 0.01), _ask_in_task())
    return [first, second]


async def _ask_in_task() -> str:
    return asks_within_a_limit()


@pytest.mark.parametrize("hold", [True, False])
def test_a_question_of_a_step_with_a_timeout(hold: bool) -> None:
    result = testing.run(limited_question, answers={"what": "y"}, hold=hold)
    assert result.value == ["X", "y"], result.error


@flow
def outlasts() -> None:
    """Ends only when the loop of its sibling has nothing left but to wait."""
    while not (plays[0].journal.questions and all(gate.is_stuck for gate in _engine.active().gates)):
        time.sleep(0.0005)


@flow
def asks_in_a_loop_beside_threads(way: str) -> list[Any]:
    async def asks() -> str:
        if way == "task":
            return await ask_user.aio.text("What?", name="what")
        if way == "job":
            return await asyncio.to_thread(ask_user.text, "What?", name="what")
        return ask_user.text("What?", name="what")

    return flow.gather(lambda: asyncio.run(asks()), outlasts)


plays: list[testing.Play] = []


@pytest.mark.parametrize("way", ["task", "job", "plain"])
def test_a_loop_sees_that_the_last_thread_beside_it_has_ended(way: str) -> None:
    plays[:] = [testing.Play(asks_in_a_loop_beside_threads, {"way": way})]
    assert plays[0].advance().status == "waiting"
    plays[0].answer("what", "this")
    result = plays[0].advance()
    assert result.value == ["this", None], (result.error, result.failure)


# -- a replay that can no longer move --


first_attempt: list[bool] = []


@flow
async def resolved_only_once() -> str:
    """What resolves the future happens in the first attempt only."""
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    await fetch("a")
    if not first_attempt:
        first_attempt.append(True)
        asyncio.get_running_loop().call_soon(future.set_result, "done")
    value = await future
    return await fetch(value)


@flow
async def gather_that_waits() -> list[str]:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    if not first_attempt:
        first_attempt.append(True)
        future.set_result("b")

    async def later() -> str:
        return await fetch(await future)

    return list(await asyncio.gather(fetch("a"), later()))


@flow
def nested_that_waits() -> list[str]:
    return flow.map(lambda _number: asyncio.run(_wait_once()), [0])


async def _wait_once() -> str:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    if not first_attempt:
        first_attempt.append(True)
        future.set_result("b")
    return await fetch(await future)


@pytest.mark.parametrize("which", [resolved_only_once, gather_that_waits, nested_that_waits])
def test_a_replay_that_cannot_move_diverges(which: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_selector, "PASS_OVER_SECONDS", 0.05)
    first_attempt.clear()
    play = testing.Play(which)
    total = len(testing.run(which).records)
    first_attempt.clear()
    assert play.attempt(kill_after=total)
    result = play.advance()
    assert result.status == "diverged"
    assert result.failure is not None and "no longer happens" in result.failure["message"]


@flow
async def waits_for_a_stranger() -> str:
    """A thread that the flow did not start may still resolve the future: the replay waits for it."""
    await fetch("a")
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    strangers.append((asyncio.get_running_loop(), future))
    asked.set()
    return await fetch(await future)


strangers: list[Any] = []
asked = threading.Event()


def test_a_thread_of_others_may_still_move_it() -> None:
    def serve() -> None:
        for _ in range(2):
            asked.wait(60)
            asked.clear()
            loop, future = strangers.pop()
            loop.call_soon_threadsafe(future.set_result, "b")

    stranger = threading.Thread(target=serve, daemon=True)
    stranger.start()
    play = testing.Play(waits_for_a_stranger)
    assert play.attempt(kill_after=2)
    assert play.advance().value == "B"
    stranger.join()


# -- the first of several, and changes by coroutines --


@flow
async def race() -> list[str]:
    winner = await flow.aio.first(fetch("slow", 5.0), lambda: fetch("quick", 0.001), fetch("also slow", 5.0))
    return [winner, await fetch("after")]


@pytest.mark.parametrize("always_replay", [False, True])
def test_the_first_to_finish_wins_again(always_replay: bool) -> None:
    result = testing.run(race, always_replay=always_replay)
    assert result.value == ["QUICK", "AFTER"], result.error
    assert [record[3] for record in result.records].count("cancelled") == 2


@flow
async def fill(items: list[int]) -> int:
    items.append(1)
    return len(items)


@flow
async def fills() -> int:
    return await fill([])


def test_a_coroutine_that_changes_an_argument_is_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        result = testing.run(fills)
    assert result.value == 1, result.error
    assert (
        "'fill' changed one of its arguments" in result.logs[0]["text"] and "test_loops.py:" in result.logs[0]["text"]
    )


# -- all answers at once --


@flow(resume_when="all")
async def asks_for_all() -> list[str]:
    bodies.append("begun")
    return list(await asyncio.gather(*(ask_user.aio.text("What?", name=name) for name in "abc")))


def test_a_play_that_resumes_with_all_answers() -> None:
    play = testing.Play(asks_for_all)
    play.advance()
    for name in "cab":
        assert play.advance().status == "waiting"
        play.answer(name, name.upper())
    assert play.advance().value == ["A", "B", "C"]
    assert bodies == ["begun", "begun"]
    later = testing.run(asks_for_all, answers={name: name for name in "abc"}, hold=False)
    assert later.value == ["a", "b", "c"] and later.attempts == 2
    with pytest.raises(ValueError, match="resume_when must be one of any, all"):
        flow(resume_when="some")(fetch)
