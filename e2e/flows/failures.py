"""Failures that a flow handles, and a question after them, so that all of it is replayed."""

from typing import Any

from hero_tracing import ask_user, flow


def effect(name: str) -> None:
    with open("effects.log", "a") as log:
        log.write(f"{flow.attempt} {name}\n")


class OutOfStock(Exception):
    """An exception of this very file, with an attribute of its own."""

    def __init__(self, article: str, left: int) -> None:
        super().__init__(f"{article}: only {left} left")
        self.article = article
        self.left = left


@flow
def value_error() -> None:
    effect("value_error")
    raise ValueError("not a number")


@flow
def out_of_stock() -> None:
    effect("out_of_stock")
    raise OutOfStock("bolt", 3)


@flow
def did_not_work() -> None:
    effect("did_not_work")
    raise flow.Failed("nobody is at home")


def branch(step: Any) -> list[Any]:
    """Which `except` a call ends in, and what it finds there."""
    try:
        step()
    except OutOfStock as error:
        return ["OutOfStock", type(error).__name__, str(error), error.article, error.left]
    except ValueError as error:
        return ["ValueError", type(error).__name__, str(error), list(error.args)]
    except flow.Failed as error:
        return ["Failed", type(error).__name__, str(error)]
    return ["no failure"]


@flow
def remember(branches: list[Any]) -> list[Any]:
    """Its input is compared on replay: a branch that came out otherwise would diverge here."""
    effect("remember")
    return branches


@flow
def main() -> dict[str, Any]:
    branches = [branch(value_error), branch(out_of_stock), branch(did_not_work)]
    live = remember(branches)
    ask_user.confirm("Go on?", name="go_on")
    return {"live": live, "replayed": branches}
