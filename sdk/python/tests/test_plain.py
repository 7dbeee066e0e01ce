"""The same file run by plain Python: no runtime, prompts on the terminal."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hero_tracing import Timeout, flow

SOURCE = """
from hero_tracing import ask_user, flow

@flow(retries=2, backoff=0)
def flaky(calls=[]):
    calls.append(1)
    if len(calls) < 3: raise OSError("down")
    return len(calls)

@flow
def main():
    with flow.step("a"):
        flow.current_span.tag("k", 1)
        tries = flaky()
    return [
        tries,
        ask_user.choice("Which?", ["web", "db"]),
        ask_user.number("How many?"),
        ask_user.confirm("Sure?"),
        ask_user.multi_choice("Some?", ["a", "b"]),
        ask_user.text("Name?", default="nobody"),
        flow.pause("form"),
        flow.map(len, ["a", "bb"]),
        flow.gather(lambda: 1, lambda: 2),
        flow.invoke("flaky"),
        flow.play_sid,
        0 <= flow.random() < 1 and flow.now() is not None and flow.uuid() is not None,
    ]

if __name__ == "__main__":
    print(main())
"""


def run(tmp_path: Path, answers: str, source: str = SOURCE) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "my_flow.py"
    file.write_text(source)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run([sys.executable, str(file)], input=answers, capture_output=True, text=True, env=env)


def test_a_flow_runs_without_a_runtime(tmp_path: Path) -> None:
    done = run(tmp_path, 'x\n2\nmany\n1.5\nmaybe\ny\na, 2\n\n{"a": [1]}\n')
    assert done.stdout == (
        "[3, 'db', 1.5, True, ['a', 'b'], 'nobody', {'a': [1]}, [1, 2], [1, 2], 4, 'plain', True]\n"
    ), done.stderr
    assert "Which?" in done.stderr and "1. web" in done.stderr and "a number, please" in done.stderr


def test_the_end_of_the_input(tmp_path: Path) -> None:
    done = run(tmp_path, "1\n")
    assert done.returncode == 1 and "the input ended before 'how_many' was answered" in done.stderr


@flow(timeout=0.02)
def slow() -> None:
    import threading

    threading.Event().wait(20)


@flow(timeout=0.02, retries=1, backoff=0)
async def slow_async() -> None:
    await asyncio.sleep(20)


@flow
async def twice(number: int) -> int:
    return number * 2


def test_timeouts_work_in_plain_python() -> None:
    with pytest.raises(Timeout, match="slow took longer"):
        slow()
    with pytest.raises(Timeout, match="slow_async took longer"):
        asyncio.run(slow_async())


def test_coroutines_in_plain_python() -> None:
    async def main() -> list[int]:
        return [
            *await asyncio.gather(twice(1), twice(2)),
            *await flow.aio.map(twice, [3]),
            await flow.aio.run("x", twice, 4),
        ]

    assert asyncio.run(main()) == [2, 4, 6, 8]


CHECKED = """
from hero_tracing import ask_user, flow

@flow
def main():
    return [
        ask_user.number("How many?", maximum=3, integer=True),
        ask_user.text("Name?", min_length=3, pattern="^[a-z]+$"),
        ask_user.choice("Which?", ["web", "db"]),
        ask_user.multi_choice("Two?", ["a", "b", "c"], minimum=2, maximum=2),
        flow.pause("form", schema={"type": "object", "required": ["a"]}),
    ]

print(main())
"""


def test_answers_are_checked_and_asked_for_again(tmp_path: Path) -> None:
    answers = [
        *("99.5", "2.5", "NaN", "1e999", "4", "3"),
        *("ab", "ABC", "abc"),
        *("0", "3", "²", "9" * 5000, "2"),
        *("1,1,1", "1,1", "1", "4,1", "1,3"),
        *("no", '{"a": NaN}', "{}", '{"a": 1}'),
    ]
    done = run(tmp_path, "\n".join(answers) + "\n", CHECKED)
    assert done.stdout == "[3, 'abc', 'db', ['a', 'c'], {'a': 1}]\n", done.stderr
    for text in (
        "the answer must be at most 3",
        "the answer must be a whole number",
        "a number, please",
        "the answer must have at least 3 characters",
        "the answer must match ^[a-z]+$",
        "'3' is none of the 2 options",
        "the answer must have at most 2 items; must not hold an item twice",
        "the answer must have at least 2 items",
        "an answer in JSON, please",
        "the answer /a is missing",
    ):
        assert text in done.stderr
    assert done.stderr.count("> ") == len(answers)


def test_one_question_stands_at_a_time(tmp_path: Path) -> None:
    source = """
from hero_tracing import ask_user, flow

@flow
def main():
    return flow.map(lambda name: name == ask_user.text(name), ["a", "b", "c"])

import sys, time
lines = []

class Person:
    def readline(self):
        asked = len(sys.stderr.lines)
        time.sleep(0.1)
        assert len(sys.stderr.lines) == asked, "another question came up while this one waited"
        return [line for line in sys.stderr.lines if line in {"a", "b", "c"}][-1] + "\\n"

class Terminal:
    lines = []
    def write(self, text): self.lines.append(text)
    def flush(self): pass

sys.stdin, sys.stderr = Person(), Terminal()
print(main())
"""
    done = run(tmp_path, "", source)
    assert done.stdout == "[True, True, True]\n", done.stderr


def plain_function(number: int) -> int:
    return number + 1


def test_a_plain_function_is_awaited() -> None:
    async def main() -> int:
        result: int = await flow.aio.run("k", plain_function, 1)
        return result

    assert asyncio.run(main()) == 2
