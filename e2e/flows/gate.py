"""Stops at a named pipe, mostly in the middle of a step, so that a test can act right then."""

import signal
import subprocess
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
def wait_at(gate: str) -> str:
    effect("wait_at")
    with open(gate) as pipe:
        return pipe.read()


@flow(on_unknown="fail")
def wait_once_at(gate: str) -> str:
    effect("wait_once_at")
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
def at_most_once(gate: str) -> list[str]:
    """The step at the gate is declared not to be run again."""
    return [before(), wait_once_at(gate), after()]


@flow
def stubborn(gate: str) -> list[str]:
    """Does not listen to SIGTERM, nor to anything that Python can catch."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        try:
            wait_at(gate)
        except BaseException:
            continue


# Says when it no longer listens to SIGTERM.
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(flush=True)
time.sleep(1000)
"""


@flow
def hang(gate: str) -> None:
    """Hears SIGTERM and goes on, in no step. A process of its own does not even hear it."""
    helper = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE)
    assert helper.stdout is not None
    helper.stdout.readline()
    signal.signal(signal.SIGTERM, lambda *_: effect("asked"))
    with open(gate):
        while True:
            try:
                signal.pause()
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
