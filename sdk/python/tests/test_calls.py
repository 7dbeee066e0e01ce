"""Recorded calls of plain code: live, replayed, failed, refused."""

from __future__ import annotations

import contextlib
import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from hero_tracing import Failed, NotRecordable, ScopeError, flow, testing

bodies: list[str] = []
clock = testing.FakeClock()


@pytest.fixture(autouse=True)
def _forget() -> None:
    bodies.clear()


@flow
def double(number: int) -> int:
    bodies.append(f"double {number}")
    return number * 2


@flow
def outer(number: int) -> int:
    bodies.append(f"outer {number}")
    return double(number) + double(number)


@flow
def nested(count: int = 2) -> list[int]:
    return [outer(number) for number in range(count)]


def test_a_flow_runs_each_body_once() -> None:
    result = testing.run(nested)
    assert (result.status, result.value, result.attempts) == ("succeeded", [0, 4], 1)
    assert bodies == ["outer 0", "double 0", "double 0", "outer 1", "double 1", "double 1"]
    assert [record[0] for record in result.records] == [
        "nested#0/outer#0/double#0",
        "nested#0/outer#0/double#1",
        "nested#0/outer#0",
        "nested#0/outer#1/double#0",
        "nested#0/outer#1/double#1",
        "nested#0/outer#1",
    ]


@pytest.mark.parametrize("process", [False, True])
def test_a_kill_after_every_record_changes_nothing(process: bool) -> None:
    result = testing.run(nested, {"count": 3}, always_replay=True, process=process)
    assert (result.status, result.value, result.attempts) == ("succeeded", [0, 4, 8], 10)
    if not process:
        inner = [body for body in bodies if body.startswith("double")]
        assert inner == [f"double {number}" for number in range(3) for _ in range(2)]


class Odd(Exception):
    def __init__(self, number: int, *, color: str) -> None:
        super().__init__(f"{number} is odd")
        self.number = number
        self.color = color


@flow
def pick(kind: str) -> str:
    bodies.append(kind)
    if kind == "odd":
        raise Odd(3, color="red")
    if kind == "group":
        raise ExceptionGroup("both", [ValueError("a"), Odd(1, color="blue")])
    if kind == "exit":
        raise SystemExit(4)
    if kind == "cause":
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error
    raise flow.Failed("clean")


@flow
def catching() -> list[Any]:
    caught: list[Any] = []
    for kind in ("odd", "group", "exit", "cause", "failed"):
        try:
            pick(kind)
        except Odd as error:
            caught.append([str(error), error.number, error.color, error.__context__ is None])
        except ExceptionGroup as group:
            caught.append([type(one).__name__ for one in group.exceptions])
        except SystemExit as error:
            caught.append(error.code)
        except ValueError as error:
            caught.append([str(error), repr(error.__cause__)])
        except Failed as error:
            caught.append(str(error))
    return caught


@pytest.mark.parametrize("always_replay", [False, True])
def test_failures_are_the_same_live_and_on_replay(always_replay: bool) -> None:
    result = testing.run(catching, always_replay=always_replay)
    assert result.value == [
        ["3 is odd", 3, "red", True],
        ["ValueError", "Odd"],
        4,
        ["outer", "KeyError('inner')"],
        "clean",
    ]
    assert bodies == ["odd", "group", "exit", "cause", "failed"]


@dataclasses.dataclass(frozen=True, slots=True)
class Price:
    amount: Decimal


@flow
def kept(value: Any) -> Any:
    return {"value": value, "all": (1, {2}, b"3", Price(Decimal("1.10")), float("inf"), {1: 2})}


@flow
def values() -> bool:
    shared = [1]
    first = kept(shared)
    second = kept(shared)
    same = first == second and type(first["all"]) is tuple and first["all"][3] == Price(Decimal("1.10"))
    return same and first["value"] is not shared and first["value"] is not second["value"]


@pytest.mark.parametrize("always_replay", [False, True])
def test_values_are_equal_in_type_and_value(always_replay: bool) -> None:
    assert testing.run(values, always_replay=always_replay).value is True


@flow
def lambda_of() -> Any:
    bodies.append("lambda")
    return {"f": [lambda: 1]}


@flow(retries=3)
def main_of_lambda() -> str:
    try:
        lambda_of()
    except NotRecordable as error:
        return str(error)
    return ""


@pytest.mark.parametrize("always_replay", [False, True])
def test_a_result_that_cannot_be_kept_is_refused_at_once(always_replay: bool) -> None:
    message = testing.run(main_of_lambda, always_replay=always_replay).value
    assert "the result of 'lambda_of'" in message and "['f'][0]" in message
    assert bodies == ["lambda"]


