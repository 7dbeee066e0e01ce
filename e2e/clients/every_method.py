"""Calls every method of a server by both clients, over its socket and over TCP: `every_method.py URL`."""

from __future__ import annotations

import asyncio
import json
import platform
from base64 import b64decode
from contextlib import aclosing
from pathlib import Path
from typing import assert_type

from either import clients, places, typed
from hero_logic_client import (
    AsyncClient,
    BenchmarkChangedEvent,
    Conflict,
    Event,
    EventId,
    ImportInvalid,
    InvalidInputs,
    InvalidParams,
    NotFound,
    Play,
    PlayChangedEvent,
    PlayCreatedEvent,
    PlaySid,
    ResetEvent,
    ResumeClosedEvent,
    ResumeOpenedEvent,
    SpanPage,
    Status,
    WorkflowDeletedEvent,
    WorkflowSid,
)

SOURCE = (Path(__file__).parent.parent / "flows/clients.py").read_text()
CONTENT = bytes(range(256)) * 1024


async def library(hero: AsyncClient, name: str) -> None:
    """Workflows, versions and examples."""
    made = await hero.workflow_create(name, SOURCE, tags=["test"], note="the first")
    assert made["version"]["version"] == 1 and made["version"]["source"] == SOURCE
    assert made["workflow"] == await hero.workflow_get(name)
    listed = await hero.workflow_list(query=name, tag="test", limit=1)
    assert [workflow["name"] for workflow in listed["workflows"]] == [name] and listed["next_cursor"] is None
    changed = await hero.workflow_update(name, description="Everything.")
    assert changed["description"] == "Everything." and changed["tags"] == ["test"]
    second = await hero.workflow_create_version(name, SOURCE + "\n# another\n", set_current=False)
    assert second["version"] == 2
    assert [version["version"] for version in (await hero.workflow_version_list(name))["versions"]] == [1, 2]
    assert (await hero.workflow_version_fetch(name))["version"] == 1
    assert (await hero.workflow_version_fetch(name, version=second["version_sid"]))["source"].endswith("another\n")
    assert (await hero.workflow_set_current_version(name, 2))["current_version"] == 2
    await hero.example_upsert(name, "short", {"lines": 1}, answers={"more": "1"})
    assert (await hero.example_fetch(name, "short"))["answers"] == {"more": "1"}
    assert [example["name"] for example in (await hero.example_list(name))["examples"]] == ["short"]
    assert (await hero.example_to_input_data(name, "short"))["inputs"] == {"lines": 1, "fails": False}


async def answered(hero: AsyncClient, play: Play, payload: str) -> Play:
    """The play at its end, once its question has this answer."""
    play_sid = play["play_sid"]
    assert (await hero.play_wait(play_sid))["status"] == "awaiting_resume"
    (question,) = (await hero.play_pending_resumes(play_sid=play_sid))["resumes"]
    assert question["name"] == "more" and question["payload"] is None
    await hero.play_resume(play_sid, question["resume_id"], payload, answered_by="a test")
    return await hero.play_wait(play_sid, until="terminal", timeout_ms=None)


async def plays(hero: AsyncClient, name: str) -> None:
    """A play from its start to its end, and what is left of it."""
    started = await hero.play_start(name, example="short", idempotency_key=name, tags=["everything"], priority=1)
    assert_type(started["status"], Status)
    assert_type(started["play_sid"], PlaySid)
    again = await hero.play_start(name, example="short", idempotency_key=name)
    assert again["play_sid"] == started["play_sid"]
    ended = await answered(hero, started, "2")
    assert ended["status"] == "succeeded" and ended["outputs"] == {"total": 3}, ended
    assert ended == await hero.play_status(ended["play_sid"])
    listed = (await hero.play_list(workflow=name, status="succeeded", tag="everything"))["plays"]
    assert [play["play_sid"] for play in listed] == [ended["play_sid"]] and listed[0]["outputs"] is None
    page = await hero.play_spans(ended["play_sid"])
    assert [line["text"] for line in page["logs"]] == ["line 0", "line 0", "line 1"]
    pages: list[SpanPage] = [page async for page in hero.play_events(ended["play_sid"])]
    assert [span for page in pages for span in page["spans"]] == page["spans"]
    (artifact,) = (await hero.play_artifacts(ended["play_sid"]))["artifacts"]
    assert artifact["size"] == len(CONTENT)
    assert await hero.play_artifact_fetch(ended["play_sid"], artifact["name"]) == CONTENT
    chunks = [chunk async for chunk in hero.play_artifact_chunks(ended["play_sid"], artifact["name"])]
    assert len(chunks) > 1 and b"".join(chunks) == CONTENT
    try:
        await anext(hero.play_events(ended["play_sid"], after_seq=page["last_seq"] + 1))
    except InvalidParams as error:
        assert error.hint == "begin again with after_seq 0", error.hint
    else:
        raise AssertionError("nobody can have seen so much of it")


