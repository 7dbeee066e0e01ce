"""Follows events over connections that are cut after each and in the middle of each: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path

from cutter import Cutter, first_events
from either import clients, places, typed
from hero_logic_client import AsyncClient, Client, Event, LogLine, PlaySid, Span, SpanPage

SOURCE = (Path(__file__).parent.parent / "flows/clients.py").read_text()
# Each line is two changes, and a page has at most 1,000.
LINES, MORE = 700, 200
# Bytes of a page that says no more than where the play stands.
QUIET_PAGE = 200
# Bytes of a sign of life. No event is as short.
QUIET = 50


def whole(hero: Client, play_sid: PlaySid) -> tuple[dict[int, Span], list[LogLine]]:
    """The tree of a play, asked for page by page."""
    spans: dict[int, Span] = {}
    logs: list[LogLine] = []
    after_seq = 0
    while (page := hero.play_spans(play_sid, after_seq=after_seq))["last_seq"] > after_seq:
        spans |= {span["span_id"]: span for span in page["spans"]}
        logs += page["logs"]
        after_seq = page["last_seq"]
    return spans, logs


def answer(hero: Client, play_sid: PlaySid, lines: int) -> None:
    """Has a play that asks print more lines."""
    (question,) = hero.play_pending_resumes(play_sid=play_sid)["resumes"]
    hero.play_resume(play_sid, question["resume_id"], str(lines))


def check_pages(hero: Client, play_sid: PlaySid, pages: list[SpanPage]) -> None:
    seqs = [[change["seq"] for change in (*page["spans"], *page["logs"])] for page in pages]
    changes = [seq for page in seqs for seq in page]
    assert len(changes) == len(set(changes)), "a change came twice"
    for (page, _), (following, numbers) in pairwise(zip(pages, seqs, strict=True)):
        assert all(page["last_seq"] < seq <= following["last_seq"] for seq in numbers), "not in order"
        assert numbers or page["status"] != following["status"], "a page says nothing new"
    spans, logs = whole(hero, play_sid)
    assert {span["span_id"]: span for page in pages for span in page["spans"]} == spans, "a node is missing"
    assert [line for page in pages for line in page["logs"]] == logs, "a line is missing"
    assert len(logs) == LINES + MORE and pages[-1]["status"] == "succeeded"


async def of_a_play(direct: Client, hero: AsyncClient) -> None:
    """What there was before somebody looked, and then what comes live."""
    play_sid = direct.play_run_async(SOURCE, inputs={"lines": LINES})["play_sid"]
    direct.play_wait(play_sid)
    pages = []
    async for page in hero.play_events(play_sid):
        pages.append(page)
        if page["status"] == "awaiting_resume" and len(pages) > 1:
            # What comes now comes live; a second time it is no news.
            answer(direct, play_sid, MORE)
    check_pages(direct, play_sid, pages)


async def of_all(direct: Client, hero: AsyncClient) -> None:
    """Whatever happens while a play goes to its end: live, again behind what came first, and as it is told uncut."""
    told: list[Event] = []
    async with aclosing(hero.events()) as events:
        begin = await anext(events)
        assert begin["event"] == "reset", begin
        play_sid = direct.play_run_async(SOURCE, inputs={"lines": 1})["play_sid"]
        async for event in events:
            told.append(event)
            if event["event"] == "play_changed" and event["status"] == "awaiting_resume":
                answer(direct, play_sid, 0)
            if event["event"] == "play_changed" and event["status"] == "succeeded":
                break
    for client in (typed(direct)[0], hero):
        async with aclosing(client.events(after=begin["id"])) as events:
            assert told == [await anext(events) for _ in told], "an event is missing, or came twice"


Follow = Callable[[Client, AsyncClient], Awaitable[None]]


async def check_cut(follow: Follow, quiet: int, place: str | None, cuts_min: int) -> None:
    """Follows with a client of each kind; both together must have been cut off so often."""
    with Client() as direct, Cutter(first_events(quiet), place) as cutter:
        for client in clients(cutter.place):
            hero, _ = typed(client)
            await follow(direct, hero)
            await hero.close()
    cuts = 0
    while cutter.cuts.acquire(blocking=False):
        cuts += 1
    assert cuts >= cuts_min, f"only {cuts} connections were cut"


async def main() -> None:
    await check_cut(of_a_play, QUIET_PAGE, None, 8)
    for place in places():
        await check_cut(of_all, QUIET, place, 60)


asyncio.run(main())
