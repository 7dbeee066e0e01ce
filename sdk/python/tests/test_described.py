"""Files that do odd things while they are imported and described: each is an error by name, with its place."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from test_session import HEADER, describe, start

from hero_tracing import testing

MAIN = "@flow\ndef main(): ...\n"
STEP = "@flow\ndef step(): ...\n"

CALLS = {
    "a step": ("step()\n", "step was called outside of the flow"),
    "with a key": ("step.with_key(1)()\n", "step was called outside of the flow"),
    "a question": ("ask_user.text('Who?')\n", "the pause 'who' was called outside of the flow"),
    "a block": ("with flow.step('load'): ...\n", "the step 'load' was called outside of the flow"),
    "a value": ("flow.now()\n", "flow.now was called outside of the flow"),
}


@pytest.mark.parametrize("which", CALLS)
def test_a_call_at_import_is_named_with_its_line(which: str, tmp_path: Any) -> None:
    call, message = CALLS[which]
    source = HEADER + STEP + MAIN + call
    error = describe(source)["error"]
    assert (error["code"], error["message"], error["location"]) == ("no_scope", message, "my.py:6")
    assert "not at import" in error["hint"] and "traceback" not in error
    process = start(source.removeprefix(HEADER), tmp_path)
    assert process.until("done")["error"].items() >= {"code": "no_scope", "location": "my.py:6"}.items()
    assert process.exit_code() == 0


def test_a_call_at_import_cannot_be_swallowed() -> None:
    error = describe(f"{HEADER}{STEP}{MAIN}try: step()\nexcept BaseException: ...\n")["error"]
    assert (error["code"], error["message"]) == ("no_scope", "step was called outside of the flow")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("raise KeyboardInterrupt", ""),
        ("raise GeneratorExit('gone')", "gone"),
        ("raise SystemExit(3)", "3"),
        ("def deep(): deep()\ndeep()", "recursion"),
    ],
)
def test_whatever_ends_an_import_is_told(line: str, message: str) -> None:
    error = describe(f"{HEADER}{MAIN}{line}\n")["error"]
    assert error["code"] == "import_failed" and message in error["message"]
    assert error["location"].startswith("my.py:") and error["hint"]


def test_the_place_of_a_failure_is_the_line_of_the_file() -> None:
    error = describe(f"{HEADER}import json\njson.loads('[')\n")["error"]
    assert error["location"] == "my.py:3" and "json/decoder.py" in error["traceback"]


@pytest.mark.parametrize("helper", ["", "@flow\ndef helper(): ...\n"])
def test_types_that_fail_when_they_are_read_are_told(helper: str) -> None:
    source = (
        "class Meta(type):\n    def __instancecheck__(cls, other): return True\n"
        "    @property\n    def __dataclass_fields__(cls): raise LookupError('not ready')\n"
        "class Odd(metaclass=Meta): ...\n"
    )
    error = describe(f"{HEADER}{source}{helper}@flow\ndef main(it: Odd): ...\n")["error"]
    assert error["code"] == "bad_schema"
    assert error["message"] == "the types of main cannot be read: LookupError: not ready"


if sys.version_info >= (3, 12):  # from there on there is `type X = …`

    def test_a_recursive_alias_is_a_definition() -> None:
        json = "type Json = dict[str, Json] | list[Json] | str | int | None\n"
        frame = describe(f"{HEADER}{json}@flow\ndef main(it: Json) -> Json: ...\n")
        inputs = frame["flows"][0]["inputs"]
        assert inputs["properties"]["it"] == {"$ref": "#/$defs/Json"}
        assert inputs["$defs"]["Json"]["anyOf"][1] == {"type": "array", "items": {"$ref": "#/$defs/Json"}}
        assert frame["flows"][0]["outputs"]["$ref"] == "#/$defs/Json"
        given = {"a": [1, "b", {"c": None}]}
        source = f"{HEADER}{json}@flow\ndef main(it: Json) -> Json:\n    return it\n"
        assert testing.run_file("my.py", source, {"it": given}).value == given
        failure = testing.run_file("my.py", source, {"it": {"a": [1.5]}}).failure
        assert failure is not None and failure["message"].startswith("/it/a/0 must be")

    @pytest.mark.parametrize("alias", ["type A = A", "type A = int | A", "type B = A | int\ntype A = B"])
    def test_an_alias_that_is_only_itself_is_refused(alias: str) -> None:
        error = describe(f"{HEADER}{alias}\n@flow\ndef main(it: A): ...\n")["error"]
        assert error["code"] == "bad_schema" and "which is defined as itself" in error["message"]


def test_a_flow_that_a_decorator_hides_is_not_passed_over() -> None:
    source = f"{HEADER}{STEP}def hide(f): return lambda: f()\n@hide\n{MAIN}"
    error = describe(source)["error"]
    assert error["code"] == "hidden_flow" and "functools.wraps" in error["hint"]
