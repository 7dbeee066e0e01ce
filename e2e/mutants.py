#!/usr/bin/env python3
"""Breaks the code on purpose, one promise at a time, and sees whether a test notices: ./e2e/test mutants [NAME]...

A mutant is a copy of the code with one fault in it, made by replacing text that stands there exactly once. It is caught
when an assertion of one of its tests fails; a test that cannot be run, or that hangs, has caught nothing, unless the
fault is a hang by nature. Run with a Python that has pytest. What is written stays below the target directory.
With `--check` it only looks whether every mutant can still be made.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutations import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "mutants"
# A mutant that takes longer hangs: its tests take seconds.
PYTHON_SECONDS = 150
# Building included.
RUST_SECONDS = 1200

# How a failed assertion looks in pytest's summary; the last are the harness's and that of `pytest.raises`.
ASSERTIONS = ("assert ", "AssertionError", "RuntimeError: the runtime would refuse", "Failed: DID NOT RAISE")


@dataclass
class Run:
    """How the tests went: green, or what failed and why; `is_assertion` if a test itself said so."""

    is_green: bool
    hung: bool = False
    failed: str = ""
    is_assertion: bool = False
    output: str = ""


class Python:
    """A copy of the SDK in a temporary directory."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "python"
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / "sdk/python", self.root, ignore=ignored)
        # Two of the tests read what stands beside the package.
        shutil.copy(ROOT / "sdk/protocol.md", directory / "protocol.md")

    def run(self, tests: Sequence[str]) -> Run:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-rf", "--tb=short", "-p", "no:cacheprovider"]
        code, output = finish([*command, *(f"tests/{test}" for test in tests)], self.root, PYTHON_SECONDS)
        if code is None:
            return Run(is_green=False, hung=True, output=output)
        found = re.search(r"^FAILED tests/(.+?)(?: - (.*))?$", output, re.MULTILINE)
        failed, reason = (found[1], found[2] or "") if found else ("", "")
        is_assertion = code == 1 and reason.startswith(ASSERTIONS)
        return Run(code == 0, failed=f"{failed} - {reason}"[:150], is_assertion=is_assertion, output=output)


class Rust:
    """A copy of the workspace, as it is in the working tree, with a target directory of its own."""

    def __init__(self) -> None:
        self.root = TARGET / "workspace"
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        names = {name for name in listed if name and (ROOT / name).is_file()}
        if self.root.exists():
            for path in [one for one in self.root.rglob("*") if one.is_file()]:
                if str(path.relative_to(self.root)) not in names:
                    path.unlink()
        for name in names:
            data, copy = (ROOT / name).read_bytes(), self.root / name
            if not copy.exists() or copy.read_bytes() != data:  # what is the same need not be built again
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, copy)

    def run(self, tests: Sequence[str]) -> Run:
        command = ["cargo", "test", "--locked", "--quiet", "--package", "hero_actors", "--lib", "--"]
        code, output = finish([*command, *tests], self.root, RUST_SECONDS)
        if code is None:
            return Run(is_green=False, hung=True, output=output)
        found = re.search(r"^failures:\n\s+(\S+)$", output, re.MULTILINE)
        panicked = re.search(r"panicked at .*:\n(.*)", output)
        reason = panicked[1] if panicked else ""
        is_green = code == 0 and re.search(r"^test result: ok\. [1-9]", output, re.MULTILINE) is not None
        failed = f"{found[1] if found else ''} - {reason}"[:150]
        return Run(is_green, failed=failed, is_assertion=bool(found and panicked), output=output)


def finish(command: Sequence[str], directory: Path, seconds: float) -> tuple[int | None, str]:
    """Exit code and output of a command; None instead of the code if it had to be ended."""
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET), "CARGO_INCREMENTAL": "0", "COLUMNS": "240"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PROPTEST_FAILURE_PERSISTENCE": "off"}
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        output, _ = process.communicate()
        return None, output


def tests_of(mutants: Iterable[Mutant]) -> list[str]:
    return list(dict.fromkeys(test for mutant in mutants for test in mutant.tests))


def applied(mutant: Mutant, root: Path) -> dict[Path, str]:
    """The texts of the files that the mutant changes, as they will be."""
    changed: dict[Path, str] = {}
    for file, old, new in mutant.replacements:
        path = root / file
        text = changed.get(path) or path.read_text()
        if text.count(old) != 1:
            raise SystemExit(f"{mutant.name}: {file} holds this {text.count(old)} times, not once:\n{old}")
        changed[path] = text.replace(old, new)
    return changed


def is_caught(mutant: Mutant, place: Python | Rust) -> bool:
    changed = applied(mutant, place.root)
    before = {path: path.read_text() for path in changed}
    began = time.monotonic()
    try:
        for path, text in changed.items():
            path.write_text(text)
        run = place.run(mutant.tests)
    finally:
        for path, text in before.items():
            path.write_text(text)
    seconds = time.monotonic() - began
    if run.is_assertion or (run.hung and mutant.hangs):
        print(f"caught    {mutant.name} by {'a hang' if run.hung else run.failed} ({seconds:.1f} s)", flush=True)
        return True
    why = "its tests pass" if run.is_green else "its tests hang" if run.hung else f"no assertion failed: {run.failed}"
    print(f"SURVIVED  {mutant.name}: {why} ({seconds:.1f} s)", flush=True)
    if not run.is_green:
        print(run.output[-3000:], flush=True)
    return False


def survivors(place: Python | Rust, mutants: list[Mutant]) -> list[str]:
    """Names of those that no test caught, once the tests have passed without them."""
    if not mutants:
        return []
    run = place.run(tests_of(mutants))
    if not run.is_green:
        print(run.output[-5000:])
        raise SystemExit("the tests fail without any mutant")
    print(f"the tests of {len(mutants)} mutants pass without them", flush=True)
    return [mutant.name for mutant in mutants if not is_caught(mutant, place)]


def stands(test: str, mutant: Mutant) -> bool:
    """Whether there is such a test: a module or function in Rust, a file or function of one in Python."""
    if mutant.is_rust:
        *_, module, name = ["", *test.split("::")]
        for path in (ROOT / "actors/src").rglob("*.rs"):
            is_module = path.stem == name and module in ("", path.parent.name)
            if is_module or (module in ("", path.stem) and f"fn {name}(" in path.read_text()):
                return True
        return False
    file, _, name = test.partition("::")
    path = ROOT / "sdk/python/tests" / Path(file).name
    return path.exists() and (not name or f"def {name.partition('[')[0]}(" in path.read_text())


def check_all() -> int:
    """Whether the text that each mutant replaces still stands in the code, and its tests are there."""
    for mutant in MUTANTS:
        applied(mutant, ROOT if mutant.is_rust else ROOT / "sdk/python")
        gone = [test for test in mutant.tests if not stands(test, mutant)]
        if gone:
            raise SystemExit(f"{mutant.name}: there is no test {', '.join(gone)}")
    print(f"{len(MUTANTS)} mutants can be made")
    return 0


def main(names: list[str]) -> int:
    if names == ["--check"]:
        return check_all()
    unknown = set(names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        known = "\n".join(map(str, MUTANTS))
        raise SystemExit(f"there is no mutant {', '.join(sorted(unknown))}; there are:\n{known}")
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TARGET) as directory:
        survived = survivors(Python(Path(directory)), [one for one in chosen if not one.is_rust])
    if rust := [mutant for mutant in chosen if mutant.is_rust]:
        survived += survivors(Rust(), rust)
    print(f"{len(chosen) - len(survived)} caught, {len(survived)} survived: {', '.join(survived) or 'none'}")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
