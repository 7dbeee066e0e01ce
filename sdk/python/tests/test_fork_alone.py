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
import asyncio, json, logging, os, random, signal, subprocess, sys, tempfile, threading, time, traceback
from concurrent.futures import ThreadPoolExecutor
from hero_tracing import _fork, _rehearsal

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

assert _fork.choose() is _fork.fork
seen = [in_child(_fork.fork, use) for _ in range(5)]
seen += [in_child(_fork.fork, lambda: in_child(os.fork, use)), in_child(os.fork, lambda: in_child(_fork.fork, use))]
for drawn in zip(*seen, [random.random(), tempfile.mktemp()]):
    assert len(set(drawn)) == len(drawn), drawn
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
assert _fork.choose() is os.fork
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
