"""The test harness itself: many frames at once, and answers that the runtime would refuse."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hero_tracing import ask_user, flow, testing


@flow
async def step(number: int) -> int:
    return number


@flow
async def many(count: int) -> int:
    return sum(await asyncio.gather(*(step(number) for number in range(count))))


@pytest.mark.parametrize("process", [False, True])
def test_thousands_of_steps_at_once_need_one_attempt(process: bool) -> None:
    result = testing.run(many, {"count": 6000}, process=process)
    assert (result.value, result.attempts) == (sum(range(6000)), 1), result.failure
    assert len(result.records) == 6000


@flow
def asking() -> list[Any]:
    return [ask_user.number("Count?", maximum=3, integer=True), flow.pause("any")]


@pytest.mark.parametrize("process", [False, True])
@pytest.mark.parametrize("hold", [False, True])
def test_an_answer_that_does_not_fit_fails_the_test(hold: bool, process: bool) -> None:
    with pytest.raises(
        (ValueError, RuntimeError), match="answer to asking#0/count#0 is not valid: it must be at most 3"
    ):
        testing.run(asking, answers={"count": 99}, hold=hold, process=process)


def test_an_answer_that_does_not_fit_leaves_the_pause_open() -> None:
    play = testing.Play(asking)
    play.advance()
    with pytest.raises(ValueError, match="it must be a whole number"):
        play.answer("count", "three")
    assert [pause.status for pause in play.advance().pauses] == ["open"]
    play.answer("count", 3)
    play.advance()
    play.answer("any", {"thing": 1})
    assert play.advance().value == [3, {"thing": 1}]
