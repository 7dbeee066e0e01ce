"""Errors behind which a limit of the sandbox stands say so."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import pytest

from hero_tracing import _limits
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
