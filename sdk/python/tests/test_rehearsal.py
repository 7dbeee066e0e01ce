"""The rehearsal of a spare child leaves nothing behind."""

from __future__ import annotations

import json
import linecache
import os
import signal
import sys
import threading

from hero_tracing import _alarm, _declared, _engine, _preload
from hero_tracing._codec import FLOW_MODULE
from hero_tracing._rehearsal import rehearse


def test_nothing_is_left_of_a_rehearsal() -> None:
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)

    def state() -> list[object]:
        return [
            [signal.getsignal(number) for number in signals],
            set(os.listdir("/proc/self/fd")),
            threading.enumerate(),
            (sys.stdout, sys.stderr, list(sys.meta_path)),
            (dict(_alarm._taken), _engine.active()),
            (FLOW_MODULE in _declared.declared, FLOW_MODULE in sys.modules),
            [name for name in linecache.cache if "rehearsal>" in name],
        ]

    frames = rehearse()  # the first one imports
    kinds = ["hello", "begin", "begin", "end", "begin", "end", "end", "done"]
    assert [json.loads(frame)["t"] for frame in frames] == kinds
    assert json.loads(frames[-1]) == {"t": "done", "status": "succeeded", "outputs": 4, "n": 2}
    before = state()
    for _ in range(3):
        rehearse()
    assert state() == before


def test_only_modules_of_the_list_are_imported_ahead() -> None:
    assert _preload.steps("asyncio") == () or "asyncio" not in sys.modules
    for name in ("hero_tracing.evil", "antigravity", "this", "numpy", ".", "", "os"):
        assert _preload.steps(name) == ()
    _preload.load("a_module_that_no_interpreter_has")
