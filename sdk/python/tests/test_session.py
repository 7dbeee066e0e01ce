"""Files as the runtime runs them: loaded, described, run in a process of their own, cancelled, parked."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hero_tracing import _session, testing

HEADER = "from hero_tracing import flow, ask_user\n"


class Process:
    """A forked process that serves one frame; its frames are read one by one."""

    def __init__(self, first: dict[str, Any]) -> None:
        self.socket, theirs = socket.socketpair()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self.socket.close()
            code = 70
            try:
                os.environ["HERO_TRACING"] = "1"
                code = _session.serve(theirs)
            finally:
                os._exit(code)
        theirs.close()
        self.send(first)
        self.lines = self.socket.makefile("rb")
        self.frames: list[dict[str, Any]] = []

    def send(self, frame: dict[str, Any]) -> None:
        self.socket.sendall(json.dumps(frame).encode() + b"\n")

    def until(self, kind: str, acknowledge: bool = True, text: str = "") -> dict[str, Any]:
        for line in self.lines:
            frame: dict[str, Any] = json.loads(line)
            self.frames.append(frame)
            if acknowledge and "n" in frame:
                # One that is ended in the middle of its flow does not wait for the last acknowledgement.
                with contextlib.suppress(BrokenPipeError):
                    self.send({"t": "ack", "n": frame["n"]})
            if frame["t"] == kind and text in line.decode():
                return frame
        raise AssertionError(f"no {kind} in {self.frames}")

    def exit_code(self) -> int:
        self.lines.close()
        self.socket.close()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start(source: str, tmp_path: Path, **given: Any) -> Process:
    frame = {"t": "start", "v": 1, "play_sid": "play_1", "attempt": 1, "file_name": "my.py", "source": HEADER + source}
    frame |= {"entry": None, "inputs": {}, "workdir": str(tmp_path), "blob_dir": str(tmp_path / "blobs")}
    return Process({**frame, "records": [], "started": [], **given})


def describe(source: str, entry: str | None = None) -> dict[str, Any]:
    process = Process({"t": "describe", "v": 1, "file_name": "my.py", "source": source, "entry": entry})
    frame = process.until("described")
    assert process.exit_code() == 0
    assert process.frames[0]["t"] == "hello"
    return frame


def test_a_file_is_described() -> None:
    frame = describe(
        HEADER
        + '''
@flow
def helper(n: int): ...
@flow(name="greet", retries=2, sandbox={"network": False})
async def main(name: str = "World", times: int | None = None) -> list[str]:
    """Says hello.

    More.
    """
'''
    )
    assert frame["entry"] == "main"
    helper, greet = frame["flows"]
    assert (helper["name"], helper["function"], helper["line"], helper["is_async"]) == ("helper", "helper", 3, False)
    assert (greet["name"], greet["function"], greet["is_async"]) == ("greet", "main", True)
    assert greet["description"] == "Says hello."
    assert greet["options"] == {"name": "greet", "retries": 2, "sandbox": {"network": False}}
    assert greet["inputs"]["properties"]["name"]["default"] == "World"
    assert greet["outputs"]["items"] == {"type": "string"}


ONE = "@flow\ndef alpha(): ...\n"
TWO = ONE + "@flow\ndef beta(): ...\n"


@pytest.mark.parametrize(
    ("source", "entry", "code", "words"),
    [
        ("x = 1\n", None, "no_flow", "no function"),
        (HEADER + TWO, None, "several_flows", "alpha, beta"),
        (HEADER + TWO, "gamma", "unknown_entry", "'gamma'"),
        ("def f(:\n", None, "syntax_error", "my.py:1"),
        ("import no_such_module\n", None, "import_failed", "no_such_module"),
        ("1 / 0\n", None, "import_failed", "division"),
        ("raise SystemExit(3)\n", None, "import_failed", "3"),
        ("a = '\0'\n", None, "syntax_error", "null"),
        (HEADER + "@flow\ndef main(f: open): ...\n", None, "bad_schema", "f"),
    ],
)
def test_files_that_cannot_be_run(source: str, entry: str | None, code: str, words: str) -> None:
    error = describe(source, entry)["error"]
    assert error["code"] == code
    assert words in error["message"] and error["hint"]


def test_hints() -> None:
    assert describe("def f(:\n")["error"]["message"].endswith("\n    def f(:\n          ^")
    assert "alpha" in describe(HEADER + TWO, "alpa")["error"]["hint"]
    assert "one file" in describe("import no_such_module\n")["error"]["hint"]
    assert describe(HEADER + ONE)["entry"] == "alpha"
    assert describe(HEADER + TWO, "beta")["entry"] == "beta"


@pytest.mark.parametrize(
    ("body", "code", "type_name"),
    [
        ("raise ValueError('no')", "exception", "ValueError"),
        ("raise flow.Failed('no')", "failed", "Failed"),
        ("raise SystemExit('no')", "exception", "SystemExit"),
        ("return lambda: 1", "not_recordable", "NotRecordable"),
    ],
)
def test_flows_that_fail(body: str, code: str, type_name: str) -> None:
    result = testing.run_file("my.py", f"{HEADER}@flow\ndef main():\n    {body}\n")
    assert result.status == "failed" and result.failure is not None
    assert (result.failure["code"], result.failure["type"]) == (code, type_name)
    if code == "exception":
        assert 'File "my.py", line 4, in main' in result.failure["traceback"]
        assert "hero_tracing" not in result.failure["traceback"]
    if code == "failed":
        assert "traceback" not in result.failure


def test_a_failure_in_a_step_shows_the_line_of_the_step() -> None:
    source = f"{HEADER}@flow\ndef step():\n    raise KeyError('k')\n@flow\ndef main():\n    step()\n"
    for always_replay in (False, True):
        result = testing.run_file("my.py", source, always_replay=always_replay)
        assert result.failure is not None
        assert "line 4, in step\n    raise KeyError" in result.failure["traceback"]


def test_classes_of_the_file_are_found_on_replay() -> None:
    source = (
        HEADER
        + """
