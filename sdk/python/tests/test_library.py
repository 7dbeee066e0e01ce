"""Workflows of the library, invoked by name in the process of the play."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hero_tracing import flow, testing
from hero_tracing._workflows import NESTED_MAX

ROUNDS = int(os.environ.get("HERO_TEST_ROUNDS", "60"))

HELPER = """
from dataclasses import dataclass
from datetime import date

from hero_tracing import flow


@dataclass
class Found:
    word: str
    at: date


class Empty(Exception):
    pass


@flow
def twice(word: str) -> str:
    return word * 2


@flow
def main(word: str, at: date = date(2025, 1, 2)) -> Found:
    \"\"\"Says a word twice.\"\"\"
    if not word:
        raise Empty("no word")
    assert isinstance(at, date)
    return Found(flow.invoke("twice", word=word), at)
"""
ASYNC = HELPER.replace("def main", "async def main")
NEXT = HELPER.replace("word * 2", "word * 3")
LIBRARY = {"helper": HELPER, "soon": ASYNC}
FOUND = {"word": "abab", "at": "2025-01-02"}


@flow
def step(word: str) -> str:
    return word


@flow
def plain() -> list[Any]:
    first = flow.invoke("helper", word="ab")
    return [first, step("between"), flow.invoke("helper", word="c", at=date(2030, 1, 1))]


@flow
async def with_loop() -> list[Any]:
    soon = await flow.aio.gather(flow.aio.invoke("helper", word="ab"), flow.aio.invoke("soon", word="ab"))
    return [*soon, await flow.aio.invoke("soon", word="c"), flow.invoke("helper", word="d")]


@pytest.mark.parametrize("process", [False, True])
@pytest.mark.parametrize("always_replay", [False, True])
def test_it_is_found_and_its_steps_stand_beneath_the_call(process: bool, always_replay: bool) -> None:
    result = testing.run(plain, library=LIBRARY, process=process, always_replay=always_replay)
    assert result.value == [FOUND, "between", {"word": "cc", "at": "2030-01-01"}], result.failure
    invoked = next(span for span in result.spans if span["path"] == "plain#0/helper#0")
    assert (invoked["kind"], invoked["name"]) == ("invoke", "helper")
    assert invoked["tags"]["workflow"] == "helper" and invoked["tags"]["version"] == 1
    paths = [record[0] for record in result.records]
    first = "plain#0/helper#0"
    assert paths[:3] == [f"{first}/main#0/twice#0", f"{first}/main#0", first]
    assert paths[3] == "plain#0/step#0" and len(paths) == 7


def that_goes_on_with(then: str) -> str:
    return f"""
from hero_tracing import flow

@flow(retries=3)
def main(n: int) -> int:
    return flow.invoke({then!r}, n=n - 1) + 1 if n else 0
