"""What a client makes of connections that end, of servers that are silent or not there, and of many calls at once."""

from __future__ import annotations

import asyncio
import math
import socket
import tempfile
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from cutter import Cutter
from either import clients, typed
from hero_logic_client import AsyncClient, Client, EventId, NotFound, Play, PlaySid, Unreachable

SOURCE = (Path(__file__).parent.parent / "flows/clients.py").read_text()
NOBODY = PlaySid("play_00000000000000000000000000")


async def fails(call: Awaitable[Any]) -> Unreachable:
    """How a call fails that gets no answer."""
    try:
        answer = await call
    except Unreachable as error:
        return error
    raise AssertionError(f"it was answered: {answer}")


async def nobody_there() -> None:
    """It says where nobody is, and how to change that."""
    with tempfile.TemporaryDirectory() as directory:
        for client in clients(directory + "/none.sock"):
            hero, _ = typed(client)
            error = await fails(hero.server_info())
            assert "none.sock" in str(error) and "hero_logic --start" in (error.hint or ""), error
            assert (error.code, error.number) == ("unreachable", -32021)
            await hero.close()


async def silence() -> None:
    """A server that takes a call and says nothing is waited for as long as was told."""
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
        path = directory + "/silent.sock"
        listener.bind(path)
        listener.listen()
        for client in (Client(path, timeout_s=0.1), AsyncClient(path, timeout_s=0.1)):
            hero, _ = typed(client)
            await fails(hero.server_info())
            await hero.close()


async def kept() -> None:
    """Calls after each other share a connection."""
    with Cutter(lambda number, seen: None) as cutter:
        for client in clients(cutter.place):
            before = cutter.connections
            hero, _ = typed(client)
            for _ in range(10):
                await hero.server_info()
                with suppress(NotFound):  # an error is an answer, too
                    await hero.play_status(NOBODY)
            assert cutter.connections == before + 1
            await hero.close()


def answer_end(seen: bytes) -> int | None:
    """Where an answer ends, once it is there as a whole."""
    head, _, _ = seen.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            end = len(head) + 4 + int(line.partition(b":")[2])
            return end if len(seen) >= end else None
    return None


async def closed_between() -> None:
    """A kept connection that the server has closed is not used again."""
    with Cutter(lambda number, seen: answer_end(seen)) as cutter:
        for client in clients(cutter.place):
            hero, _ = typed(client)
            for _ in range(10):
                await hero.server_info()
                cutter.cuts.acquire()
                for _ in range(3):  # turns in which the loop sees what has come
                    await asyncio.sleep(0)
            await hero.close()
        assert cutter.connections == 20


async def cut_short(ended: Play) -> None:
    """Half of an answer or of an artifact is none."""
    with Cutter(lambda number, seen: 200 if len(seen) > 200 else None) as cutter:
        for client in clients(cutter.place):
            hero, _ = typed(client)
            await fails(hero.server_info())
            await hero.close()
    with Cutter(lambda number, seen: 100_000 if len(seen) > 100_000 else None) as cutter:
        for client in clients(cutter.place):
            hero, _ = typed(client)
            (artifact,) = (await hero.play_artifacts(ended["play_sid"]))["artifacts"]
            await fails(hero.play_artifact_fetch(ended["play_sid"], artifact["name"]))
            assert (await hero.play_status(ended["play_sid"])) == ended
            await hero.close()


async def at_once(ended: Play) -> None:
    """Threads share a client, tasks share one, and so do loops one after the other."""
    with Client() as hero, ThreadPoolExecutor(8) as pool:
        assert list(pool.map(hero.play_status, [ended["play_sid"]] * 200)) == [ended] * 200
    many = AsyncClient()
    for _ in range(2):
        answers = await asyncio.gather(*(many.play_status(ended["play_sid"]) for _ in range(100)))
        assert answers == [ended] * 100

    async def elsewhere() -> None:
        assert await many.play_status(ended["play_sid"]) == ended
        await many.close()

    await asyncio.to_thread(lambda: asyncio.run(elsewhere()))


async def waits(hero: Client) -> None:
    """A wait takes as long as it was told to, whatever else a client waits for; and it can be given up."""
    waiting = hero.play_wait(hero.play_run_async(SOURCE)["play_sid"])
    play_sid = waiting["play_sid"]
    for client in (Client(timeout_s=0.2), AsyncClient(timeout_s=0.2)):
        other, _ = typed(client)
        assert await other.play_wait(play_sid, until="terminal", timeout_ms=500) == waiting
        await other.close()
    async with AsyncClient() as impatient:
        try:
            await asyncio.wait_for(impatient.play_wait(play_sid, until="terminal", timeout_ms=None), 0.1)
        except TimeoutError:
            pass
        else:
            raise AssertionError("nobody has answered the question")
        assert await impatient.play_status(play_sid) == waiting
    hero.play_cancel(play_sid)


def refused(hero: Client) -> None:
    """What cannot be meant is said before anything is sent."""
    for server, token in [("https://localhost:1", "x"), ("http://", "x"), ("http://localhost:1", "a\nb")]:
        try:
            Client(server, token=token)
        except ValueError:
            continue
        raise AssertionError(f"{server} {token!r} was taken")
    for client in (hero, AsyncClient()):
        for after in ("x\r\nHost: elsewhere", "\N{SNOWMAN}"):
            try:
                client.events(after=EventId(after))
            except ValueError:
                continue
            raise AssertionError(f"{after!r} was taken")
    for inputs in ({"lines": math.nan}, {"lines": object()}):
        try:
            hero.play_run_async(SOURCE, inputs=inputs)
        except (TypeError, ValueError):
            continue
        raise AssertionError(f"{inputs} was sent")


def an_ended_play(hero: Client) -> Play:
    """A play that has kept a file."""
    play_sid = hero.play_wait(hero.play_run_async(SOURCE, inputs={"lines": 1})["play_sid"])["play_sid"]
    (question,) = hero.play_pending_resumes(play_sid=play_sid)["resumes"]
    hero.play_resume(play_sid, question["resume_id"], "0")
    return hero.play_wait(play_sid, until="terminal")


async def main() -> None:
    await nobody_there()
    await silence()
    await kept()
    await closed_between()
    with Client() as hero:
        ended = an_ended_play(hero)
        await cut_short(ended)
        await at_once(ended)
        await waits(hero)
        refused(hero)


asyncio.run(main())
