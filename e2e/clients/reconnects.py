"""Follows a play whose connections are cut after each event, and in the middle of each: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

from cutter import Cutter
from either import clients, typed
from hero_logic_client import Client, LogLine, PlaySid, Span, SpanPage

SOURCE = (Path(__file__).parent.parent / "flows/clients.py").read_text()
# Each line is two changes, and a page has at most 1,000.
LINES, MORE = 700, 200
# Bytes of an event that says no more than where the play stands.
QUIET = 200


def cut(number: int, seen: bytes) -> int | None:
    """After the first changes that come over a connection; over every other one in their middle."""
    head, _, body = seen.partition(b"\r\n\r\n")
    begin = len(head) + 4
    *events, _ = body.split(b"\n\n")
    for event in events if b"text/event-stream" in head else []:
        if len(event) > QUIET:
            return begin + (len(event) + 2 if number % 2 == 0 else len(event) // 2)
        begin += len(event) + 2
    return None


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


def check(hero: Client, play_sid: PlaySid, pages: list[SpanPage]) -> None:
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


async def main() -> None:
    with Client() as direct, Cutter(cut) as cutter:
        for client in clients(cutter.path):
            hero, _ = typed(client)
            play_sid = direct.play_run_async(SOURCE, inputs={"lines": LINES})["play_sid"]
            direct.play_wait(play_sid)
            (question,) = direct.play_pending_resumes(play_sid=play_sid)["resumes"]
            pages = []
            async for page in hero.play_events(play_sid):
                pages.append(page)
                if page["status"] == "awaiting_resume" and len(pages) > 1:
                    # What comes now comes live; a second time it is no news.
                    direct.play_resume(play_sid, question["resume_id"], str(MORE))
            check(direct, play_sid, pages)
            await hero.close()
        cuts = 0
        while cutter.cuts.acquire(blocking=False):
            cuts += 1
        assert cuts >= 8, f"only {cuts} connections were cut"


asyncio.run(main())