import dataclasses
@dataclasses.dataclass
class Point:
    x: int
class Odd(Exception): ...
@flow
def make(n: int):
    if n % 2: raise Odd(n)
    return Point(n)
@flow
def main() -> list[str]:
    out = []
    for n in range(4):
        try: out.append(repr(make(n)))
        except Odd as error: out.append(f"odd {error}")
    return out
"""
    )
    result = testing.run_file("my.py", source, always_replay=True)
    assert result.value == ["Point(x=0)", "odd 1", "Point(x=2)", "odd 3"]


def test_a_call_at_import_is_refused() -> None:
    result = testing.run_file("my.py", HEADER + ONE + "alpha()\n")
    assert (result.status, result.failure and result.failure["code"]) == ("failed", "no_scope")


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_a_call_in_another_process_is_refused(how: str) -> None:
    source = (
        HEADER
        + """
import os, subprocess, sys
@flow
def step(): return 1
@flow
def main(how: str) -> int:
    if how == "fork":
        pid = os.fork()
        if pid == 0:
            try: step()
            except BaseException as error: os._exit(7 if error.code == "wrong_process" else 8)
            os._exit(9)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = '''
import sys
sys.path[:] = %r
from hero_tracing import flow
try: flow.run("x", int)
except BaseException as error: sys.exit(7 if error.code == "wrong_process" else 8)
''' % sys.path
    return subprocess.run([sys.executable, "-c", code]).returncode
"""
    )
    assert testing.run_file("my.py", source, {"how": how}).value == 7


CANCELLED = {
    "plain": "@flow\ndef main():\n    print('ready')\n    import time\n    time.sleep(60)\n",
    "finally": (
        "@flow\ndef main():\n    try:\n        print('ready')\n        import time\n        time.sleep(60)\n"
        "    finally:\n        print('cleaned')\n"
    ),
    "step": (
        "@flow\ndef step():\n    print('ready')\n    import time\n    time.sleep(60)\n@flow\ndef main():\n    step()\n"
    ),
    "stubborn": (
        "@flow\ndef main():\n    import time\n    print('ready')\n    while True:\n        try: time.sleep(60)\n"
        "        except BaseException: pass\n"
    ),
    "asyncio": "import asyncio\n@flow\nasync def main():\n    print('ready')\n    await asyncio.sleep(60)\n",
    "async step": (
        "import asyncio\n@flow\nasync def step():\n    print('ready')\n    await asyncio.Event().wait()\n"
        "@flow\nasync def main():\n    await asyncio.gather(step(), step())\n"
    ),
    "thread": (
        "import threading\n@flow\ndef main():\n    t = threading.Thread(target=threading.Event().wait, daemon=True)\n"
        "    t.start()\n    print('ready')\n    t.join()\n"
    ),
    "retry": "@flow(retries=9, backoff=60)\ndef main():\n    print('ready')\n    raise ValueError\n",
}


@pytest.mark.parametrize("name", CANCELLED)
def test_sigterm_cancels(name: str, tmp_path: Path) -> None:
    process = start(CANCELLED[name], tmp_path)
    process.until("log", text="ready")
    os.kill(process.pid, signal.SIGTERM)
    assert process.until("done")["status"] == "cancelled"
    assert process.exit_code() == 0
    recorded = [frame for frame in process.frames if frame["t"] == "end" and "n" in frame]
    assert recorded == []
    if name == "finally":
        assert any(frame.get("text") == "cleaned" for frame in process.frames)


def test_sigterm_while_an_acknowledgement_is_awaited(tmp_path: Path) -> None:
    process = start(ONE + "@flow\ndef main():\n    while True: alpha()\n", tmp_path)
    end = process.until("end", acknowledge=False)
    os.kill(process.pid, signal.SIGTERM)
    process.send({"t": "ack", "n": end["n"]})
    assert process.until("done")["status"] == "cancelled"
    assert process.exit_code() == 0


def test_a_play_that_swallows_the_signal_exits_all_the_same(tmp_path: Path) -> None:
    source = """
