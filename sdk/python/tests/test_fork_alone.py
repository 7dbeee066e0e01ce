"""A process that is forked past what Python does for the locks of other threads lacks nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from hero_tracing import _fork

PACKAGE = Path(__file__).parents[1]

# In an interpreter of its own, which has one thread as the fork server has.
SCRIPT = """
import asyncio, ctypes, json, logging, os, random, signal, subprocess, sys, tempfile, threading, time, traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hero_tracing import _fork, _kernel, _rehearsal

def use():
    assert threading.main_thread() is threading.current_thread()
    assert threading.main_thread().ident == threading.get_ident()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(str, range(100))) == [str(each) for each in range(100)]
    async def wait():
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(lambda: 7)
    assert asyncio.run(wait()) == 7
    struck = []
    signal.signal(signal.SIGUSR1, lambda number, frame: struck.append(threading.get_ident()))
    thread = threading.Thread(target=lambda: os.kill(os.getpid(), signal.SIGUSR1))
    thread.start()
    thread.join()
    time.sleep(0)
    assert struck == [threading.get_ident()]
    assert subprocess.check_output([sys.executable, "-S", "-c", "print(1)"]) == b"1\\n"
    logging.getLogger("x").warning("said by a child")
    import colorsys
    for is_async in (False, True):
        assert b'"status":"succeeded"' in _rehearsal.rehearse(is_async=is_async)[-1]
    return [random.random(), tempfile.mktemp()]

def in_child(fork, function):
    reader, writer = os.pipe()
    pid = fork()
    if pid == 0:
        try:
            os.write(writer, json.dumps(function()).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writer)
    said = os.read(reader, 65536)
    os.close(reader)
    assert os.waitpid(pid, 0)[1] == 0
    return json.loads(said)

def in_namespaces():
    assert os.getpid() == 1 == threading.get_native_id()
    # A thread with the number that this process has outside is not taken for it by a lock of the C library's.
    assert ctypes.c_int.from_address(_kernel._thread_number).value == 1
    return use()

assert _fork.choose() is _fork.fork
seen = [in_child(_fork.fork, use) for _ in range(5)]
seen += [in_child(_fork.fork, lambda: in_child(os.fork, use)), in_child(os.fork, lambda: in_child(_fork.fork, use))]
namespaces = _kernel.CLONE_NEWUSER | _kernel.CLONE_NEWPID
try:
    can_be_had = not os.waitpid(_fork.fork(namespaces) or os._exit(0), 0)[1]
except OSError:  # in some containers
    can_be_had = False
if can_be_had:
    assert _fork.choose(namespaces).func is _fork.fork
    for fork in (_fork.choose(namespaces), partial(_fork.fork_with_threads, namespaces)):
        seen += [in_child(fork, in_namespaces) for _ in range(3)]
for drawn in zip(*seen, [random.random(), tempfile.mktemp()]):
    assert len(set(drawn)) == len(drawn), drawn
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
assert _fork.choose() is os.fork
assert _fork.choose(namespaces).func is _fork.fork_with_threads
stop.set()
thread.join()
import resource
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
os.setuid(65534)
try:
    _fork.fork()
except BlockingIOError as error:
    assert error.errno == 11
else:
    raise AssertionError("it forked beyond its limit")
print("well")
"""


def test_a_process_forked_alone_lacks_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-s", "-P", "-S", "-c", SCRIPT],
        cwd=PACKAGE,
        env={"PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "well\n"), ran.stderr


def test_a_process_of_several_threads_is_forked_by_python() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    assert _fork.choose() is not _fork.fork
    done.set()
    thread.join()