# -- paths --


@flow(key=lambda number: number)
def by_key(number: int) -> int:
    bodies.append(f"key {number}")
    return number


@flow
def keys(twice: bool = False) -> list[Any]:
    with flow.step("a/b #1"):
        first = by_key(1)
    second = double.with_key("x/y")(2)
    third = flow.run("named", sum, [1, 2], key=(1, "2"))
    fourth = flow.run("named", sum, [1, 2])
    if twice:
        by_key(1)
    return [first, second, third, fourth]


def test_paths_of_keys_and_blocks() -> None:
    result = testing.run(keys, always_replay=True)
    assert result.value == [1, 4, 3, 3]
    assert [record[0] for record in result.records] == [
        "keys#0/by_key[1]",
        'keys#0/double["x%2Fy"]',
        'keys#0/named[%5B"$tuple",1,"2"%5D]',
        "keys#0/named#0",
    ]
    assert "keys#0/a%2Fb %231#0" in [span["path"] for span in result.spans]


def test_a_key_twice_fails_the_play() -> None:
    result = testing.run(keys, {"twice": True})
    assert (result.status, result.failure and result.failure["code"]) == ("failed", "duplicate_key")


class Stopped(BaseException):
    """Not an Exception, and yet an outcome."""


@flow
def stops(how: str) -> None:
    bodies.append(how)
    raise {"custom": Stopped("enough"), "generator": GeneratorExit("closed"), "exit": SystemExit(3)}[how]


@flow
def stopped(how: str, caught: bool) -> str:
    if not caught:
        stops(how)
    try:
        stops(how)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


@pytest.mark.parametrize("how", ["custom", "generator", "exit"])
def test_exceptions_that_are_no_exception_are_outcomes(how: str) -> None:
    name = {"custom": "Stopped: enough", "generator": "GeneratorExit: closed", "exit": "SystemExit: 3"}[how]
    result = testing.run(stopped, {"how": how, "caught": True}, always_replay=True)
    assert result.value == name and bodies == [how]
    result = testing.run(stopped, {"how": how, "caught": False})
    assert result.status == "failed"
    assert [span["status"] for span in result.spans] == ["failed", "failed"]


def test_generators_are_refused() -> None:
    with pytest.raises(TypeError, match="generator"):

        @flow
        def one() -> Any:
            yield 1

    with pytest.raises(TypeError, match="generator"):

        @flow
        async def two() -> Any:
            yield 1


@flow
def restless(side: list[int]) -> int:
    return double(len(bodies))


def test_another_input_on_replay_diverges() -> None:
    result = testing.run(restless, {"side": []}, always_replay=True)
    assert result.status == "diverged" and result.failure is not None
    assert set(result.failure) >= {"expected", "actual", "location", "hint", "path"}
    assert result.failure["location"].startswith(__file__)
    assert "key=" in result.failure["hint"]


@flow
def swallowing() -> str:
    bodies.append("run")
    with contextlib.suppress(BaseException):
        double(len(bodies))
    with contextlib.suppress(BaseException):
        double(5)
    return "went on"


def test_divergence_cannot_be_swallowed() -> None:
    result = testing.run(swallowing, always_replay=True)
    assert result.status == "diverged"


@flow
def other_path() -> None:
    bodies.append("run")
    if len(bodies) == 1:
        double(1)
    outer(2)


def test_orphans_are_told() -> None:
    play = testing.Play(other_path)
    assert play.attempt(kill_after=1)
    result = play.advance()
    assert result.status == "succeeded"
    assert [notice["paths"] for notice in result.notices] == [["other_path#0/double#0"]]


def test_a_call_without_a_play_just_runs() -> None:
    assert double(4) == 8
    assert flow.run("any", sum, [1]) == 1


leaked: list[Any] = []


@flow
def leak() -> None:
    import contextvars

    leaked.append(contextvars.copy_context())


@flow
def calls_from_ended_scope() -> None:
    leak()
    leaked.pop().run(double, 1)


def test_a_call_from_an_ended_scope_fails_the_play() -> None:
    result = testing.run(calls_from_ended_scope)
    assert isinstance(result.error, ScopeError)
    assert (result.status, result.failure and result.failure["code"]) == ("failed", "ended_scope")


@flow
def large(size: int) -> str:
    return "x" * size


@flow
def sizes(size: int) -> int:
    return len(large(size))


@pytest.mark.parametrize("process", [False, True])
def test_large_values_travel_as_files(process: bool) -> None:
    result = testing.run(sizes, {"size": 2_000_000}, always_replay=True, process=process)
    assert result.value == 2_000_000
    assert result.records[0][6][1] == 2_000_002


