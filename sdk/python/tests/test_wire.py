"""Frames: those of the golden files, and how the socket is shared."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from hero_tracing import _frames
from hero_tracing._wire import Closed, Wire

VECTORS = Path(__file__).parents[2] / "vectors"


def vectors(direction: str) -> list[Any]:
    rows = [row for file in sorted(VECTORS.glob("*.json")) for row in json.loads(file.read_text())]
    chosen = [row for row in rows if row["direction"] == direction]
    assert chosen
    return [pytest.param(row["line"], id=row["name"]) for row in chosen]


def _text(value: Any) -> str:
    return json.dumps(value)


def build(frame: dict[str, Any]) -> str:
    """The frame as this package writes it, without its number and closing brace."""
    get = frame.get
    blob = (frame["blob"]["digest"], frame["blob"]["size"]) if "blob" in frame else None
    match frame["t"]:
        case "hello":
            return _frames.hello(frame["pid"], get("code", ""))
        case "described":
            return _frames.described(frame["flows"], get("entry"), get("error"))
        case "begin":
            return _frames.begin(
                frame["id"],
                frame["parent"],
                frame["path"],
                frame["kind"],
                _text(frame["name"]),
                fp=get("fp", ""),
                line=get("line", 0),
                inputs=get("inputs"),
                tags=_text(frame["tags"]) if "tags" in frame else "",
                number=get("try", 0),
                recorded=get("recorded", False),
            )
        case "end":
            return _frames.end(
                frame["id"],
                frame["status"],
                value=_text(frame["value"]) if "value" in frame else "",
                blob=blob,
                preview=get("preview"),
                error=get("error"),
                loop_time=get("loop_time"),
            )
        case "try":
            return _frames.next_try(frame["id"], frame["try"], frame["error"], frame["delay_ms"])
        case "record":
            return _frames.record(
                frame["path"], frame["kind"], _text(frame["value"]), fp=get("fp", ""), loop_time=get("loop_time")
            )
        case "tag":
            return _frames.tag(frame["id"], frame["tags"])
        case "log":
            return _frames.log(frame["id"], frame["level"], frame["stream"], frame["text"])
        case "cost":
            return _frames.cost(
                frame["id"], {key: frame[key] for key in ("usd", "tokens_in", "tokens_out") if key in frame}
            )
        case "progress":
            return _frames.progress(frame["id"], frame["done"], frame["total"])
        case "pause":
            required = ("id", "parent", "path", "name", "fp")
            optional = {key: value for key, value in frame.items() if key not in {*required, "t", "n"}}
            return _frames.pause(*(frame[key] for key in required), **optional)
        case "artifact":
            return _frames.artifact(frame["id"], frame["name"], frame["path"], frame["media_type"])
        case "resolve":
            return _frames.resolve(frame["id"], frame["name"])
        case "library":
            return _frames.library(frame["id"], frame["ask"], frame["params"])
        case "park":
            return _frames.park(frame["resume_when"])
        case "notice":
            return _frames.notice(frame["code"], frame["text"], frame["paths"])
        case "done":
            outputs = _text(frame["outputs"]) if "outputs" in frame else ""
            return _frames.done(frame["status"], outputs=outputs, blob=blob, error=get("error"))
    raise AssertionError(f"unknown frame {frame['t']}")


@pytest.mark.parametrize("line", vectors("up"))
def test_golden_frames_up(line: str) -> None:
    frame = json.loads(line)
    ours, theirs = socket.socketpair()
    wire = Wire(ours)
    if "n" in frame:
        wire.number = frame["n"] - 1
        wire.send_numbered(build(frame))
    else:
        wire.send(build(frame))
    written = theirs.recv(1 << 20)
    ours.close()
    theirs.close()
    built = json.loads(written)
    if frame["t"] == "hello":
        built |= {"python": frame["python"], "sdk": frame["sdk"]}
    assert built == frame
    assert written.endswith(b"\n") and written.count(b"\n") == 1


@pytest.mark.parametrize("line", vectors("down"))
def test_golden_frames_down(line: str) -> None:
    ours, theirs = socket.socketpair()
    wire = Wire(ours)
    got: list[dict[str, Any]] = []
    wire.receive = got.append
    theirs.sendall(line.encode() + b"\n")
    frame = json.loads(line)
    if frame["t"] in {"describe", "start"}:
        assert wire.first_frame() == frame
    elif frame["t"] == "ack":
        wire.wait(frame["n"])
        assert wire.acked == frame["n"]
    else:
        assert wire.wait_until(lambda: bool(got))
        assert got == [frame]
    ours.close()
    theirs.close()


def test_lines_in_pieces() -> None:
    ours, theirs = socket.socketpair()
    wire = Wire(ours)
    theirs.sendall(b'{"t":"ack","n":1}\n{"t":"a')
    wire.wait(1)
    theirs.sendall(b'ck","n":2}\n{"t":"ack", "n": 3}\n')
    wire.wait(3)
    theirs.close()
    with pytest.raises(Closed):
        wire.wait(4)
    ours.close()


def test_many_threads_share_the_socket() -> None:
    ours, theirs = socket.socketpair()
    wire = Wire(ours)
    seen: list[int] = []

    def runtime() -> None:
        with theirs.makefile("rb") as lines:
            for line in lines:
                number = json.loads(line)["n"]
                seen.append(number)
                if number % 3 == 0 or number == 400:
                    theirs.sendall(b'{"t":"ack","n":%d}\n' % number)
                if number == 400:
                    return

    def work() -> None:
        for _ in range(50):
            wire.send_numbered('{"t":"park","resume_when":"any"')
        wire.wait(wire.number if wire.number == 400 else 1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    server = threading.Thread(target=runtime)
    for thread in (server, *threads):
        thread.start()
    for thread in (*threads, server):
        thread.join()
    wire.wait(400)
    assert seen == list(range(1, 401))
    ours.close()
    theirs.close()
