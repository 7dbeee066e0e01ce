"""`flow.first`: who finishes first wins, and wins again on replay."""

from __future__ import annotations

import functools
import threading

import pytest

from hero_tracing import flow, testing

bodies: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    bodies.clear()


@flow
def racer(name: str) -> str:
    bodies.append(name)
    if name == "slow":
        gates["slow"].wait(60)
    if name == "bad":
        raise ValueError(name)
    return name


gates = {"slow": threading.Event()}
winners: list[str] = []


@flow
def race(names: list[str], concurrency: int) -> list[str]:
    gates["slow"].clear()

    def run(name: str) -> str:
        try:
            return racer(name)
        finally:
            gates["slow"].set()

    winner = flow.first(*(functools.partial(run, name) for name in names), concurrency=concurrency)
    winners.append(winner)
    return [winner, racer("after")]


@pytest.mark.parametrize("always_replay", [False, True])
def test_the_first_to_finish_wins_again(always_replay: bool) -> None:
    winners.clear()
    result = testing.run(race, {"names": ["slow", "quick"], "concurrency": 2}, always_replay=always_replay)
    assert result.value == [winners[0], "after"], result.error
    assert len(set(winners)) == 1 and bodies.count("after") == 1
    if not always_replay:
        assert winners == ["quick"]


def test_none_begins_after_the_first_has_finished() -> None:
    result = testing.run(race, {"names": ["one", "two", "three"], "concurrency": 1})
    assert result.value == ["one", "after"] and bodies == ["one", "after"]


def test_the_first_may_fail() -> None:
    result = testing.run(race, {"names": ["bad", "slow"], "concurrency": 2}, always_replay=True)
    assert isinstance(result.error, ValueError)
    with pytest.raises(ValueError, match="one call or more"):
        flow.first()
    assert flow.first(lambda: 1, lambda: 2) in (1, 2)  # without a play
