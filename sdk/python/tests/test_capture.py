"""Prints, logs and warnings land on the span where they happen."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import warnings

import pytest

from hero_tracing import _capture, flow, testing


@flow
def speak(name: str) -> None:
    print("a", name, "b\nc")
    print("no end", end="")
    sys.stderr.write("err\n")
    logging.getLogger("my.log").info("info %s", name)
    logging.getLogger().debug("dropped")
    logging.error("error")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("careful", stacklevel=1)


@flow
def speaking() -> None:
    print("outside")
    speak("x")


def test_everything_that_is_said() -> None:
    logs = testing.run(speaking).logs
    step = "speaking#0/speak#0"
    assert [(log["path"], log["level"], log["stream"], log["text"]) for log in logs[:6]] == [
        ("speaking#0", "info", "stdout", "outside"),
        (step, "info", "stdout", "a x b"),
        (step, "info", "stdout", "c"),
        (step, "error", "stderr", "err"),
        (step, "info", "log", "my.log: info x"),
        (step, "error", "log", "error"),
    ]
    assert logs[6]["text"].startswith("UserWarning: careful")
    assert [(log["text"], log["path"]) for log in logs[7:]] == [("no end", step)]


@flow
def long_lines() -> None:
    print("x" * 20_000)


def test_long_lines_are_split() -> None:
    assert [len(log["text"]) for log in testing.run(long_lines).logs] == [8192, 8192, 3616]


@flow
def many_lines() -> None:
    for number in range(20):
        print(number)


def test_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_capture, "LINES_MAX", 5)
    logs = testing.run(many_lines).logs
    assert [log["text"] for log in logs[:5]] == list("01234")
    assert [log["text"][:14] for log in logs[5:]] == ["logs_truncated"]


@flow
async def talks(name: str) -> None:
    print(name, end="")
    await asyncio.sleep(0)
    print(name)


@flow
async def chorus() -> None:
    await asyncio.gather(talks("a"), talks("b"))


def test_parts_of_lines_do_not_mix() -> None:
    logs = testing.run(chorus).logs
    assert sorted((log["text"], log["path"]) for log in logs) == [
        ("aa", "chorus#0/talks#0"),
        ("bb", "chorus#0/talks#1"),
    ]


@flow
def in_thread() -> None:
    thread = threading.Thread(target=print, args=("hi",))
    thread.start()
    thread.join()


def test_a_thread_prints_on_its_branch() -> None:
    assert [log["path"] for log in testing.run(in_thread).logs] == ["in_thread#0/~print#0"]


def test_the_streams_are_put_back() -> None:
    before = (sys.stdout, sys.stderr, warnings.showwarning, logging.Logger.callHandlers, logging.root.level)
    testing.run(speaking)
    assert before == (sys.stdout, sys.stderr, warnings.showwarning, logging.Logger.callHandlers, logging.root.level)


@flow
def strange() -> None:
    print("\ud800 ok")


def test_lone_surrogates_do_no_harm() -> None:
    assert [log["text"] for log in testing.run(strange).logs] == ["? ok"]


class Noisy:
    def __init__(self) -> None:
        self.me = self  # only the collector ends it

    def __del__(self) -> None:
        print("gone")


@flow
def collected(number: int) -> int:
    Noisy()
    return number


@flow
def collecting() -> int:
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        return sum(collected(number) for number in range(200))
    finally:
        gc.set_threshold(*threshold)


def test_a_finaliser_may_print_at_any_moment() -> None:
    result = testing.run(collecting)
    assert result.value == sum(range(200))
    assert any(log["text"] == "gone" for log in result.logs)
