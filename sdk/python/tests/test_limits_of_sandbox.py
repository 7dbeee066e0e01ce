"""What the kernel holds a play's process to, and that errors behind which such a limit stands say so."""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections.abc import Iterator

import pytest

from hero_tracing import _limits, _process
from hero_tracing._failure_report import describe


@pytest.fixture
def limited() -> Iterator[None]:
    _limits.of_process.update(memory_mb=1024, processes=64, disk_mb=512)
    yield
    _limits.of_process.clear()


def hint_of(error: BaseException) -> object:
    return describe(error).get("hint")


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (MemoryError(), "memory_mb 1024"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory_mb 1024"),
        (RuntimeError("can't start new thread"), "processes 64"),
        (OSError(errno.EFBIG, "File too large"), "disk_mb 512"),
    ],
)
def test_an_error_names_its_limit_and_how_to_have_more(error: BaseException, limit: str) -> None:
    name = limit.partition(" ")[0]
    assert hint_of(error) == f'the sandbox allows {limit}; allow more with @flow(sandbox={{"{name}": …}})'


@pytest.mark.usefixtures("limited")
def test_what_would_block_is_a_limit_only_where_processes_are_started() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        with pytest.raises(BlockingIOError) as raised:
            ours.recv(1)
    assert hint_of(raised.value) is None

    # As the kernel refuses it, in the standard library's own frame.
    code = compile(
        "raise BlockingIOError(11, 'Resource temporarily unavailable')", "/lib/python3/subprocess.py", "exec"
    )
    with pytest.raises(BlockingIOError) as raised:
        exec(code)
    assert str(hint_of(raised.value)).startswith("the sandbox allows processes 64")


@pytest.mark.parametrize("error", [MemoryError(), ValueError("x"), OSError(errno.EFBIG, "File too large")])
def test_without_limits_nothing_is_said(error: BaseException) -> None:
    assert hint_of(error) is None


def test_descriptors_are_few_and_never_more_than_there_were() -> None:
    order = {"memory_mb": 1 << 20, "disk_mb": 1 << 20, "processes": 4096, "cpu_s": None}
    told, tell = os.pipe()
    if os.fork() == 0:
        try:
            given = []
            for inherited in (5000, 100):  # a limit can only be lowered for good
                resource.setrlimit(resource.RLIMIT_NOFILE, (50, inherited))
                _process.take_on(order, counts_processes=False)
                given.append(resource.getrlimit(resource.RLIMIT_NOFILE))
            os.write(tell, repr(given).encode())
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(told) as answer:
        assert answer.read() == "[(4096, 4096), (100, 100)]"
    os.wait()
