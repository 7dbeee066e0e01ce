"""The flows of the workloads. A step does as good as nothing, so that what is measured is the runtime."""

from __future__ import annotations

from hero_tracing import flow


@flow
def add(number: int) -> int:
    """One recorded step."""
    return number + 1


@flow
def one_step(number: int = 0) -> int:
    """One step."""
    return add(number)


@flow
def three_steps(number: int = 0) -> int:
    """Three steps, one after the other."""
    return add(add(add(number)))


@flow
def many_steps(steps: int) -> int:
    """As many steps as asked for, one after the other."""
    number = 0
    for _ in range(steps):
        number = add(number)
    return number


@flow
def steps_and_question(steps: int) -> int:
    """Steps, then a question: its answer replays all of them."""
    number = 0
    for _ in range(steps):
        number = add(number)
    answer: int = flow.pause("number", question="Which number?", schema={"type": "integer"})
    return number + answer