def test_values_over_64_mib_are_refused() -> None:
    result = testing.run(sizes, {"size": 64 << 20})
    assert isinstance(result.error, NotRecordable) and "the result of 'large'" in str(result.error)


@flow(durability="buffered")
def cheap(number: int) -> int:
    bodies.append(f"cheap {number}")
    return number


@flow
def buffered() -> int:
    return sum(cheap(number) for number in range(5)) + double(1)


def test_buffered_calls_are_recorded_too() -> None:
    assert testing.run(buffered, always_replay=True).value == 12
    assert bodies == [*(f"cheap {number}" for number in range(5)), "double 1"]


@flow
def chance() -> list[Any]:
    read = [flow.now().isoformat(), str(flow.uuid()), flow.random()]
    double(1)
    bodies.append(str(read))
    return [*read, flow.play_sid, flow.attempt]


def test_values_without_a_span_are_repeated() -> None:
    result = testing.run(chance, always_replay=True)
    assert len(set(body for body in bodies if body.startswith("["))) == 1
    assert result.value[3:] == ["play_test", 5]


@flow(on_unknown="fail")
def charge() -> str:
    bodies.append("charge")
    return double(1) and "charged"


@flow(on_unknown="ask")
def charge_or_ask() -> str:
    bodies.append("charge")
    return double(1) and "charged"


@flow
def shop(ask: bool) -> str:
    return charge_or_ask() if ask else charge()


def test_an_unknown_outcome_fails_the_play() -> None:
    play = testing.Play(shop, {"ask": False})
    play.attempt(kill_after=1)
    result = play.advance()
    assert (result.status, result.failure and result.failure["code"]) == ("failed", "unknown_outcome")
    assert bodies == ["charge", "double 1"]


def test_an_unknown_outcome_is_asked_about_each_time() -> None:
    play = testing.Play(shop, {"ask": True})
    play.attempt(kill_after=1)
    for number in (1, 2):
        assert play.advance().status == "waiting"
        question = f"outcome_of_try_{number}"
        assert [one.name for one in play.journal.questions if one.status == "open"] == [question]
        play.answer(question, "run again")
        if number == 1:
            play.journal.records.pop("shop#0/charge_or_ask#0/double#0")
            assert play.attempt(kill_after=1)
    result = play.advance()
    assert (result.status, result.value, bodies.count("charge")) == ("succeeded", "charged", 3)


@flow
def to_invoke(number: int = 3) -> int:
    return double(number)


@flow
def invoking() -> list[Any]:
    missing = ""
    try:
        flow.invoke("to_invok")
    except LookupError as error:
        missing = str(error)
    return [flow.invoke("to_invoke", number=2), flow.invoke("to_invoke"), missing]


def test_invoke() -> None:
    result = testing.run(invoking, always_replay=True)
    assert result.value[:2] == [4, 6] and "to_invoke" in result.value[2]
    assert [record[1] for record in result.records] == ["invoke", "flow", "invoke", "flow", "invoke"]


@flow
def blocks() -> None:
    with flow.step("load", rows=3, who=None):
        flow.current_span.tag("color", "red")
        flow.current_span.cost(usd=0.5, tokens_in=3)
        flow.current_span.progress(1, 2)
        flow.current_span.log("hello", level="warning")
        with flow.span("inner"):
            double(1)
    try:
        with flow.step("broken"):
            raise ValueError("no")
    except ValueError:
        pass


def test_blocks_and_their_data() -> None:
    result = testing.run(blocks)
    spans = {span["name"]: span for span in result.spans}
    assert spans["load"]["tags"] == {"rows": 3, "who": None, "color": "red"}
    assert spans["load"]["costs"][0]["usd"] == 0.5 and spans["load"]["progress"] == (1, 2)
    assert spans["double"]["path"] == "blocks#0/load#0/inner#0/double#0"
    assert spans["broken"]["status"] == "failed" and spans["broken"]["error"]["message"] == "no"
    assert [(log["text"], log["level"], log["path"]) for log in result.logs] == [
        ("hello", "warning", "blocks#0/load#0")
    ]


def test_bad_options() -> None:
    for options in ({"retries": -1}, {"timeout": 0}, {"on_unknown": "x"}, {"durability": "x"}, {"backoff": -1}):
        with pytest.raises(ValueError):
            flow(**options)(lambda: 1)


@flow
def wants(count: int) -> int:
    return count


def test_inputs_are_converted() -> None:
    result = testing.run(wants, {"count": "x"})
    assert (result.status, result.failure and result.failure["code"]) == ("failed", "invalid_inputs")
