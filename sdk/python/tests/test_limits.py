"""What would not fit into a frame or a path is refused, or visibly cut, where the flow says it."""

from __future__ import annotations

from typing import Any

import pytest

from hero_tracing import _frames, _scope, ask_user, flow, testing


@flow
def walk_down_a_tree_of_directories(depth: int) -> int:
    return 0 if depth == 0 else walk_down_a_tree_of_directories(depth - 1) + 1


@flow
def endless() -> int:
    return endless()


@flow(key=lambda text: text)
def keyed(text: str) -> str:
    return text


def _step_of(name: str) -> None:
    with flow.step(name):
        pass


LONG = "é" * 5000

TOO_LONG: list[Any] = [
    lambda: walk_down_a_tree_of_directories(400),
    lambda: flow.run("x" * 9000, len, "a"),
    lambda: keyed(LONG),
    lambda: keyed.with_key(LONG)("a"),  # type: ignore[attr-defined]
    lambda: _step_of(LONG),
    lambda: flow.pause(LONG),
    lambda: flow.span("a" * 5000).__enter__() and _step_of("b" * 5000),
]


@pytest.mark.parametrize("call", TOO_LONG)
def test_a_path_has_a_limit(call: Any) -> None:
    @flow
    def main() -> None:
        try:
            call()
        except Exception:
            pytest.fail("an error of this kind is not to be swallowed")

    result = testing.run(main)
    assert result.status == "failed" and result.failure is not None
    assert result.failure["code"] == "path_too_long" and "instead of recursion" in result.failure["hint"]
    assert str(_scope.PATH_BYTES_MAX) in result.failure["message"] and len(result.failure["message"]) < 400


def test_recursion_within_the_limit_is_well() -> None:
    @flow
    def main() -> int:
        return walk_down_a_tree_of_directories(200)

    assert testing.run(main).value == 200


def test_endless_recursion_is_an_error_of_python() -> None:
    @flow
    def main() -> int:
        return endless()

    result = testing.run(main, process=True)
    assert result.status == "failed" and result.failure is not None
    # Whichever comes first: Python's own limit for a short name, that of paths for a longer one.
    assert result.failure["type"] == "RecursionError" or result.failure["code"] == "path_too_long"


def test_a_question_has_a_limit() -> None:
    many = [f"option number {index} " * 3 for index in range(15_000)]
    deep: Any = []
    for _ in range(70):
        deep = [deep]
    for ask, text in (
        (lambda: ask_user.choice("Which?", many), "a question may take 524288 bytes"),
        (lambda: ask_user.text("?" * 600_000), "a question may take 524288 bytes"),
        (lambda: flow.pause("p", default="x" * 600_000), "a question may take 524288 bytes"),
        (lambda: flow.pause("p", default=deep), "at most 60 levels"),
        (lambda: ask_user.choice("Which?", ["\ud800"]), "lone surrogate"),
    ):
        with pytest.raises((ValueError, TypeError), match=text):
            ask()


def test_the_longest_question_fits_into_a_line() -> None:
    name = "\x01" * 8000

    @flow
    def main() -> Any:
        text = "x" * (_frames.QUESTION_BYTES_MAX - 4000)
        return flow.pause(name, question=text, default=1)

    assert testing.run(main, answers={name: 5}).value == 5


def test_tags_are_cut_visibly() -> None:
    @flow
    def main() -> None:
        flow.current_span.tag("k" * 2_000_000, "v" * 2_000_000)
        with flow.step("s", **{f"{'😀' * 300}{index}": 1 for index in range(3)}):
            pass
        with flow.step("many", **{f"tag {index}{chr(1) * 80}": "😀" * 3000 for index in range(5000)}):
            pass

    root, long, many = testing.run(main).spans
    ((key, value),) = root["tags"].items()
    assert key == "k" * 99 + "…" and value.endswith('v…"') and len(value) == 2000
    assert list(long["tags"]) == ["😀" * 99 + "…"]
    assert len(many["tags"]) == 100
    assert many["tags"]["…"] == "4901 more tags are not kept; a span has at most 100"


def test_a_long_line_of_log_is_cut_visibly() -> None:
    @flow
    def main() -> None:
        flow.current_span.log("x" * 10_000)

    (line,) = testing.run(main).logs
    assert line["text"] == "x" * 8191 + "…"
