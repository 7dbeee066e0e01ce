"""Decorated functions keep their types, as mypy sees them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SAMPLE = """
from hero_tracing import ask_user, flow

@flow
def a(x: int) -> str: ...
@flow(retries=2)
async def b(x: int, *, y: str = "") -> list[int]: ...
class C:
    @flow
    def m(self, k: int) -> float: ...

async def main() -> None:
    reveal_type(a(1))
    reveal_type(await b(1, y=""))
    reveal_type(C().m(2))
    reveal_type(a.with_key(1)(3))
    reveal_type(ask_user.choice("?", ["a"]))
    reveal_type(await ask_user.aio.number("?"))
    reveal_type(flow.run("x", len, "a"))
    a("no")
"""


def test_types_of_decorated_functions(tmp_path: Path) -> None:
    file = tmp_path / "sample.py"
    file.write_text(SAMPLE)
    package = Path(__file__).parents[1]
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--cache-dir",
        str(tmp_path),
        "--config-file=",
    ]
    options = ["--disable-error-code=empty-body", str(file)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=package)
    types = [
        line.partition("Revealed type is ")[2].strip('"') for line in done.stdout.splitlines() if "Revealed" in line
    ]
    assert types == ["str", "list[int]", "float", "str", "str", "float", "int"], done.stdout + done.stderr
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    assert len(errors) == 1 and 'expected "int"' in errors[0]
