"""Processes that a flow starts: none is the play, none can end it, and plain functions of the file run there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hero_tracing import _session, testing

HEADER = """
import multiprocessing, os, signal, time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hero_tracing import flow
"""

FORK = f"""{HEADER}
fork = multiprocessing.get_context("fork")
"""

# A warning of Python itself about forks beside threads.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def run(source: str) -> testing.Result:
    result = testing.run_file("my.py", source)
    assert result.status == "succeeded", result.failure
    return result


NAPS = f"""{FORK}
def nap():
    try:
        time.sleep(60)
    except BaseException:
        time.sleep(60)

def end(_):
    child = fork.Process(target=nap)
    child.start()
    if _ == "later":
        time.sleep(0.1)
    child.terminate()
    child.join()
    return child.exitcode

@flow
def ending(when):
    return end(when)

@flow
def main():
    codes = [ending("now"), ending("later"), *flow.map(end, ["now", "later"])]
    time.sleep({{seconds}})  # a grace that a child had started would be over
    return codes
"""


def test_ending_a_child_ends_only_the_child() -> None:
    assert run(NAPS.format(seconds=1.6)).value == [-15] * 4


# Hooks of a fork run in the order in which they were set: this one before those of the package.
EARLY = """
import os, signal

def strike():
    if "STRIKE" in os.environ:
        os.kill(os.getpid(), signal.SIGTERM)

os.register_at_fork(after_in_child=strike)

from hero_tracing import testing

SOURCE = '''
import os
from hero_tracing import flow

@flow
def main():
    os.environ["STRIKE"] = "1"
    child = os.fork()
    if not child:
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
'''
print(testing.run_file("my.py", SOURCE).value)
"""


def test_a_signal_for_a_child_that_is_just_being_made_is_not_lost() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.check_output([sys.executable, "-c", EARLY], env=environment, text=True) == "-15\n"


POOL = f"""{FORK}
def square(number):
    return number * number

@flow
def main():
    with fork.Pool(2) as pool:
        return pool.map(square, [1, 2, 3])
"""


def test_a_pool_ends_its_workers_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(POOL).value == [1, 4, 9]
    assert "KeyboardInterrupt" not in capfd.readouterr().err


SIGNALS = f"""{FORK}
def names(queue):
    known = {{signal.SIG_DFL: "default", signal.default_int_handler: "interrupt", mine: "mine"}}
    queue.put([known.get(signal.getsignal(one), "ours") for one in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)])

def mine(number, frame):
    pass

def look():
    queue = fork.SimpleQueue()
    child = fork.Process(target=names, args=(queue,))
    child.start()
    seen = queue.get()
    child.join()
    return seen

@flow(timeout=30)
def limited():
    return look()

@flow
def main():
    seen = [look(), limited()]
    before = signal.signal(signal.SIGTERM, mine)
    seen.append(look())
    signal.signal(signal.SIGTERM, before)
    return seen
"""


def test_signals_of_a_child_are_its_own() -> None:
    plain = ["default", "interrupt", "default"]
    assert run(SIGNALS).value == [plain, plain, ["mine", "interrupt", "default"]]


UNWINDS = f"""{FORK}
@flow(timeout=30)
def forks():
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    raise SystemExit  # through all of the SDK, up to where the process ends

@flow
def main():
    return forks()
"""


def test_a_child_that_unwinds_the_flow_says_nothing() -> None:
    result = run(UNWINDS)
    assert result.value == _session.LOST
    assert [record[0] for record in result.records] == ["main#0/forks#0"]


PLAIN = """
import os
from hero_tracing import flow

@flow(timeout=30)
def forks():
    child = os.fork()
    if not child:
        raise SystemExit(3)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

print(forks())
"""


def test_a_child_unwinds_in_plain_python() -> None:
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.check_output([sys.executable, "-c", PLAIN], env=environment, text=True) == "3\n"


HELD = f"""{FORK}
from hero_tracing import _alarm

@flow(timeout=30)
def forks():
    held = _alarm.suspend()  # as the loop does while a plain question is open
    child = os.fork()
    _alarm.resume(held)
    rings = signal.getitimer(signal.ITIMER_REAL)[0] > 0
    if not child:
        os._exit(rings)
    return [rings, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]

@flow
def main():
    return forks()
"""


def test_the_time_of_a_step_does_not_run_out_in_a_child() -> None:
    assert run(HELD).value == [True, 0]


CALLS = f"""{HEADER}
@dataclass
class Pair:
    left: int
    right: int

def swap(pair):
    return Pair(pair.right, pair.left)

@flow
def step():
    return 1

def call_step():
    return step()

@flow
def main():
    context = multiprocessing.get_context(METHOD)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        swapped = pool.submit(swap, Pair(1, 2)).result()
        refused = pool.submit(call_step).exception()
    return [swapped == Pair(2, 1), refused.code, os.listdir()]
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver", None])
def test_functions_of_the_file_run_in_other_processes(method: str | None) -> None:
    assert run(CALLS.replace("METHOD", repr(method))).value[:2] == [True, "wrong_process"]


FAILS = f"""{HEADER}
def fail():
    raise ValueError("no")

@flow
def main():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return str(pool.submit(fail).exception().__cause__)
"""


def test_their_tracebacks_name_the_file() -> None:
    line = FAILS[: FAILS.index('raise ValueError("no")')].count("\n") + 1
    assert f'File "my.py", line {line}, in fail' in run(FAILS).value