import time
@flow
def main():
    while True:
        try:
            ask_user.text("Name?")
        except BaseException:
            try: time.sleep(60)
            except BaseException: pass
"""
    process = start(source, tmp_path)
    process.until("park")
    assert process.exit_code() == 75


def test_the_end_of_the_runtime_ends_the_process(tmp_path: Path) -> None:
    process = start(ONE + "@flow\ndef main():\n    while True: alpha()\n", tmp_path)
    process.until("end", acknowledge=False)
    process.lines.close()
    process.socket.shutdown(socket.SHUT_RDWR)
    assert process.exit_code() == 74


CALLS = {
    "plain": "    alpha()\n",
    "thread": "    flow.gather(alpha, alpha)\n",
    "alone": "    await later()\n",
    "gathered": "    await asyncio.gather(later(), later())\n",
    "job": "    await asyncio.to_thread(alpha)\n",
}


@pytest.mark.parametrize("how", CALLS)
def test_a_call_does_not_return_before_its_outcome_is_acknowledged(how: str, tmp_path: Path) -> None:
    """The runtime goes away with an outcome that it has read and not kept."""
    witness = tmp_path / "went_on"
    kind = "async def" if "await" in CALLS[how] else "def"
    later = "import asyncio\n@flow\nasync def later(): return 1\n"
    body = f"@flow\n{kind} main():\n{CALLS[how]}    open({str(witness)!r}, 'w').close()\n"
    process = start(ONE + later + body, tmp_path)
    for _ in range(2 if "gather" in CALLS[how] else 1):
        process.until("end", acknowledge=False)
    process.lines.close()
    process.socket.shutdown(socket.SHUT_RDWR)
    assert process.exit_code() == 74
    assert not witness.exists()


def test_a_refused_frame_ends_the_attempt(tmp_path: Path) -> None:
    process = start(ONE + "@flow\ndef main():\n    alpha()\n    alpha()\n", tmp_path)
    end = process.until("end", acknowledge=False)
    process.send({"t": "refused", "n": end["n"], "code": "bad_path", "message": "too long"})
    done = process.until("done")
    assert (done["status"], done["error"]["code"]) == ("failed", "bad_path")
    assert process.exit_code() == 0


def test_an_answer_comes_while_a_sibling_works(tmp_path: Path) -> None:
    source = """
import threading
go = threading.Event()
@flow
def sibling():
    print("ready")
    go.wait()
@flow
def main():
    thread = threading.Thread(target=sibling)
    thread.start()
    answer = ask_user.text("Name?")
    go.set()
    thread.join()
    return answer
"""
    process = start(source, tmp_path)
    pause = process.until("pause")
    process.send({"t": "answer", "path": pause["path"], "status": "answered", "payload": "Ada", "use_default": False})
    assert process.until("done")["outputs"] == "Ada"
    assert process.exit_code() == 0


def test_asyncio_is_not_imported_for_plain_flows() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import hero_tracing._session; print(*sys.modules)"
    package = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-S", "-c", code, package], capture_output=True, text=True, check=True)
    for name in ("asyncio", "logging", "concurrent.futures", "hero_tracing._loop"):
        assert name not in done.stdout.split()


@pytest.mark.parametrize("way", ["returns", "raises", "steps"])
def test_a_forked_child_that_leaves_the_flow_decides_nothing(tmp_path: Path, way: str) -> None:
    source = f"""
import os

@flow
def inner():
    return 1

@flow
def main():
    pid = os.fork()
    if pid == 0:
        way = {way!r}
        if way == "raises":
            raise ValueError("of the child")
        if way == "steps":
            inner()
        return "child"
    os.waitpid(pid, 0)
    return ["parent", inner()]
"""
    process = start(source, tmp_path)
    done = process.until("done")
    assert (done["status"], done["outputs"]) == ("succeeded", ["parent", 1])
    assert process.exit_code() == _session.DONE


def test_only_the_entry_needs_types_with_a_form_in_json() -> None:
    helpers = "@flow\ndef mark(*x): ...\n\n@flow\ndef helper(a, /, b: object = socket): ...\n\n"
    source = HEADER + "import socket\n\nclass Foo: ...\n\n" + helpers
    use = "@flow\ndef use(foo: Foo) -> Foo: ...\n\n"
    frame = describe(source + use + "@flow\ndef main(n: int = 1) -> int:\n    return n\n")
    assert frame["entry"] == "main"
    assert [flow["function"] for flow in frame["flows"]] == ["mark", "helper", "use", "main"]
    frame = describe(source + "@flow\ndef main(foo: Foo): ...\n")
    assert frame["error"]["code"] == "bad_schema"


def test_a_default_that_looks_like_a_tag_is_data(tmp_path: Path) -> None:
    process = start("@flow\ndef main():\n    return flow.pause('q', default=['$tuple', 1], timeout=9)\n", tmp_path)
    assert process.until("pause")["default"] == ["$tuple", 1]
    process.until("park")
    assert process.exit_code() == _session.PARKED
