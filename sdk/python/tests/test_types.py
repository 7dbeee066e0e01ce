"""Decorated functions keep their types, as mypy sees them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# Each line that ends in a comment is revealed to have that type.
SAMPLE = """
from hero_tracing import ask_user, flow

@flow
def a(x: int) -> str: ...
@flow(retries=2)
async def b(x: int, *, y: str = "") -> list[int]: ...
async def c(x: int) -> bytes: ...
class C:
    @flow
    def m(self, k: int) -> float: ...
    @flow
    @classmethod
    def cm(cls, k: int) -> float: ...
    @classmethod
    @flow
    def cm_below(cls, k: int) -> float: ...
    @flow
    @staticmethod
    def sm(k: int) -> float: ...
    @staticmethod
    @flow
    def sm_below(k: int) -> float: ...
class D(C): ...

async def main() -> None:
    a(1)  # str
    await b(1, y="")  # list[int]
    a.with_key(1)(3)  # str
    await b.with_key(1)(3)  # list[int]
    C().m(2)  # float
    C.m(C(), 2)  # float
    C().m.with_key("k")(2)  # float
    C.cm(2)  # float
    C().cm(2)  # float
    D.cm.with_key("k")(2)  # float
    C.cm_below(2)  # float
    C().cm_below(2)  # float
    C.sm(2)  # float
    C().sm(2)  # float
    C().sm.with_key("k")(2)  # float
    C.sm_below(2)  # float
    C().sm_below(2)  # float
    ask_user.choice("?", ["a"])  # str
    await ask_user.aio.number("?")  # float
    flow.run("x", len, "a")  # int
    flow.map(a, [1])  # list[str]
    flow.map("a", [{"x": 1}])  # list[Any]
    await flow.aio.map(b, [1])  # list[list[int]]
    await flow.aio.map(a, [1])  # list[str]
    await flow.aio.map("a", [{"x": 1}])  # list[Any]
    flow.invoke(a, x=1)  # str
    flow.invoke("a", x=1)  # Any
    await flow.aio.invoke(b, x=1)  # list[int]
    await flow.aio.invoke(a, x=1)  # str
    with flow.step("s", name="a tag"):
        pass
"""

# What each of these lines does wrong, as mypy says it.
WRONG = [
    ('a("no")', 'expected "int"'),
    ('C().m("no")', 'expected "int"'),
    ('C.cm("no")', 'expected "int"'),
    ('C().sm("no")', 'expected "int"'),
    ('C.m("no", 2)', 'expected "C"'),
    ("flow(bogus=1)", "bogus"),
]


def test_types_of_decorated_functions(tmp_path: Path) -> None:
    expected: list[tuple[int, str]] = []
    lines = []
    for number, line in enumerate(SAMPLE.splitlines(), 1):
        call, _, revealed = line.partition("  # ")
        if revealed:
            expected.append((number, f'Revealed type is "{revealed}"'))
            line = f"    reveal_type({call.strip()})"
        lines.append(line)
    for line, message in WRONG:
        lines.append(f"    {line}")
        expected.append((len(lines), message))
    file = tmp_path / "sample.py"
    file.write_text("\n".join(lines) + "\n")
    options = ["--strict", "--no-error-summary", f"--cache-dir={tmp_path}", "--config-file=", "--hide-error-codes"]
    command = [sys.executable, "-m", "mypy", *options, "--disable-error-code=empty-body", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    said = []
    for line in done.stdout.splitlines():
        _, found, text = line.partition(f"{file.name}:")
        number, _, message = text.partition(": ")
        if found and "defined here" not in message:
            said.append((int(number), message))
    assert [number for number, _ in said] == [number for number, _ in expected], done.stdout + done.stderr
    for (number, message), (_, words) in zip(said, expected, strict=True):
        assert words in message, (lines[number - 1], message)