"""


RECURSIVE = {
    "itself": that_goes_on_with("itself"),
    "ping": that_goes_on_with("pong"),
    "pong": that_goes_on_with("ping"),
}
RECURSIVE_SOON = {
    name: source.replace("def main", "async def main").replace("flow.invoke", "await flow.aio.invoke")
    for name, source in RECURSIVE.items()
}
THROUGH_THREADS = {
    name: source.replace("async def main", "def main")
    .replace("await flow.aio.invoke(", "flow.map(")
    .replace(", n=n - 1)", ", [{'n': n - 1}])[0]")
    for name, source in RECURSIVE_SOON.items()
}


@pytest.mark.parametrize("library", [RECURSIVE, RECURSIVE_SOON, THROUGH_THREADS], ids=["plain", "async", "threads"])
def test_a_workflow_that_invokes_itself_without_end_is_refused_early(library: dict[str, str]) -> None:
    @flow
    async def main(name: str, n: int) -> int:
        result: int = await flow.aio.invoke(name, n=n)
        return result

    def run(name: str, n: int) -> testing.Result:
        return testing.run(main, {"name": name, "n": n}, library=library)

    for name, through in (("itself", ""), ("ping", " through pong")):
        assert run(name, NESTED_MAX - 1).value == NESTED_MAX - 1
        result = run(name, 10_000)
        assert result.failure is not None
        assert result.failure["message"] == (
            f"the workflow {name} invokes itself{through}, and {NESTED_MAX} workflows beneath each other are the most:"
            " let it end earlier, or use a loop"
        )
        assert sum(span["kind"] == "invoke" for span in result.spans) == NESTED_MAX + 1, "no level is tried again"


@pytest.mark.parametrize("always_replay", [False, True])
def test_coroutines_have_it_too(always_replay: bool) -> None:
    result = testing.run(with_loop, library=LIBRARY, always_replay=always_replay)
    assert [found["word"] for found in result.value] == ["abab", "abab", "cc", "dd"], result.failure
    assert {record[1] for record in result.records} == {"flow", "invoke"}


def test_a_map_takes_names() -> None:
    @flow
    def many() -> list[Any]:
        return flow.map("helper", [{"word": word} for word in "abcdefghijkl"])

    @flow
    async def many_soon() -> list[Any]:
        return await flow.aio.map("soon", [{"word": word} for word in "abcdefghijkl"])

    for main in (many, many_soon):
        result = testing.run(main, library=LIBRARY, always_replay=True)
        assert [found["word"] for found in result.value] == [word * 2 for word in "abcdefghijkl"], result.failure


@pytest.mark.parametrize("process", [False, True])
def test_a_play_goes_on_with_the_version_that_it_began_with(process: bool) -> None:
    play = testing.Play(plain, library=LIBRARY, process=process)
    assert play.attempt(kill_after=1), "in the middle of the first call"
    play.journal.library["helper"] = NEXT
    assert play.attempt(kill_after=3), "between the two calls"
    result = play.advance()
    assert [found["word"] for found in (result.value[0], result.value[2])] == ["abab", "cc"]
    later = testing.Play(plain)
    later.journal.library = play.journal.library
    assert later.advance().value[0]["word"] == "ababab"
    span = next(span for span in later.journal.spans if span["kind"] == "invoke")
    assert span["tags"]["version"] == 2


def test_an_unknown_name_is_an_error_with_near_ones_and_stays_unknown() -> None:
    @flow
    def main() -> list[str]:
        said = []
        for name in ("steb", "helpr", "zzz"):
            try:
                flow.invoke(name, word="a")
            except LookupError as error:
                said.append(str(error))
        return [*said, step("after")]

    play = testing.Play(main, library=LIBRARY)
    assert play.attempt(kill_after=3)
    play.journal.library["zzz"] = HELPER
    assert play.advance().value == [
        "no flow is called 'steb', in this file or in the library; did you mean step?",
        "no flow is called 'helpr', in this file or in the library; did you mean helper?",
        "no flow is called 'zzz', in this file or in the library; there are: helper, soon",
        "after",
    ]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "word"),
        ({"word": 5}, "/word"),
        ({"word": "a", "at": "never"}, "/at"),
        ({"word": "a", "other": 1}, "other"),
        ({"word": float("nan")}, "nan"),
    ],
)
def test_inputs_are_held_against_what_the_version_declares(inputs: dict[str, Any], message: str) -> None:
    @flow
    def main() -> Any:
        return flow.invoke("helper", **inputs)

    result = testing.run(main, library=LIBRARY, always_replay=True)
    assert isinstance(result.error, TypeError if "nan" in message else ValueError)
    assert message in str(result.error) and result.failure is not None
    assert not any(record[0].endswith("main#0/helper#0/main#0") for record in result.records), "it has not begun"


def test_a_result_that_breaks_the_declared_outputs_is_an_error() -> None:
    @flow
    def main() -> Any:
        return flow.invoke("wrong")

    source = "from hero_tracing import flow\n\n@flow(outputs={'a': {'type': 'integer'}})\ndef main():\n    return {}\n"
    result = testing.run(main, library={"wrong": source}, always_replay=True)
    assert isinstance(result.error, ValueError)
    assert "the workflow wrong (version 1) breaks its declared outputs" in str(result.error)


@pytest.mark.parametrize("process", [False, True])
def test_a_failure_is_the_same_when_nothing_of_the_file_is_loaded(process: bool) -> None:
    @flow
    def main() -> list[Any]:
        try:
            flow.invoke("helper", word="")
        except Exception as error:
            return [type(error).__name__, type(error).__mro__[1].__name__, str(error), step("after")]
        return []

    for always_replay in (False, True):
        result = testing.run(main, library=LIBRARY, always_replay=always_replay, process=process)
        assert result.value == ["Empty", "Exception", "no word", "after"], result.failure


def test_tracebacks_say_of_which_version_a_line_is() -> None:
    @flow
    def main() -> Any:
        return flow.invoke("helper", word="")

    failure = testing.run(main, library=LIBRARY, always_replay=True).failure
    assert failure is not None and failure["type"] == "Empty"
    assert 'File "helper@1/helper.py", line 27' in failure["traceback"]
    assert 'raise Empty("no word")' in failure["traceback"]


def test_plain_code_cannot_await() -> None:
    @flow
    def main() -> Any:
        return flow.invoke("soon", word="a")

    error = testing.run(main, library=LIBRARY).error
    assert isinstance(error, TypeError) and "write `await flow.aio.invoke" in str(error)


def test_it_has_no_secret_that_the_entry_flow_does_not_declare() -> None:
    source = HELPER.replace("@flow\ndef main", "@flow(secrets=['KEY'])\ndef main")
    source = source.replace('raise Empty("no word")', 'return Found(str(len(flow.secret("KEY"))), at)')

    @flow
    def without() -> Any:
        return flow.invoke("helper", word="")

    @flow(secrets=["KEY"])
    def having() -> Any:
        return flow.invoke("helper", word="")

    error = testing.run(without, library={"helper": source}).error
    assert isinstance(error, PermissionError) and "needs the secret KEY" in str(error)
    assert testing.run(having, library={"helper": source}, secrets={"KEY": "12345"}).value["word"] == "5"


def test_it_pauses_and_tries_again_where_it_is() -> None:
    source = """