async def ends(hero: AsyncClient, name: str) -> None:
    """A play that fails and is run again, one that is cancelled, and what a deleted workflow leaves."""
    started = await hero.play_run_async(SOURCE, inputs={"lines": 1, "fails": True})
    failed = await answered(hero, started, "0")
    assert failed["error"] is not None and failed["error"]["type"] == "ValueError"
    assert (await hero.play_retry(failed["play_sid"]))["play"]["play_sid"] == failed["play_sid"]
    assert (await hero.play_wait(failed["play_sid"], until="terminal"))["attempt"] > failed["attempt"]
    waiting = await hero.play_wait((await hero.play_start(name))["play_sid"])
    cancelled = await hero.play_cancel(waiting["play_sid"], reason="as a test")
    assert (await hero.play_wait(cancelled["play_sid"], until="terminal"))["status"] == "cancelled"
    try:
        await hero.play_cancel(waiting["play_sid"])
    except Conflict as error:
        assert (error.code, error.number) == ("conflict", -32005)
    else:
        raise AssertionError("it was cancelled twice")
    assert await hero.example_delete(name, "short") == {"deleted": True}
    assert await hero.workflow_delete(name, force=True) == {"deleted": True}


async def moved(hero: AsyncClient, name: str) -> None:
    """What leaves a home comes back as it was, and a play becomes part of the library."""
    copy = f"{name}, promoted"
    started = await hero.play_run_async(SOURCE, inputs={"lines": 1})
    ended = await answered(hero, started, "1")
    made = await hero.play_promote(ended["play_sid"], name=copy, tags=["test"], note="worked")
    assert made["version"]["source"] == SOURCE and made["workflow"]["tags"] == ["test"]
    example = await hero.play_save_as_example(ended["play_sid"], "worked", workflow=copy)
    assert example["inputs"] == {"lines": 1} and example["answers"] == {"more": "1"}
    # As a program keeps them that knows nothing of their text.
    workflow = json.loads(json.dumps(await hero.workflow_export(copy)))
    assert workflow["format"] == "hero_logic.workflow" and len(workflow["content"]["versions"]) == 1
    assert (await hero.workflow_export(copy, benchmarks=False))["content"] == workflow["content"]
    assert (await hero.workflow_import(workflow))["versions_added"] == 0
    await hero.workflow_delete(copy)
    imported = await hero.workflow_import(workflow)
    assert imported["is_new"] and imported["examples_added"] == 1
    assert (await hero.workflow_export(copy))["digest"] == workflow["digest"]
    play = json.loads(json.dumps(await hero.play_export(ended["play_sid"]), indent=1))
    assert b64decode(play["content"]["artifacts"][0]["content"]) == CONTENT
    assert (await hero.play_import(play)) == {"play": ended, "is_new": False}
    play["content"]["play"]["inputs"]["lines"] = 2
    try:
        await hero.play_import(play)
    except ImportInvalid as error:
        assert error.fields[0]["pointer"] == "/digest", error.fields
    else:
        raise AssertionError("it was taken with another digest than its own")
    await hero.workflow_delete(copy)


async def measured(hero: AsyncClient, name: str) -> None:
    """Two versions over an example: measured, compared, gated, picked, and found."""
    double = f"{name}, measured"
    source = (
        'from hero_tracing import flow\n\n\n@flow\ndef main(n: int) -> int:\n    """Doubles."""\n    return 2 * n\n'
    )
    await hero.workflow_create(double, source)
    await hero.workflow_create_version(double, source.replace("2 * n", "n + n"), set_current=False)
    await hero.example_upsert(double, "four", {"n": 2}, expected_outputs=4)
    sids = []
    for version in (1, 2):
        started = await hero.benchmark_run(double, version=version, repeats=3)
        done = await hero.benchmark_wait(started["benchmark_sid"], timeout_ms=60_000)
        assert done["status"] == "completed" and done["summary"]["succeeded"] == 3, done
        report = await hero.benchmark_fetch(done["benchmark_sid"])
        assert [run["accuracy"] for run in report["measurements"]] == [1.0] * 3
        sids.append(done["benchmark_sid"])
    assert (await hero.benchmark_latest_for_version(double, version=2))["benchmark_sid"] == sids[1]
    listed = await hero.benchmark_list_for_workflow(double, limit=1)
    assert [one["benchmark_sid"] for one in listed["benchmarks"]] == sids[1:] and listed["next_cursor"] is not None
    listed = await hero.benchmark_list_for_version(double, version=1)
    assert [one["benchmark_sid"] for one in listed["benchmarks"]] == sids[:1]
    compared = await hero.benchmark_compare(*sids)
    assert compared["accuracy"] is not None and compared["accuracy"]["change"] == 0
    try:
        await hero.benchmark_cancel(sids[0])
    except Conflict as error:
        assert error.hint is not None
    else:
        raise AssertionError("it had ended")
    gated = await hero.workflow_gate(double, 2, max_latency_increase=1_000.0)
    assert gated["passed"] and gated["is_current"], gated["reason"]
    assert (await hero.pick_version(double, {"accuracy": 1.0}))["version"] == 2
    assert (await hero.workflow_statistics(double))["workflow"]["runs"] == 6
    found = await hero.flow_library_search(query="double", inputs={"n": "integer"}, limit=100)
    assert double in [hit["workflow"] for hit in found["hits"]], found
    await hero.workflow_delete(double)


