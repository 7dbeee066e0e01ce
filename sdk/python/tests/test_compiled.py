"""A file is compiled by one process of its version: the others are given what that one made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_session import HEADER, Process, start

from hero_tracing import _frames, _loader

FLOW = """
@flow
def step() -> int:
    return 1

@flow
def main() -> int:
    return step()
"""


def play(process: Process) -> tuple[dict[str, Any], dict[str, Any]]:
    """What its process said first and last."""
    done = process.until("done")
    assert process.exit_code() == 0
    hello = process.frames[0]
    assert hello["t"] == "hello"
    return hello, done


def test_what_one_process_compiled_is_run_by_the_next(tmp_path: Path) -> None:
    hello, done = play(start(FLOW, tmp_path))
    assert done["outputs"] == 1
    # It is this that is run, and not the source again.
    again, done = play(start("what is no Python", tmp_path, code=hello["code"]))
    assert done["outputs"] == 1 and "code" not in again


def test_an_error_shows_its_line(tmp_path: Path) -> None:
    source = "\n@flow\ndef main():\n    raise ValueError('no')\n"
    hello, failed = play(start(source, tmp_path))
    _, again = play(start(source, tmp_path, code=hello["code"]))
    assert "raise ValueError" in again["error"]["traceback"] and again["error"] == failed["error"]


@pytest.mark.filterwarnings("default:assertion is always true:SyntaxWarning")
def test_what_compiling_has_to_say_is_said_in_each_play(tmp_path: Path) -> None:
    for _ in range(2):
        process = start("assert (1, 'always true')\n" + FLOW, tmp_path)
        hello, done = play(process)
        assert "code" not in hello and done["outputs"] == 1
        assert any("SyntaxWarning" in frame["text"] for frame in process.frames if frame["t"] == "log")
    hello, done = play(start("def (", tmp_path))
    assert "code" not in hello and done["error"]["code"] == "syntax_error"


def test_a_flow_runs_after_its_code_was_sent(tmp_path: Path) -> None:
    """So that it cannot say that it was compiled to something else: the first frame is not its own."""
    process = start("import os\nos._exit(9)\n" + FLOW, tmp_path)
    assert [json.loads(line)["t"] for line in process.lines] == ["hello"]
    assert process.exit_code() == 9


def test_one_that_is_too_long_for_a_line_is_compiled_each_time(tmp_path: Path) -> None:
    source = FLOW + "X = " + repr(list(range(70_000))) + "\n"
    hello, done = play(start(source, tmp_path))
    assert "code" not in hello and done["outputs"] == 1
    assert len(_loader.pack(_loader.compile_ahead("my.py", HEADER + source))) > _frames.INLINE_BYTES_MAX


def test_code_of_another_interpreter_is_compiled_anew(tmp_path: Path) -> None:
    own = _loader.pack(_loader.compile_ahead("my.py", HEADER + FLOW))
    tag, _, text = own.partition(":")
    for foreign in (f"cpython-27-20700f0:{text}", f"{tag}0:{text}", text, "", ":", "ü"):
        hello, done = play(start(FLOW, tmp_path, code=foreign))
        assert hello["code"] == own and done["outputs"] == 1


def test_code_that_cannot_be_packed_runs(tmp_path: Path) -> None:
    hello, done = play(start(FLOW + "nested = " + "lambda: " * 1000 + "1\n", tmp_path))
    assert "code" not in hello and done["outputs"] == 1
