"""Control groups of children. Where none can be made here, it is said why, and that is all there is to see."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hero_tracing import _cgroups

PACKAGE = Path(__file__).parents[1]
# Says the number of a process of its group that is in another session, then waits.
MEMBER = """
import os, sys, time
from hero_tracing import _cgroups
groups = _cgroups.Groups()
group = groups.make()
number, said = os.pipe()
if os.fork() == 0:
    group.enter()
    os.setsid()
    if os.fork():
        os._exit(0)
    os.close(groups.descriptor)
    os.write(said, str(os.getpid()).encode())
    time.sleep(3600)
os.wait()
print(os.read(number, 100).decode(), flush=True)
"""


@pytest.fixture(scope="module")
def groups() -> Iterator[_cgroups.Groups | None]:
    """None where this process may make no groups."""
    try:
        made = _cgroups.Groups()
    except OSError as error:
        assert str(error)
        yield None
        return
    yield made
    made.close()


def start(then: str) -> tuple[subprocess.Popen[str], int]:
    """A process that has groups, and the number of one in a group that has got away from it otherwise."""
    process = subprocess.Popen(
        [sys.executable, "-c", MEMBER + then],
        env={"PYTHONPATH": str(PACKAGE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_alive(pid)


def test_whoever_is_in_a_group_ends_with_it(groups: _cgroups.Groups | None) -> None:
    if groups is None:
        return
    process, member = start("input()\ngroup.end()\ninput()\ngroups.close()")
    with process:
        assert process.stdin is not None
        assert is_alive(member)
        process.stdin.write("\n")
        process.stdin.flush()
        assert ends(member)
        process.stdin.write("\n")
    assert process.returncode == 0


def test_what_a_fork_server_left_is_ended_by_the_next(groups: _cgroups.Groups | None) -> None:
    if groups is None:
        return
    process, member = start("time.sleep(3600)")
    with process:
        other = _cgroups.Groups()  # the process lives, and so do its groups
        assert is_alive(member)
        other.close()
        process.kill()
        process.wait()
        assert is_alive(member)
        _cgroups.Groups().close()
        assert ends(member)


def test_nothing_is_left_of_groups(groups: _cgroups.Groups | None) -> None:
    if groups is None:
        return
    group = groups.make()
    group.limit({"memory_mb": 64, "processes": 16})
    group.end()
    assert os.listdir(groups.descriptor).count(group.name) == 0


def test_a_directory_that_is_no_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cgroup"):
        _cgroups.Groups(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