async def begun(hero: AsyncClient) -> EventId:
    """Behind what has happened so far."""
    async with aclosing(hero.events()) as events:
        event = await anext(events)
    assert event["event"] == "reset" and event["reason"] == "start", event
    assert_type(event, ResetEvent)
    return event["id"]


async def told(hero: AsyncClient, name: str, begin: EventId) -> None:
    """What has happened to a workflow and its plays, from its beginning to its end."""
    all_of_it: list[Event] = []
    plays: dict[PlaySid, list[str]] = {}
    async with aclosing(hero.events(workflow=name, after=begin)) as events:
        async for event in events:
            all_of_it.append(event)
            if event["event"] == "play_created" or event["event"] == "play_changed":
                assert_type(event, PlayCreatedEvent | PlayChangedEvent)
                plays.setdefault(event["play_sid"], []).append(event["status"])
            elif event["event"] == "resume_opened":
                assert_type(event, ResumeOpenedEvent)
                plays[event["play_sid"]].append(f"asks {event['name']}")
            elif event["event"] == "resume_closed":
                assert_type(event, ResumeClosedEvent)
                plays[event["play_sid"]].append(event["status"])
            elif event["event"] == "workflow_changed":
                assert_type(event["workflow_sid"], WorkflowSid)
            elif event["event"] == "workflow_deleted":
                assert_type(event, WorkflowDeletedEvent)
                break
            elif event["event"] == "benchmark_changed":
                assert_type(event, BenchmarkChangedEvent)
            else:
                assert_type(event, ResetEvent)
                raise AssertionError("nothing was missed")
    changes = [event["current_version"] for event in all_of_it if event["event"] == "workflow_changed"]
    assert changes[0] == 1 and changes[-1] == 2, changes
    first, second = plays.values()
    asks = ["queued", "running", "asks more", "running", "awaiting_resume"]
    assert first == [*asks, "answered", "queued", "running", "succeeded"], first
    assert second[: len(asks)] == asks and second[-1] == "cancelled", second
    play_sid = next(iter(plays))
    (ended,) = [event for event in all_of_it if event["event"] == "play_changed" and event["status"] == "succeeded"]
    of_play = [event for event in all_of_it if event.get("play_sid") == play_sid]
    async with aclosing(hero.events(play_sid=play_sid, after=begin)) as events:
        assert [await anext(events) for _ in of_play] == of_play
    async with aclosing(hero.events(workflow=name, status="succeeded", after=begin)) as events:
        assert await anext(events) == ended


async def misled(hero: AsyncClient, begin: EventId) -> None:
    """Behind an event that there is not yet, and behind none; and a filter that is none."""
    boot, _, _ = begin.partition(".")
    async with aclosing(hero.events(after=EventId(f"{boot}.{10**15}"))) as events:
        event = await anext(events)
    assert event["event"] == "reset" and event["reason"] == "unknown", event
    wrong = [hero.events(after=EventId("x")), hero.events(play_sid=PlaySid("x"))]
    for events in wrong:
        try:
            event = await anext(events)
        except InvalidParams:
            continue
        raise AssertionError(f"it was answered: {event}")


async def server(hero: AsyncClient) -> None:
    """The runtime itself, and how it says no."""
    await hero.secret_set("KEY_OF_CLIENTS", "a long value")
    assert "KEY_OF_CLIENTS" in [secret["name"] for secret in (await hero.secret_list())["secrets"]]
    await hero.secret_remove("KEY_OF_CLIENTS")
    assert (await hero.server_info())["plays_running"] >= 0
    assert (await hero.server_metrics())["plays_ended"]
    assert (await hero.call("rpc.discover"))["openrpc"] == "1.3.2"
    try:
        await hero.play_start("hello", inputs={"name": 1, "nam": 2})
    except InvalidInputs as error:
        assert sorted(field["pointer"] for field in error.fields) == ["/nam", "/name"], error.fields
    else:
        raise AssertionError("inputs of another form were taken")
    try:
        await hero.workflow_get("nothing of this name")
    except NotFound as error:
        assert error.hint is not None and error.hint in error.__notes__
    else:
        raise AssertionError("there is no such workflow")


async def main() -> None:
    for place in places():
        for client in clients(place):
            hero, either = typed(client)
            name = f"of {type(client).__name__} over {place or 'the socket'} by {platform.python_version()}"
            begin = await begun(hero)
            await library(hero, name)
            await plays(hero, name)
            await ends(hero, name)
            await moved(hero, name)
            await measured(hero, name)
            await told(hero, name, begin)
            await misled(hero, begin)
            await server(hero)
            description = await hero.call("rpc.discover")
            missing = {method["name"] for method in description["methods"]} - either.called
            assert not missing, f"not called: {missing}"
            await hero.close()


asyncio.run(main())
