"""What a flow asks of the library: recorded once, the same in every attempt, refused in words."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hero_tracing import flow, testing

GREET = '''
from hero_tracing import flow


@flow
def main(name: str) -> str:
    """Greets somebody by name."""
    return f"Hello, {name}"
'''
LOUD = GREET.replace('"Hello, {name}"', '"HELLO, {name}"')
LIBRARY = {"greet": GREET, "other": GREET.replace("Greets somebody by name", "Counts sheep")}


@flow
def found(query: str) -> Any:
    hits = flow.library.search(query, inputs={"name": "string"}, limit=3)
    return [(hit["workflow"], hit["version"], flow.invoke(hit["workflow"], name="Ada")) for hit in hits]


@flow
async def found_soon(query: str) -> Any:
    hits = await flow.aio.library.search(query)
    return [(hit["workflow"], hit["version"], await flow.aio.invoke(hit["workflow"], name="Ada")) for hit in hits]


@pytest.mark.parametrize("entry", [found, found_soon])
@pytest.mark.parametrize("always_replay", [False, True])
def test_a_search_finds_what_runs(entry: Any, always_replay: bool) -> None:
    result = testing.run(entry, {"query": "greets somebody"}, library=LIBRARY, always_replay=always_replay)
    assert result.value == [("greet", 1, "Hello, Ada")]
    (search,) = [span for span in result.spans if span["name"] == "library.search"][:1]
    assert (search["kind"], search["recorded"]) == ("rpc", True)


def test_what_was_found_is_found_again_whatever_becomes_of_the_library() -> None:
    play = testing.Play(found, {"query": "greets somebody"}, library=LIBRARY)
    assert play.attempt(kill_after=1)
    play.journal.library.clear()
    play.journal.library["greet"] = GREET
    play.journal.library["more"] = GREET
    assert play.advance().value == [("greet", 1, "Hello, Ada")]


@flow
def saves(source: str) -> Any:
    saved = flow.library.save(source, name="greet", tags=["polite"], note="louder")
    name = f"{saved['workflow']}@{saved['version']}"
    return saved["version"], saved["is_current"], flow.invoke(name, name="Ada"), flow.invoke("greet", name="Ada")


@pytest.mark.parametrize("always_replay", [False, True])
def test_what_is_saved_runs_when_it_is_asked_for(always_replay: bool) -> None:
    first = testing.run(saves, {"source": LOUD}, library=LIBRARY, always_replay=always_replay)
    assert first.value == (2, False, "HELLO, Ada", "Hello, Ada")
    new = testing.run(saves, {"source": LOUD}, always_replay=always_replay)
    assert new.value == (1, True, "HELLO, Ada", "HELLO, Ada")


@flow
async def saves_soon(source: str) -> Any:
    saved, again = await asyncio.gather(
        flow.aio.library.save(source, name="greet"), flow.aio.library.save(source, name="greet")
    )
    return saved == again, saved["version"]


def test_the_same_source_is_the_same_version() -> None:
    assert testing.run(saves_soon, {"source": LOUD}, library=LIBRARY, always_replay=True).value == (True, 2)


@flow
def picks(workflow: str) -> Any:
    picked = flow.library.pick_version(workflow, accuracy=1, cost=0.5, max_cost_usd=0.1)
    return picked["name"], flow.invoke(picked["name"], name="Ada")


@flow
async def picks_soon(workflow: str) -> Any:
    picked = await flow.aio.library.pick_version(workflow, speed=1)
    return picked["name"], await flow.aio.invoke(picked["name"], name="Ada")


@pytest.mark.parametrize("entry", [picks, picks_soon])
def test_a_choice_stays_the_same(entry: Any) -> None:
    play = testing.Play(entry, {"workflow": "greet"}, library=LIBRARY)
    assert play.attempt(kill_after=1)
    play.journal.library["greet"] = LOUD
    assert play.advance().value == ("greet@1", "Hello, Ada")


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: flow.library.search(""), ValueError, "the query is empty"),
        (lambda: flow.library.save("def", name="x"), ValueError, "x.py"),
        (lambda: flow.library.pick_version("gret", cost=1), LookupError, "no workflow 'gret'; did you mean greet?"),
        (lambda: flow.invoke("greet@7", name="x"), LookupError, "no flow is called 'greet@7'"),
    ],
)
def test_a_refusal_is_an_exception_that_is_recorded(call: Any, error: type[Exception], text: str) -> None:
    @flow
    def main() -> str:
        try:
            call()
        except error as caught:
            return str(caught)
        return "nothing"

    result = testing.run(main, library=LIBRARY, always_replay=True)
    assert text in result.value, result.value


def deep(levels: int) -> Any:
    value: Any = "string"
    for _ in range(levels):
        value = {"x": value}
    return value


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: flow.library.save(GREET + "#" * 1_000_000, name="x"), ValueError, "are more than the 1000000"),
        (lambda: flow.library.pick_version("x" * 2_000_000, cost=1), ValueError, "are more than"),
        (lambda: flow.library.search("x", inputs=deep(100)), ValueError, "more than 60 levels"),
        (lambda: flow.library.search("x", inputs=deep(100_000)), TypeError, "has no form in JSON"),
        (lambda: flow.library.search("x", outputs={"x": object}), TypeError, "has no form in JSON"),
        (lambda: flow.library.save(b"x", name="x"), TypeError, "source is text, not bytes"),
        (lambda: flow.library.save(None, name="x"), TypeError, "source is text, not NoneType"),
        (lambda: flow.library.search(5), TypeError, "query is text, not int"),
        (lambda: flow.library.search("x", tags="abc"), TypeError, "tags are a list of labels"),
        (lambda: flow.library.search("x", tags=[1]), TypeError, "tags are text"),
        (lambda: flow.library.save(GREET, name="\ud800"), ValueError, "half a surrogate pair"),
    ],
)
def test_what_cannot_be_asked_is_an_exception_that_says_why(call: Any, error: type[Exception], text: str) -> None:
    @flow
    def main() -> str:
        try:
            call()
        except error as caught:
            return str(caught)
        return "nothing"

    result = testing.run(main, library=LIBRARY)
    assert text in result.value, result.value


def test_without_the_runtime_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="hero_logic run FILE"):
        flow.library.search("anything")
    with pytest.raises(RuntimeError, match="hero_logic run FILE"):
        asyncio.run(flow.aio.library.pick_version("x", cost=1))
