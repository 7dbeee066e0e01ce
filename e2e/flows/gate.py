"""Stops in the middle of a step until somebody writes to a named pipe, so that a test can act right then."""

import os
import signal
import subprocess

from hero_tracing import flow


def effect(name: str) -> None:
    with open("effects.log", "a") as log:
        log.write(f"{flow.attempt} {name}\n")


@flow
def before() -> str:
    effect("before")
    return "before"


@flow
def wait_at(gate: str) -> str:
    effect("wait_at")
    with open(gate) as pipe:
        return pipe.read()


@flow
def after() -> str:
    effect("after")
    return "after"


@flow
def main(gate: str) -> list[str]:
    return [before(), wait_at(gate), after()]


@flow
def stubborn(gate: str) -> list[str]:
    """Does not listen to SIGTERM, nor to anything that Python can catch."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        try:
            wait_at(gate)
        except BaseException:
            continue


@flow
def with_helper() -> int:
    """Leaves a process of its own behind."""
    return subprocess.Popen(["sleep", "1000"]).pid


@flow
def with_busy_helper(gate: str) -> str:
    """Has a process of its own at work while it stands at the gate."""
    with subprocess.Popen(["sleep", "1000"]) as helper:
        try:
            return wait_at(gate)
        finally:
            helper.kill()


@flow
def crash(way: str) -> None:
    """Ends its process without a word."""
    before()
    effect("crash")
    if way == "exit":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)
