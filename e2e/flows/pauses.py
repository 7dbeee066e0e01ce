"""Questions: side by side, deep down, swallowed, with a schema."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hero_tracing import ask_user, flow


def effect(name: str) -> None:
    with open("effects.log", "a") as log:
        log.write(f"{flow.attempt} {name}\n")


@flow
def step(name: str) -> str:
    effect(name)
    return name.upper()


async def ask_and_work(name: str) -> str:
    answer = await ask_user.aio.text(f"What of {name}?", name=name)
    return step(f"{name}={answer}")


@flow
async def parallel() -> dict[str, Any]:
    """Two questions are open at once; whatever comes first, each answer reaches its own asker."""
    before = step("before")
    first, second = await asyncio.gather(ask_and_work("first"), ask_and_work("second"))
    return {"before": before, "first": first, "second": second}


@flow
def parallel_in_threads() -> dict[str, Any]:
    def ask(name: str) -> str:
        return step(f"{name}={ask_user.text(f'What of {name}?', name=name)}")

    with ThreadPoolExecutor(max_workers=2) as pool:
        first, second = pool.map(ask, ["first", "second"])
    return {"first": first, "second": second}


@flow
async def fan_out(asking: list[int]) -> list[str]:
    """A hundred branches, of which some ask."""

    async def branch(number: int) -> str:
        answer = await ask_user.aio.text(f"What of {number}?", name=f"ask{number}") if number in asking else "none"
        return step(f"{number}={answer}")

    return await flow.aio.map(branch, range(100))


@flow
def fan_out_in_threads(asking: list[int]) -> list[str]:
    def branch(number: int) -> str:
        answer = ask_user.text(f"What of {number}?", name=f"ask{number}") if number in asking else "none"
        return step(f"{number}={answer}")

    return flow.map(branch, range(100))


@flow
def inner(topic: str) -> str:
    step("inner before")
    answer = ask_user.text(f"What of {topic}?", name="deep")
    return step(f"inner after {answer}")


@flow
def middle(topic: str) -> str:
    step("middle before")
    return inner(topic) + step("middle after")


@flow
def deep() -> dict[str, Any]:
    """A question three levels down: on resume every level is entered again, and no finished step."""
    step("top before")
    return {"answer": middle("it"), "after": step("top after")}


@flow
def swallow() -> dict[str, Any]:
    """Catches everything, the signal that ends a waiting process among it."""
    try:
        answer = ask_user.text("What now?", name="swallowed")
    except:  # noqa: E722
        answer = "taken for a failure"
    try:
        after = step(f"after {answer}")
    except:  # noqa: E722
        after = "taken for a failure too"
    return {"answer": answer, "after": after}


@flow
def with_schema() -> dict[str, Any]:
    step("before")
    schema = {"type": "object", "properties": {"count": {"type": "integer", "minimum": 1}}, "required": ["count"]}
    answer = flow.pause("order", schema=schema, question="How many?")
    return {"count": answer["count"], "type": type(answer["count"]).__name__}


@flow
def every_kind() -> dict[str, Any]:
    """Every kind of question, one after the other."""
    return {
        "text": ask_user.text("What is your name?"),
        "number": ask_user.number("How many?"),
        "choice": ask_user.choice("Which colour?", ["red", "green"]),
        "multi_choice": ask_user.multi_choice("Which services?", ["web", "mail", "dns"]),
        "confirm": ask_user.confirm("Is it right?"),
    }
