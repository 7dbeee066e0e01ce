"""Objects of the fork server are made immortal where the interpreter has such objects, and work as before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

# In an interpreter of its own, since it cannot be undone.
SCRIPT = """
import asyncio, gc, os, sys
from hero_tracing import _fork_server, _immortal, _rehearsal

def plays():
    for is_async in (False, True):
        frames = _rehearsal.rehearse(is_async=is_async)
        assert b'"status":"succeeded"' in frames[-1], frames

class Mine:
    def __init__(self): self.items = [object()]
    def __del__(self): ended.append(self.items)

ended, kept, function = [], Mine(), lambda number: number + 1
plays()
possible = _immortal.is_possible()
assert possible == (sys.version_info >= (3, 12)), sys.version
if possible:
    objects = gc.get_objects()
    while objects:
        _immortal.make(objects, 100)
    gc.freeze()
    code = function.__code__
    seen = [kept, kept.items, kept.items[0], function, code, code.co_consts, Mine, asyncio.run, sys.modules]
    counts = [sys.getrefcount(each) for each in seen]
    more = seen * 3
    assert [sys.getrefcount(each) for each in seen] == counts, counts
    assert all(count >= 1 << 31 for count in counts), counts
    # What is new is counted, and ends, also where only immortal objects held it.
    new, kept.items = Mine(), kept.items[:]
    assert sys.getrefcount(new) < 10
    del new
    sys.modules["mine"] = Mine()
    del sys.modules["mine"]
    assert len(ended) == 2, ended
    kept.new = Mine()
    kept.new.self = kept.new
    kept.new = None
    gc.collect()
    assert len(ended) == 3, ended
for _ in range(50):
    plays()
children = []
for number in range(20):
    pid = os.fork()
    if pid == 0:
        gc.enable()
        plays()
        strings = [str(each) for each in range(100_000)]
        gc.collect()
        os._exit(function(number))
    children.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
assert codes == list(range(1, 21)), codes
print("well")
"""


def test_immortal_objects_work_as_before() -> None:
    ran = subprocess.run(
        [sys.executable, "-s", "-P", "-S", "-c", SCRIPT],
        cwd=PACKAGE,
        env={"PYTHONPATH": str(PACKAGE), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "well\n"), ran.stderr
