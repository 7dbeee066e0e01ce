"""A flow with a node of most kinds, for the tests of what a collector of OpenTelemetry is sent."""

import time

from hero_tracing import ask_user, flow

tries = 0


@flow
def double(number: int) -> int:
    """Doubles a number, and says so."""
    print("doubling", number)
    flow.current_span.tag("parity", "even" if number % 2 == 0 else "odd")
    flow.current_span.cost(usd=0.25, tokens_in=100 + number, tokens_out=7)
    return 2 * number


@flow(retries=1, backoff=0.01)
def unsteady() -> str:
    """Works the second time."""
    global tries
    tries += 1
    if tries == 1:
        raise ConnectionError("the other side hung up")
    return "well"


@flow
def broken() -> None:
    """Fails."""
    raise ValueError("no such number")


@flow
def outer() -> int:
    """Has nodes beneath it."""
    with flow.step("both", why="to see depth"):
        return sum(double(number) for number in range(2))


@flow
def main() -> int:
    """Does each of it, and fails at nothing."""
    total = outer()
    unsteady()
    try:
        broken()
    except ValueError:
        total += 1
    return total


@flow
def asks() -> str:
    """Waits for a person, behind a step."""
    double(4)
    return "so be it" if ask_user.confirm("Go on?") else "then not"


@flow
def asks_twice() -> bool:
    """Waits for a person, and once more, each time behind a step."""
    double(4)
    first = ask_user.confirm("Go on?", name="first")
    double(5)
    return first and ask_user.confirm("And now?", name="second")


@flow
def is_lost() -> int:
    """Comes to its end only when its first process was lost."""
    number = double(4)
    while flow.attempt == 1:
        time.sleep(0.01)
    return double(number)
