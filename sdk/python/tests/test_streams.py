"""`sys.stdout` and `sys.stderr` of a play behave as the files that they are in plain Python."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from hero_tracing import flow, testing


def said(body: Callable[[], object]) -> list[str]:
    """What lands on the span of a step that does this."""

    @flow(name="speak")
    def speak() -> None:
        body()

    @flow(name="main")
    def main() -> None:
        speak()

    result = testing.run(main)
    if result.error is not None:
        raise result.error
    assert {log["path"] for log in result.logs} <= {"main#0/speak#0"}
    return [log["text"] for log in result.logs]


def text_and_bytes() -> None:
    print("text")
    assert sys.stdout.buffer.write(b"bytes\nmore ") == 11
    print("text", flush=True)
    sys.stdout.buffer.writelines([bytearray(b"a"), memoryview(b"b\n")])
    sys.stdout.buffer.flush()


def parts_of_characters() -> None:
    for byte in "naïve 🦀\n".encode():
        sys.stdout.buffer.write(bytes([byte]))
    sys.stdout.buffer.write(b"\xe2\x82")
    sys.stdout.write("|")
    sys.stdout.buffer.write(b"\xac\xff\n\xf0\x9f")


def without_end() -> None:
    print("no end", end="", flush=True)


def reconfigured() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    assert (sys.stdout.encoding, sys.stdout.errors) == ("utf-8", "replace")
    sys.stdout.reconfigure(encoding="latin-1", newline="\n")  # type: ignore[union-attr]
    assert (sys.stdout.encoding, sys.stdout.errors) == ("latin-1", "strict")
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    assert (sys.stdout.encoding, sys.stdout.errors) == ("latin-1", "backslashreplace")
    print("€")


def wrapped() -> None:
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", write_through=True)
    out.write("wrapped ü\n")
    del out
    print("after")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (text_and_bytes, ["text", "bytes", "more text", "ab"]),
        (parts_of_characters, ["naïve 🦀", "�|��", "�"]),
        (without_end, ["no end"]),
        (reconfigured, ["€"]),
        (wrapped, ["wrapped ü", "after"]),
    ],
)
def test_what_is_written_lands_on_the_span(body: Callable[[], None], expected: list[str]) -> None:
    assert said(body) == expected


def test_they_look_like_files() -> None:
    def look() -> None:
        for stream, real in ((sys.stdout, sys.__stdout__), (sys.stderr, sys.__stderr__)):
            assert real is not None
            assert stream.fileno() == stream.buffer.fileno() == real.fileno()
            assert not stream.isatty() and not stream.buffer.isatty()
            assert (stream.mode, stream.buffer.mode, stream.name) == ("w", "wb", real.name)
            assert stream.writable() and stream.buffer.writable()
            assert not stream.readable() and not stream.buffer.readable()

    assert said(look) == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (lambda: sys.stdout.write(b"x"), TypeError),  # type: ignore[arg-type]
        (lambda: sys.stdout.buffer.write("x"), TypeError),  # type: ignore[arg-type]
        (lambda: sys.stdout.reconfigure(encoding="none such"), LookupError),  # type: ignore[union-attr]
        (lambda: sys.stdout.reconfigure(colour=True), TypeError),  # type: ignore[union-attr]
        (lambda: sys.stdout.read(), io.UnsupportedOperation),
        (lambda: sys.stdout.buffer.read(), io.UnsupportedOperation),
    ],
)
def test_what_is_no_text_is_refused(body: Callable[[], object], error: type[Exception]) -> None:
    with pytest.raises(error):
        said(body)


WRAPS = """
import io, sys
from hero_tracing import flow

@flow
def main():
    sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding="utf-8")
    print("kept until it is full, or the flow is over")
"""


def test_a_wrapper_is_emptied_at_the_end() -> None:
    logs = testing.run_file("my.py", WRAPS).logs
    assert [log["text"] for log in logs] == ["kept until it is full, or the flow is over"]
