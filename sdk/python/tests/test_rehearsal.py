"""The rehearsal of a spare child leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import linecache
import os
import signal
import sys
import threading
from typing import Any

import pytest

from hero_tracing import _alarm, _declared, _engine, _preload, _scheduling, _session
from hero_tracing._codec import FLOW_MODULE
from hero_tracing._rehearsal import rehearse


@pytest.mark.parametrize("is_async", [False, True])
def test_nothing_is_left_of_a_rehearsal(is_async: bool) -> None:
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
            asyncio._get_running_loop(),
        ]

    frames = rehearse(is_async=is_async)  # the first one imports
    kinds = ["hello", "begin", "begin", "end", "begin", "end", "end", "done"]
    assert [json.loads(frame)["t"] for frame in frames] == kinds
    assert json.loads(frames[-1]) == {"t": "done", "status": "succeeded", "outputs": 4, "n": 2}
    before = state()
    for _ in range(3):
        rehearse(is_async=is_async)
    assert state() == before


def test_a_signal_that_comes_meanwhile_is_not_taken_for_the_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    struck: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: struck.append(number))
    play = _session.serve

    def interrupted(*args: Any) -> int:
        # To this thread: a spare has no other, but tests before this one may have left some.
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        code = play(*args)
        assert struck == []
        return code

    monkeypatch.setattr(_session, "serve", interrupted)
    try:
        frames = rehearse()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert json.loads(frames[-1])["status"] == "succeeded"
    assert struck == [signal.SIGTERM]
    assert _alarm._cancelled is None


@pytest.mark.parametrize("policy", [os.SCHED_OTHER, os.SCHED_BATCH])
def test_the_policy_of_who_started_it_stays(policy: int) -> None:
    child = os.fork()
    if child == 0:
        os.sched_setscheduler(0, policy, os.sched_param(0))
        _scheduling.give_way()
        _scheduling.take_part()
        os._exit(os.sched_getscheduler(0))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == policy


def test_only_modules_of_the_list_are_imported_ahead() -> None:
    assert _preload.steps("asyncio") == () or "asyncio" not in sys.modules
    for name in ("hero_tracing.evil", "antigravity", "this", "numpy", ".", "", "os"):
        assert _preload.steps(name) == ()
        assert name == "os" or not _preload.may_load(name)