from hero_tracing import flow

tries = []

@flow(retries=2, backoff=0)
def main() -> str:
    answer = flow.pause("which", schema={"type": "string"})
    tries.append(answer)
    if len(tries) < 2:
        raise OSError("down")
    return answer
"""

    @flow
    def main() -> Any:
        return flow.invoke("asks")

    play = testing.Play(main, library={"asks": source})
    result = play.advance()
    assert result.status == "waiting" and result.pauses[0].path == "main#0/asks#0/main#0/which#0"
    play.answer("which", "web")
    result = play.advance()
    assert (result.value, [one["path"] for one in play.journal.tries]) == ("web", ["main#0/asks#0/main#0"])


COUNTDOWN = """
from hero_tracing import flow

@flow
def main(n: int) -> int:
    return 0 if n == 0 else 1 + flow.invoke("countdown", n=n - 1)
"""


def test_a_workflow_that_invokes_itself_and_ends_is_replayed() -> None:
    @flow
    def main(n: int) -> Any:
        return flow.invoke("countdown", n=n)

    assert testing.run(main, {"n": 30}, library={"countdown": COUNTDOWN}, always_replay=True).value == 30


def test_a_file_that_cannot_be_loaded_is_an_error_of_the_call() -> None:
    source = HELPER + "\nif __name__ != 'hero_flow_described':\n    raise OSError('not here')\n"

    @flow
    def main() -> str:
        try:
            flow.invoke("helper", word="a")
        except ImportError as error:
            return str(error)
        return ""

    result = testing.run(main, library={"helper": source}, always_replay=True)
    assert result.value == "the workflow helper (version 1) cannot be loaded: not here"


def test_a_step_that_the_file_calls_while_it_is_loaded_has_no_place() -> None:
    source = HELPER + "\nif __name__ != 'hero_flow_described':\n    twice('a')\n"

    @flow
    def main() -> str:
        try:
            flow.invoke("helper", word="a")
        except Exception as error:
            return str(error)
        return ""

    failure = testing.run(main, library={"helper": source}).failure
    assert failure is not None and failure["code"] == "no_scope"


def test_processes_that_it_starts_afresh_find_its_module() -> None:
    library = """
