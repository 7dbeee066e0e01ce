"""Wishes for what the defaults of the sandbox do not give, and says what it has got."""

import os

from hero_tracing import ask_user, flow


def effect(name: str) -> None:
    with open("effects.log", "a") as log:
        log.write(f"{flow.attempt} {name}\n")


@flow(sandbox={"memory_mb": 4096})
def memory() -> str:
    effect("memory")
    return "has it"


@flow(sandbox={"env": ["REGION"]})
def region() -> str | None:
    return os.environ.get("REGION")


@flow(sandbox={"env": ["REGION"]})
def region_later() -> str | None:
    """What the operator allows may be less when it goes on."""
    ask_user.confirm("Now?")
    return os.environ.get("REGION")


@flow
def nothing() -> str:
    return "wishes for nothing"
