"""Questions within a fan-out: siblings run to their ends, answers come in any order, a swallowed signal does nothing.

Each run of a body draws a random token that only its record keeps, so that a second run shows. HERO_TEST_SEED repeats
a failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import uuid
from typing import Any

import pytest

from hero_tracing import ask_user, flow, testing

SIZE = 100
drawn: list[Any] = []
lock = threading.Lock()


@pytest.fixture(autouse=True)
def _forget() -> None:
    drawn.clear()


@flow
def draw(label: Any) -> list[Any]:
    with lock:
        drawn.append(label)
    return [label, uuid.uuid4().hex]


@flow
async def adraw(label: Any) -> list[Any]:
    drawn.append(label)
    await asyncio.sleep(0)
    return [label, uuid.uuid4().hex]


# -- one question among a hundred --


def item(number: int, asks: int) -> list[Any]:
    first = draw(["first", number])
    answer = ask_user.text("Which?", name="which") if number == asks else None
    return [first, answer, draw(["last", number])]


async def aitem(number: int, asks: int) -> list[Any]:
    first = await adraw(["first", number])
    answer = await ask_user.aio.text("Which?", name="which") if number == asks else None
    return [first, answer, await adraw(["last", number])]


@flow
def mapped(asks: int) -> list[Any]:
    return flow.map(lambda number: item(number, asks), range(SIZE))


@flow
async def gathered(asks: int) -> list[Any]:
    return list(await asyncio.gather(*(aitem(number, asks) for number in range(SIZE))))


@flow
async def grouped(asks: int) -> list[Any]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(aitem(number, asks)) for number in range(SIZE)]
    return [task.result() for task in tasks]


@pytest.mark.parametrize("asks", [0, 57, SIZE - 1])
@pytest.mark.parametrize("which", [mapped, gathered, grouped], ids=lambda which: str(which.__name__))
def test_one_question_among_a_hundred_items(which: Any, asks: int) -> None:
    play = testing.Play(which, {"asks": asks})
    waiting = play.advance()
    assert [(one.name, one.status) for one in waiting.pauses] == [("which", "open")]
    assert len(drawn) == 2 * SIZE - 1, "all but what follows the answer has run"
    assert ["last", asks] not in drawn
    play.answer("which", "this")
    result = play.advance()
    assert result.status == "succeeded", (result.error, result.failure)
    assert [answer for _, answer, _ in result.value] == ["this" if number == asks else None for number in range(SIZE)]
    assert [first[0] for first, _, _ in result.value] == [["first", number] for number in range(SIZE)]
    assert [last[0] for _, _, last in result.value] == [["last", number] for number in range(SIZE)]
    assert len(drawn) == 2 * SIZE and result.attempts == 2, "nothing ran twice"


# -- a hundred questions --


@flow
async def all_ask(plainly: bool) -> list[Any]:
    async def one(number: int) -> list[Any]:
        first = await adraw(number)
        name = f"q{number}"
        answer = ask_user.text("?", name=name) if plainly else await ask_user.aio.text("?", name=name)
        return [first[1], answer, (await adraw(answer))[0]]

    return list(await asyncio.gather(*(one(number) for number in range(SIZE))))


def test_a_hundred_questions_are_shown_together_and_answered_in_any_order(seeded: random.Random) -> None:
    play = testing.Play(all_ask, {"plainly": False})
    assert play.advance().status == "waiting"
    left = [one.name for one in play.journal.questions if one.status == "open"]
    assert left == [f"q{number}" for number in range(SIZE)]
    seeded.shuffle(left)
    answered = 0
    while left:
        for _ in range(seeded.randrange(1, 20)):
            if left:
                name = left.pop()
                play.answer(name, f"answer of {name}")
                answered += 1
        result = play.advance()
        assert result.status == ("waiting" if left else "succeeded"), (result.error, result.failure)
        assert len(drawn) == SIZE + answered, "each answer was followed by its own step, once"
    answers = [f"answer of q{number}" for number in range(SIZE)]
    assert [[answer, said] for _, answer, said in result.value] == [[one, one] for one in answers]


@flow
async def two_deep(levels: int) -> list[Any]:
    async def ask(name: str, depth: int) -> Any:
        return await deeper(name, depth) if depth else await ask_user.aio.text("?", name=name)

    @flow
    async def deeper(name: str, depth: int) -> Any:
        return [(await adraw([name, depth]))[0][1], await ask(name, depth - 1)]

    return list(await asyncio.gather(ask("left", levels), ask("right", levels)))


@pytest.mark.parametrize("always_replay", [False, True])
def test_two_questions_three_levels_down_answered_in_reverse(always_replay: bool) -> None:
    play = testing.Play(two_deep, {"levels": 3}, always_replay=always_replay)
    play.advance()
    assert [one.name for one in play.journal.questions if one.status == "open"] == ["left", "right"]
    assert [one.path.count("/deeper#0") for one in play.journal.questions] == [3, 3]
    play.answer("right", "R")
    assert play.advance().status == "waiting"
    play.answer("left", "L")
    result = play.advance()
    assert result.value == [[3, [2, [1, "L"]]], [3, [2, [1, "R"]]]], (result.error, result.failure)
    assert len(drawn) == 6 or always_replay  # which cuts off what runs beside a record


# -- who swallows the signal --


swallowed: list[str] = []


def refuse_to_end(name: str) -> Any:
    """Catches whatever comes, works on, and asks again."""
    for number in range(3):
        try:
            return ask_user.text("?", name=f"{name}{number}")
        except:  # noqa: E722 - as careless authors write
            swallowed.append(name)
        with contextlib.suppress(BaseException):
            draw("in vain")
    return "gave up"


async def arefuse_to_end(name: str) -> Any:
    for number in range(3):
        try:
            return await ask_user.aio.text("?", name=f"{name}{number}")
        except:  # noqa: E722
            swallowed.append(name)
        with contextlib.suppress(BaseException):
            await adraw("in vain")
        with contextlib.suppress(BaseException):
            draw("in vain")
    return "gave up"


@flow
def careless() -> list[Any]:
    return [refuse_to_end("a"), draw("after")[0]]


@flow
def careless_threads() -> list[Any]:
    return [*flow.map(refuse_to_end, "ab"), draw("after")[0]]


@flow
async def careless_tasks() -> list[Any]:
    return [*await asyncio.gather(arefuse_to_end("a"), arefuse_to_end("b")), (await adraw("after"))[0]]


@flow
async def careless_jobs() -> list[Any]:
    jobs = (asyncio.to_thread(refuse_to_end, name) for name in "ab")
    return [*await asyncio.gather(*jobs), (await adraw("after"))[0]]


@pytest.mark.parametrize(
    "which", [careless, careless_threads, careless_tasks, careless_jobs], ids=lambda which: str(which.__name__)
)
def test_nothing_counts_after_a_signal_that_was_swallowed(which: Any) -> None:
    swallowed.clear()
    play = testing.Play(which)
    names = "a" if which is careless else "ab"
    for number, name in enumerate(names):
        waiting = play.advance()
        assert waiting.status == "waiting"
        assert len(swallowed) > number, "the signal came, and was swallowed"
        asked = sorted(one.name for one in waiting.pauses)  # threads ask in any order
        assert asked == [f"{one}0" for one in names], "no question was asked after it"
        assert not drawn and all(record[1] == "pause" for record in waiting.records), "no step ran after it"
        play.answer(f"{name}0", f"answer of {name}")
    result = play.advance()
    assert result.value == [*(f"answer of {name}" for name in names), "after"], (result.error, result.failure)
    assert drawn == ["after"]
