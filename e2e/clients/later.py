"""Events of a server that is newer than the client, that is busy for a while, or that stands behind a proxy."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
import threading
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from either import clients, typed
from hero_logic_client import Busy, EventId, PlaySid, Unauthorized

PLAY = PlaySid("play_00000000000000000000000000")


class Scripted:
    """Gives each connection to its socket one of these answers, and keeps what they ask to go on behind."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self._answers = answers
        self._directory = tempfile.TemporaryDirectory()
        self._thread = threading.Thread(target=self._answer)
        self.place = os.path.join(self._directory.name, "rpc.sock")
        self.asked: list[str | None] = []

    def __enter__(self) -> Scripted:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.place)
        self._listener.listen()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()
        self._directory.cleanup()

    def _answer(self) -> None:
        for answer in self._answers:
            client, _ = self._listener.accept()
            with client, client.makefile("rb") as head:
                fields = dict(line.decode().strip().partition(": ")[::2] for line in iter(head.readline, b"\r\n"))
                self.asked.append(fields.get("Last-Event-ID"))
                client.sendall(answer)


def stream(*events: str) -> bytes:
    body = "".join(events).encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def refusal(status: int, code: str | None = None) -> bytes:
    body = b"" if code is None else json.dumps({"jsonrpc": "2.0", "id": None, "error": error(code)}).encode()
    head = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def error(code: str) -> dict[str, Any]:
    return {"code": -32000, "message": "not now", "data": {"code": code}}


def sent(kind: str, number: object, data: dict[str, Any]) -> str:
    return f"event: {kind}\nid: {number}\ndata: {json.dumps(data)}\n\n"


def news(kind: str, number: int) -> str:
    return sent(kind, event_id(number), {"id": event_id(number), "event": kind, "reason": "start"})


def event_id(number: int) -> EventId:
    return EventId("0" * 26 + f".{number}")


def page(last_seq: int, status: str) -> str:
    return sent("spans", last_seq, {"spans": [], "logs": [], "last_seq": last_seq, "status": status})


async def of_all() -> None:
    """What is not known is passed over, and its id kept; what may pass is waited for, until something else is wrong."""
    told = f"event: error\ndata: {json.dumps(error('shutting_down'))}\n\n"
    answers = [
        stream(news("reset", 1), news("moon_risen", 2)),
        refusal(503, "shutting_down"),
        refusal(503),
        refusal(502),
        refusal(503, "busy"),
        stream(news("reset", 3), told),
        stream(news("reset", 4)),
        refusal(401),
    ]
    behind = [None, *[event_id(2)] * 5, event_id(3), event_id(4)]
    with Scripted(answers * 2) as server:
        for client in clients(server.place):
            hero, _ = typed(client)
            numbers = []
            try:
                async with aclosing(hero.events()) as events:
                    async for event in events:
                        numbers.append(event["id"])
            except Unauthorized:
                assert numbers == [event_id(number) for number in (1, 3, 4)], numbers
            else:
                raise AssertionError("it may not come in")
            await hero.close()
    assert server.asked == behind * 2, server.asked


async def of_a_play() -> None:
    """The same with the pages of a play."""
    answers = [
        stream(page(7, "queued"), sent("moon_risen", 8, {})),
        refusal(503, "busy"),
        refusal(503, "shutting_down"),
        stream(page(9, "running"), "event: end\ndata: {}\n\n"),
    ]
    with Scripted(answers * 2) as server:
        for client in clients(server.place):
            hero, _ = typed(client)
            assert [page["last_seq"] async for page in hero.play_events(PLAY)] == [7, 9]
            await hero.close()
    assert server.asked == [None, "8", "8", "8"] * 2, server.asked


async def who_begins() -> None:
    """Is told at once, and may wait as he likes."""
    with Scripted([refusal(503, "busy")] * 2) as server:
        for client in clients(server.place):
            hero, _ = typed(client)
            try:
                async with aclosing(hero.events()) as events:
                    await anext(events)
            except Busy:
                await hero.close()
            else:
                raise AssertionError("it is busy")


async def main() -> None:
    await of_all()
    await of_a_play()
    await who_begins()


asyncio.run(main())
