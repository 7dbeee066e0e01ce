"""Calls that are tried again, and calls that take too long."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from hero_tracing import Timeout, flow, testing

bodies: list[str] = []
clock = testing.FakeClock()


@pytest.fixture(autouse=True)
def _forget() -> None:
    bodies.clear()


@flow
def double(number: int) -> int:
    bodies.append(f"double {number}")
    return number * 2


@flow(retries=2, backoff=10)
def flaky(works_at: int) -> str:
    bodies.append("flaky")
    double(1)
    if bodies.count("flaky") < works_at:
        raise ConnectionError(f"try {bodies.count('flaky')}")
    return flow.idempotency_key()


@flow
def retrying(works_at: int = 3) -> str:
    return flaky(works_at)


def test_retries_keep_finished_children() -> None:
    result = testing.run(retrying, clock=testing.FakeClock())
    assert result.status == "succeeded"
    assert bodies == ["flaky", "double 1", "flaky", "flaky"]
    spans = [span for span in result.spans if span["name"] == "flaky"]
    assert len(spans) == 1 and len(result.value) == 32


@flow
def halfway() -> int:
    done = double(1)
    bodies.append("halfway")
    if bodies.count("halfway") < 3:
        raise ConnectionError("halfway")
    return done


@flow(retries=4, backoff=0)
def retrying_halfway() -> list[int]:
    return [halfway(), double(2)]


@flow
async def ahalfway() -> int:
    return halfway()


@flow(retries=4, backoff=0)
async def aretrying_halfway() -> list[int]:
    return [*await asyncio.gather(ahalfway()), double(2)]


@pytest.mark.parametrize("entry", [retrying_halfway, aretrying_halfway])
@pytest.mark.parametrize("kills", [[number] * times for number in range(1, 5) for times in range(1, 6)])
def test_a_kill_between_a_failure_and_the_next_try_loses_nothing(entry: Any, kills: list[int]) -> None:
    """What was finished beneath a call that failed answers the next try, in this attempt or another."""
    play = testing.Play(entry)
    for kill_after in kills:
        if play.journal.done is None:
            play.attempt(kill_after)
    result = play.advance()
    assert (result.status, result.value) == ("succeeded", [2, 4])
    assert [bodies.count(name) for name in ("double 1", "double 2")] == [1, 1], bodies
    assert not result.notices, "nothing is left over"


def test_retries_end_with_the_last_failure() -> None:
    result = testing.run(retrying, {"works_at": 9}, clock=testing.FakeClock())
    assert (result.status, bodies.count("flaky")) == ("failed", 3)
    assert result.failure is not None and result.failure["message"] == "try 3"


def test_the_try_number_outlives_the_process() -> None:
    play = testing.Play(retrying, {"works_at": 99}, clock=testing.FakeClock())
    assert play.attempt(kill_after=1)  # killed by the record of double
    play.journal.started["retrying#0/flaky#0"] = 3
    result = play.advance()
    assert (result.status, bodies.count("flaky")) == ("failed", 2)


@flow(retries=5)
def never() -> None:
    bodies.append("never")
    raise flow.Failed("no use")


@flow
def hopeless() -> None:
    never()


def test_failed_is_not_tried_again() -> None:
    result = testing.run(hopeless)
    assert bodies == ["never"]
    assert result.failure is not None
    assert result.failure["code"] == "failed" and "traceback" not in result.failure


@flow(retries=1, backoff=0)
def changed_inputs() -> int:
    bodies.append("changed")
    value = double(bodies.count("changed"))
    if bodies.count("changed") == 1:
        raise ValueError
    return value


@flow
def of_changed() -> int:
    return changed_inputs()


def test_a_further_try_with_other_inputs_diverges() -> None:
    result = testing.run(of_changed)
    assert result.status == "diverged" and result.failure is not None
    assert result.failure["path"] == "of_changed#0/changed_inputs#0/double#0"


@flow(timeout=0.05)
def slow() -> None:
    bodies.append("slow")
    try:
        threading.Event().wait(30)
    except Exception:
        bodies.append("swallowed")


@flow
def with_timeout() -> str:
    try:
        slow()
    except Timeout as error:
        return str(error)
    return ""


@pytest.mark.parametrize("always_replay", [False, True])
def test_a_timeout_interrupts_plain_code(always_replay: bool) -> None:
    result = testing.run(with_timeout, always_replay=always_replay)
    assert result.value == "slow took longer than its timeout of 0.05 s"
    assert bodies == ["slow"]
