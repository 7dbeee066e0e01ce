"""Ends its own process: before it has said anything, or after its last word."""

import os
import signal
import sys

from hero_tracing import flow


def effect(name: str) -> None:
    with open("effects.log", "a") as log:
        log.write(f"{flow.attempt} {name}\n")


@flow
def before() -> str:
    effect("before")
    return "before"


@flow
def crash(way: str) -> None:
    """Ends its process without a word."""
    before()
    effect("crash")
    if way == "exit":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


class Bomb:
    """A stream that nobody may flush."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)


@flow
def fall(end: str) -> int:
    """Ends as it is told to; its process falls when all is said."""
    sys.__stdout__ = Bomb()  # flushed at the very end
    if end == "succeeded":
        return 7
    raise flow.Failed("nobody is at home")
