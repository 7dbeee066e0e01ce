"""Random programs of steps, branches, failures, retries and questions, killed at random and replayed.

HERO_TEST_SEED repeats a failure, HERO_PROGRAM_SEED one program of it; HERO_TEST_ROUNDS makes a longer run. The same
programs run with the real runtime in e2e/tests/programs.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from programs import aprogram, program
from random_programs import Generator, agrees, answer_to

from hero_tracing import testing

ROUNDS = int(os.environ.get("HERO_TEST_ROUNDS", "100"))


def tokens(play: testing.Play) -> dict[str, set[str]]:
    """Of each label, by every run of its body."""
    made: dict[str, set[str]] = {}
    for line in (Path(play.workdir) / "effects.log").read_text().splitlines():
        _, event, label, token, _ = line.split(" ")
        if event == "ran":
            made.setdefault(label, set()).add(token)
    return made


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
        play.answer(order, answer_to(order))
        assert play.advance().status == "waiting"
        other = {"q2": "q3", "q3": "q2"}[order]
        play.answer(other, answer_to(other))
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
    play = testing.Play(which, {"node": node}, answers={name: answer_to(name) for name in questions}, hold=hold)
    told += f"{which.__name__} {node} {kills} {hold}"
    try:
        for kill_after in kills:
            if play.journal.done is not None or not play.attempt(kill_after):
                break
        result = play.advance()
    except RuntimeError as error:
        raise AssertionError(told) from error
    assert result.status == "succeeded", f"{told}: {result!r} {result.error!r} {result.failure}"
    assert agrees(result.value, node, tokens(play)), f"{told}: {result.value}"
    paths = [record[0] for record in result.records]
    assert len(set(paths)) == len(paths), told
