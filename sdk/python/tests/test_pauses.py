"""Pauses: held, parked, answered, expired, withdrawn; in plain code, threads and coroutines."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hero_tracing import PauseExpired, ask_user, flow, testing

bodies: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    bodies.clear()


@flow
def work(name: str) -> str:
    bodies.append(name)
    return name.upper()


@flow
def approve() -> list[Any]:
    work("before")
    first = flow.pause("ok", schema={"type": "boolean"}, question="Go on?")
    second = ask_user.choice("Which service?", ["web", "db"])
    return [first, second, work("after")]


@pytest.mark.parametrize("hold", [False, True])
@pytest.mark.parametrize("process", [False, True])
@pytest.mark.parametrize("always_replay", [False, True])
def test_two_pauses(always_replay: bool, process: bool, hold: bool) -> None:
    answers = {"ok": True, "approve#0/which_service#0": "db"}
    result = testing.run(approve, answers=answers, always_replay=always_replay, process=process, hold=hold)
    assert (result.status, result.value) == ("succeeded", [True, "db", "AFTER"])
    if not process:
        assert bodies == ["before", "after"]
    assert [(one.name, one.status) for one in result.pauses] == [("ok", "answered"), ("which_service", "answered")]
    last = [span for span in result.spans if span["path"] == "approve#0/ok#0"][-1]
    assert last["status"] == "ok"


def test_a_play_waits() -> None:
    result = testing.run(approve)
    assert (result.status, result.value, result.attempts) == ("waiting", None, 1)
    question = result.pauses[0]
    assert (question.question, question.schema, question.ui) == ("Go on?", {"type": "boolean"}, None)


@flow
def level(depth: int) -> str:
    if depth:
        return level(depth - 1)
    answer: str = ask_user.text("Name?")
    return answer


@flow
def deep() -> str:
    return level(2)


def test_a_pause_three_levels_down() -> None:
    result = testing.run(deep, answers={"name": "Ada"}, always_replay=True, hold=False)
    assert result.value == "Ada"
    assert result.pauses[0].path == "deep#0/level#0/level#0/level#0/name#0"


@flow
def swallower() -> list[Any]:
    answers = []
    for _ in range(2):
        try:
            answers.append(ask_user.number("How many?"))
        except BaseException:
            bodies.append("swallowed")
        with contextlib.suppress(BaseException):
            work("more")
    return answers


def test_a_bare_except_loses_nothing() -> None:
    result = testing.run(swallower, answers={"how_many": 3}, hold=False)
    assert result.value == [3, 3]
    assert bodies.count("more") == 2
    assert len(result.pauses) == 2


@flow
def expiring() -> list[Any]:
    first = ask_user.confirm("Sure?", timeout=60, default=None)
    try:
        ask_user.text("Why?", timeout=60)
    except PauseExpired as error:
        return [first, str(error)]
    return []


def test_expiry_with_and_without_a_default() -> None:
    play = testing.Play(expiring)
    for name in ("sure", "why"):
        assert play.advance().status == "waiting"
        play.expire(name)
    result = play.advance()
    assert result.value == [None, "nobody answered expiring#0/why#0 in time"]
    assert [one.timeout_ms for one in result.pauses] == [60000, 60000]


@flow
async def parallel() -> list[Any]:
    async def ask(name: str) -> Any:
        await flow.aio.run(f"prepare_{name}", work, name)
        answer = await ask_user.aio.text(f"{name}?", name=name)
        return [answer, await flow.aio.run(f"finish_{name}", work, name + "2")]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(name)) for name in ("left", "right")]
    return [task.result() for task in tasks]


@pytest.mark.parametrize("order", [("left", "right"), ("right", "left")])
def test_parallel_pauses_are_shown_together_and_answered_in_any_order(order: tuple[str, str]) -> None:
    play = testing.Play(parallel)
    result = play.advance()
    assert [(one.name, one.status) for one in result.pauses] == [("left", "open"), ("right", "open")]
    for name in order:
        assert play.advance().status == "waiting"
        play.answer(name, name.upper() + "!")
    result = play.advance()
    assert result.value == [["LEFT!", "LEFT2"], ["RIGHT!", "RIGHT2"]], result.failure
    assert bodies == ["left", "right", f"{order[0]}2", f"{order[1]}2"]


@pytest.mark.parametrize("hold", [False, True])
def test_parallel_pauses_with_kills(hold: bool) -> None:
    result = testing.run(parallel, answers={"left": "l", "right": "r"}, always_replay=True, hold=hold)
    assert result.value == [["l", "LEFT2"], ["r", "RIGHT2"]], result.failure


@flow
async def slow_sibling() -> list[Any]:
    async def slow() -> str:
        await asyncio.sleep(0.3)
        bodies.append("slept")
        return await flow.aio.run("end", work, "end")

    results = await asyncio.gather(flow.aio.pause("p"), flow.aio.run("slow", slow))
    return list(results)


def test_siblings_run_to_their_end_before_the_play_parks() -> None:
    play = testing.Play(slow_sibling)
    assert play.advance().status == "waiting"
    assert bodies == ["slept", "end"]
    play.answer("p", 1)
    assert play.advance().value == [1, "END"]
    assert bodies == ["slept", "end"]


@flow
async def timers_do_not_keep() -> Any:
    async def tick() -> None:
        while True:
            await asyncio.sleep(3600)

    ticker = asyncio.create_task(tick())
    answer = await flow.aio.pause("p")
    ticker.cancel()
    return answer


def test_timers_do_not_keep_a_play_from_parking() -> None:
    play = testing.Play(timers_do_not_keep)
    assert play.advance().status == "waiting"
    play.answer("p", [1])
    assert play.advance().value == [1]


@flow
async def withdraws() -> list[Any]:
    seen: list[Any] = []
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(flow.aio.pause("never"))
            group.create_task(_fails())
    except ExceptionGroup as error:
        seen.append(str(error.exceptions[0]))
    seen.append(await flow.aio.pause("later"))
    return seen


@flow
async def _fails() -> None:
    await asyncio.sleep(0.01)
    raise ValueError("no")


def test_a_pause_that_the_flow_cancels_is_withdrawn() -> None:
    play = testing.Play(withdraws)
    result = play.advance()
    assert [(one.name, one.status) for one in result.pauses] == [("never", "withdrawn"), ("later", "open")]
    play.answer("later", "x")
    assert play.advance().value == ["no", "x"]


@flow
def in_threads() -> list[Any]:
    def ask(name: str) -> Any:
        work(name)
        return [ask_user.text(name, name=name), work(name + "2")]

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(ask, ["a", "b", "c"]))


@pytest.mark.parametrize("order", [("a", "b", "c"), ("b", "a", "c")])
def test_a_pool_of_two_threads_shows_two_pauses(order: tuple[str, ...]) -> None:
    play = testing.Play(in_threads)
    assert {one.name for one in play.advance().pauses} == {"a", "b"}
    for name in order:
        assert play.advance().status == "waiting"
        play.answer(name, "x")
    result = play.advance()
    assert result.value == [["x", "A2"], ["x", "B2"], ["x", "C2"]], result.failure
    assert sorted(bodies) == ["a", "a2", "b", "b2", "c", "c2"]


@flow
def thread_waits() -> list[Any]:
    done: list[Any] = []
    thread = threading.Thread(target=lambda: done.append(flow.pause("p")))
    thread.start()
    thread.join()
    return [*done, work("after")]


def test_join_does_not_return_before_a_paused_thread() -> None:
    play = testing.Play(thread_waits)
    assert play.advance().status == "waiting"
    assert bodies == []
    play.answer("p", 7)
    assert play.advance().value == [7, "AFTER"]


@flow
async def sync_pause_in_loop() -> list[Any]:
    first = await flow.aio.run("first", work, "first")
    answer = flow.pause("p")
    return [first, answer]


@pytest.mark.parametrize("always_replay", [False, True])
def test_a_plain_pause_in_a_loop_parks_at_once(always_replay: bool) -> None:
    result = testing.run(sync_pause_in_loop, answers={"p": 2}, hold=False, always_replay=always_replay)
    assert result.value == ["FIRST", 2]


@flow
async def pause_in_job() -> list[Any]:
    return list(await asyncio.gather(asyncio.to_thread(flow.pause, "p"), asyncio.to_thread(work, "w")))


@pytest.mark.parametrize("hold", [False, True])
@pytest.mark.parametrize("always_replay", [False, True])
def test_a_plain_pause_in_an_executor_job_holds(always_replay: bool, hold: bool) -> None:
    result = testing.run(pause_in_job, answers={"p": 2}, hold=hold, always_replay=always_replay)
    assert result.value == [2, "W"], result.failure


@flow
def changed_question() -> Any:
    bodies.append("run")
    return ask_user.text(f"Run {len(bodies)}?", name="q")


def test_another_question_at_the_same_place_diverges() -> None:
    play = testing.Play(changed_question)
    play.advance()
    play.answer("q", "x")
    assert play.advance().status == "diverged"


@flow
def kinds() -> list[Any]:
    return [
        ask_user.text("Text?", placeholder="…", max_length=3),
        ask_user.number("Number?", minimum=1, integer=True),
        ask_user.choice("Choice?", [1, "two"]),
        ask_user.multi_choice("Several?", ["a", "b"], maximum=1),
        ask_user.confirm("Confirm?", default=False),
        flow.pause("form", schema={"type": "object"}, ui={"kind": "form"}),
    ]


def test_kinds_of_questions() -> None:
    answers = {"text": "t", "number": 1, "choice": "two", "several": ["a"], "confirm": True, "form": {"$tuple": [1]}}
    result = testing.run(kinds, answers=answers, always_replay=True)
    assert result.value == list(answers.values())
    assert [(one.ui["kind"], one.schema) for one in result.pauses] == [
        ("text", {"type": "string", "maxLength": 3}),
        ("number", {"type": "integer", "minimum": 1}),
        ("choice", {"enum": [1, "two"]}),
        ("multi_choice", {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True, "maxItems": 1}),
        ("confirm", {"type": "boolean"}),
        ("form", {"type": "object"}),
    ]


def test_names_of_questions() -> None:
    from hero_tracing._questions import slug

    assert slug("Which service?") == "which_service"
    assert slug("¿Qué?") == "qué"
    assert slug("?!") == "question"
    assert slug("word " * 20) == "word_word_word_word_word_word_word_word"
    assert len(slug("x" * 99)) == 40


def test_bad_questions() -> None:
    for bad in (
        lambda: ask_user.text(""),
        lambda: ask_user.choice("?", []),
        lambda: ask_user.choice("?", ["a", "a"]),
        lambda: ask_user.text("?", timeout=-1),
    ):
        with pytest.raises(ValueError):
            bad()
    for wrong in (
        lambda: flow.pause("p", schema=[]),  # type: ignore[arg-type]
        lambda: flow.pause("p", default=object()),
        lambda: ask_user.choice("?", "abc"),
    ):
        with pytest.raises(TypeError):
            wrong()
