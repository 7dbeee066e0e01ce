"""The exception tree: what `except Exception` may catch, and the stable codes."""

from __future__ import annotations

import pytest
from conftest import same

from hero_tracing import _errors
from hero_tracing._failures import describe, encode_failure, rebuild

CASES: list[tuple[BaseException, type[BaseException], str]] = [
    (_errors.Failed("no stock"), Exception, "failed"),
    (_errors.Cancelled("by a person"), Exception, "cancelled"),
    (_errors.PauseExpired("which_service"), Exception, "pause_expired"),
    (_errors.ChildFailed("child"), Exception, "child_failed"),
    (_errors.NoSecret("not set"), LookupError, "no_secret"),
    (_errors.InvalidInputs([("/a", "is missing"), ("", "is odd")]), ValueError, "invalid_inputs"),
    (_errors.SchemaError("no form"), TypeError, "invalid_schema"),
    (_errors.NotRecordable("no", path_in_value="[0]", hint="return 1"), TypeError, "not_recordable"),
    (_errors.AttributeNotKept("lock"), TypeError, "attribute_not_kept"),
    (_errors.Timeout("5 s"), TimeoutError, "timeout"),
    (_errors.Diverged("other", expected="a", actual="b", location="f.py:1", path="m#0"), BaseException, "diverged"),
    (_errors.ScopeError("none"), BaseException, "no_scope"),
    (_errors.ScopeError("twice", code="duplicate_key", hint="other key"), BaseException, "duplicate_key"),
    (_errors.ParkSignal(), BaseException, "parked"),
]


@pytest.mark.parametrize(("error", "base", "code"), CASES, ids=lambda case: str(case)[:30])
def test_the_tree(error: BaseException, base: type[BaseException], code: str) -> None:
    assert isinstance(error, base)
    assert isinstance(error, Exception) == (base is not BaseException)
    described = describe(error)
    assert described["code"] == code and described["type"] == type(error).__name__
    assert described["message"] == str(error) and described["traceback"] is None
    back = rebuild(encode_failure(error))
    assert same(back, error) and describe(back) == described


def test_every_class_of_the_module_is_in_the_drawn_tree() -> None:
    classes = [name for name, value in vars(_errors).items() if isinstance(value, type)]
    assert all(f"── {name} " in (_errors.__doc__ or "") for name in classes)
    assert {type(error).__name__ for error, _, _ in CASES} == set(classes)


def test_inputs_are_named_by_pointer() -> None:
    assert str(_errors.InvalidInputs([("/a/0", "is missing"), ("", "is odd")])) == "/a/0 is missing; / is odd"


def test_a_hint_is_described() -> None:
    assert describe(_errors.ScopeError("x", hint="do y"))["hint"] == "do y"
    assert "hint" not in describe(_errors.ScopeError("x"))