import multiprocessing

from hero_tracing import flow

def square(n: int) -> int:
    return n * n

@flow
def main(n: int) -> int:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply(square, (n,))
        pool.close()
        pool.join()
    return result
"""
    source = "from hero_tracing import flow\n\n@flow\ndef main():\n    return flow.invoke('squares', n=7)\n"
    result = testing.run_file("flow.py", source, library={"squares": library}, always_replay=True)
    assert result.value == 49, result.failure


def test_without_a_runtime_the_error_says_so(tmp_path: Path) -> None:
    for call in ("flow.invoke('helpr')", "flow.map('helpr', [{}])", "asyncio.run(flow.aio.invoke('helpr'))"):
        source = f"import asyncio\nfrom hero_tracing import flow\n\n@flow\ndef helper():\n    pass\n\n{call}\n"
        file = tmp_path / "my_flow.py"
        file.write_text(source)
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, env=env)
        assert "LookupError: no flow of this file is called 'helpr'; did you mean helper?" in done.stderr, done.stderr
        assert "`hero_logic run FILE`" in done.stderr


# -- at random --


def written(name: str, version: int, calls: list[Any], is_async: bool) -> str:
    """A workflow that says who it is, and what those say that it calls."""
    lines = ["from hero_tracing import flow", "", "@flow", "def mark(number: int) -> int:", "    return number", ""]
    lines += ["@flow", f"{'async ' if is_async else ''}def main(n: int) -> list:"]
    lines.append(f"    said = [[{name!r}, mark({version}), n]]")
    for kind, other, of_async in calls:
        call, wait = ("flow.aio", "await ") if is_async else ("flow", "")
        if kind == "map":
            items = "[{'n': n + 1}, {'n': n + 2}, {'n': n + 3}]"
            lines.append(f"    said += {wait}{call}.map({other!r}, {items})")
        elif is_async or not of_async:
            lines.append(f"    said.append({wait}{call}.invoke({other!r}, n=n + 1))")
    return "\n".join([*lines, "    return said", ""])


def test_random_libraries_keep_to_the_versions_that_were_found_first(seeded: random.Random) -> None:
    for seed in [seeded.randrange(2**32) for _ in range(ROUNDS)]:
        check(seed)


def check(seed: int) -> None:
    """Each name means one version in the whole play, whatever becomes of the library between its attempts."""
    source = random.Random(seed)
    names = [f"w{number}" for number in range(4)]
    is_async = {name: source.random() < 0.5 for name in names}
    calls: dict[str, list[Any]] = {}
    for number, name in enumerate(names):
        others = [other for other in names[number + 1 :] if is_async[name] or not is_async[other]]
        kinds = ["invoke", "invoke", "map"]
        calls[name] = (
            [(source.choice(kinds), other, is_async[other]) for other in source.choices(others, k=2) if others]
            if others
            else []
        )

    def library(version: int) -> dict[str, str]:
        return {name: written(name, version, calls[name], is_async[name]) for name in names}

    @flow
    async def main() -> list[Any]:
        return [await flow.aio.invoke("w0", n=0), *await flow.aio.map("w1", [{"n": 1}, {"n": 2}])]

    play = testing.Play(main, library=library(1), process=source.random() < 0.2)
    for version in range(2, source.randrange(3, 8)):
        if not play.attempt(kill_after=source.randrange(1, 8)):
            break
        play.journal.library.update(library(version))
    result = play.advance()
    told = f"seed {seed}: {calls} {is_async}"
    assert result.status == "succeeded", f"{told}: {result.failure}"
    said: dict[str, set[int]] = {}

    def collect(value: Any) -> None:
        if isinstance(value[0], str):
            said.setdefault(value[0], set()).add(value[1])
        else:
            for one in value:
                collect(one)

    collect(result.value)
    assert all(len(versions) == 1 for versions in said.values()), f"{told}: {said}"
    straight = testing.run(main, library={name: library(min(said[name]))[name] for name in said})
    assert result.value == straight.value, told
