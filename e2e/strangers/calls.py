"""Calls a server and follows a play by what others wrote: jsonrpcclient, httpx and httpx-sse."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import aconnect_sse
from jsonrpcclient import Error, Ok, notification, parse, request

URL, SOCKET = sys.argv[1:]
SOURCE = (Path(__file__).parent / "says.py").read_text()
BEARER = {"Authorization": f"Bearer {os.environ['HERO_LOGIC_TOKEN']}"}


class Hero:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def post(self, body: Any) -> httpx.Response:
        return await self.http.post("/rpc", json=body)

    async def ask(self, method: str, params: Any = None) -> Ok | Error:
        return parse((await self.post(request(method, params))).json())

    async def call(self, method: str, **params: Any) -> Any:
        match await self.ask(method, params):
            case Ok(result, _):
                return result
            case error:
                raise AssertionError(error)


async def calls(hero: Hero) -> None:
    info = await hero.call("server_info")
    assert info["process"]["pid"] > 0, info
    match await hero.ask("no_such_method"):
        case Error(-32601, _, data, _):
            assert data["code"] == "method_not_found", data
        case other:
            raise AssertionError(other)
    match await hero.ask("play_status", {"play_sid": "../../x"}):
        case Error(-32602, message, data, _):
            assert message and data["fields"][0]["pointer"] == "/play_sid", data
        case other:
            raise AssertionError(other)
    match await hero.ask("play_status", ("play_01arz3ndektsv4rrffq69g5fav",)):
        case Error(_, _, data, _):
            assert data["code"] == "not_found", data
        case other:
            raise AssertionError(other)
    batch = [request("server_info"), notification("server_info"), request("nothing")]
    answers = list(parse((await hero.post(batch)).json()))
    assert [type(answer) for answer in answers] == [Ok, Error], answers
    silent = await hero.post([notification("server_info")])
    assert (silent.status_code, silent.content) == (204, b""), silent


async def follow(hero: Hero) -> None:
    """Reads one event over each connection, and answers on the way."""
    play_sid = (await hero.call("play_run_async", source=SOURCE, entry="main"))["play_sid"]
    lines: list[dict[str, Any]] = []
    spans: dict[int, dict[str, Any]] = {}
    last, connections, answered = "", 0, False
    while True:
        connections += 1
        headers = {"Last-Event-ID": last} if last else {}
        async with aconnect_sse(hero.http, "GET", f"/plays/{play_sid}/events", headers=headers) as events:
            event = await anext(aiter(events.aiter_sse()))
        if event.event == "end":
            break
        assert event.event == "spans", event
        last, page = event.id, event.json()
        assert last == str(page["last_seq"]), event
        lines += page["logs"]
        spans |= {span["span_id"]: span for span in page["spans"]}
        if page["status"] == "awaiting_resume" and not answered:
            answered = True
            [question] = (await hero.call("play_pending_resumes", play_sid=play_sid))["resumes"]
            await hero.call("play_resume", play_sid=play_sid, resume_id=question["resume_id"], payload="a\r\nb")
        if page["status"] == "succeeded":
            break
    assert connections > 2, connections
    await compare(hero, play_sid, lines, spans)


async def compare(hero: Hero, play_sid: str, lines: list[dict[str, Any]], spans: dict[int, dict[str, Any]]) -> None:
    whole, after_seq = {"logs": [], "spans": {}}, 0
    while (page := await hero.call("play_spans", play_sid=play_sid, after_seq=after_seq))["last_seq"] > after_seq:
        whole["logs"] += page["logs"]
        whole["spans"] |= {span["span_id"]: span for span in page["spans"]}
        after_seq = page["last_seq"]
    assert lines == whole["logs"], "a line is missing, doubled, or another one"
    assert spans == whole["spans"], "a node is missing or older"
    namespace: dict[str, Any] = {}
    exec(SOURCE.split("SAID = ")[1].split("\n\n\n")[0].join(["SAID = ", ""]), namespace)
    texts = [line["text"] for line in lines]
    assert texts[: len(namespace["SAID"])] == namespace["SAID"], texts
    assert texts[-1] == "19 a\r\nb", texts
    json.dumps(texts).encode()


async def main() -> None:
    over_tcp = httpx.AsyncClient(base_url=URL, headers=BEARER, timeout=60)
    transport = httpx.AsyncHTTPTransport(uds=SOCKET)
    over_socket = httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60)
    for http in (over_tcp, over_socket):
        async with http:
            hero = Hero(http)
            await calls(hero)
            await follow(hero)


asyncio.run(main())
