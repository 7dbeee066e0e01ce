"""What is passed to `ask_user` and `flow.current_span` is checked at the call, in a play and outside of one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from hero_tracing import ask_user, flow, testing

span = flow.current_span
unchecked: Any = ask_user

REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: span.progress(None), TypeError, "done must be a number, not NoneType"),  # type: ignore[arg-type]
    (lambda: span.progress(True), TypeError, "done must be a number, not bool"),
    (lambda: span.progress(Decimal(1)), TypeError, "done must be a number, not Decimal"),  # type: ignore[arg-type]
    (lambda: span.progress(1 + 2j), TypeError, "done must be a number, not complex"),  # type: ignore[arg-type]
    (lambda: span.progress(10**400), ValueError, "done must be finite, not an integer beyond a float"),
    (lambda: span.progress(1, 10**5000), ValueError, "total must be finite"),
    (lambda: span.progress(float("nan")), ValueError, "done must be finite, not nan"),
    (lambda: span.cost(tokens_in=1.7), TypeError, "tokens_in must be a whole number, not float"),  # type: ignore[arg-type]
    (lambda: span.cost(tokens_out=True), TypeError, "tokens_out must be a whole number, not bool"),
    (lambda: span.cost(usd="1"), TypeError, "usd must be a number, not str"),  # type: ignore[arg-type]
    (lambda: span.cost(usd=-1), ValueError, r"usd must be 0 or more and less than 2\*\*63, not -1"),
    (lambda: span.cost(usd=1e308), ValueError, r"usd must be 0 or more and less than 2\*\*63, not 1e"),
    (lambda: span.cost(tokens_in=2**64 - 1), ValueError, r"tokens_in must be 0 or more and less than 2\*\*63, not 184"),
    (lambda: span.cost(tokens_in=10**5000), ValueError, "tokens_in must be .* not an integer beyond a float"),
    (lambda: ask_user.number("N?", default="abc"), ValueError, "the default .* must be a number"),
    (lambda: ask_user.number("N?", minimum=3, maximum=1), ValueError, "minimum=3 is more than maximum=1"),
    (lambda: ask_user.number("N?", minimum=3, default=1), ValueError, "default .* must be at least 3"),
    (lambda: ask_user.number("N?", integer=True, default=1.5), ValueError, "default .* must be a whole number"),
    (lambda: ask_user.number("N?", integer=True, minimum=0.1, maximum=0.9), ValueError, "no whole number"),
    (lambda: unchecked.number("N?", minimum="1"), TypeError, "minimum must be a finite number, not '1'"),
    (lambda: ask_user.number("N?", maximum=float("inf")), TypeError, "maximum must be a finite number"),
    (lambda: ask_user.text("T?", min_length=3, default="ab"), ValueError, "default .* at least 3 characters"),
    (lambda: ask_user.text("T?", min_length=3, max_length=2), ValueError, "min_length=3 is more than max_length=2"),
    (lambda: ask_user.text("T?", min_length=-1), ValueError, "minLength must be a whole number"),
    (lambda: ask_user.text("T?", pattern="(a"), ValueError, "no regular expression: missing"),
    (lambda: ask_user.text("T?", pattern=r"(?!a)b"), ValueError, "looks around or back"),
    (lambda: ask_user.text("T?", pattern="^a+$", default="b"), ValueError, "default .* must match"),
    (lambda: ask_user.choice("C?", ["a", "b"], default="c"), ValueError, 'default .* must be one of "a", "b"'),
    (lambda: ask_user.choice("C?", [1, 2], default=True), ValueError, "default .* must be one of 1, 2"),
    (lambda: ask_user.choice("C?", ["x" * 3000, "x" * 3000]), ValueError, "the same option stands twice"),
    (lambda: unchecked.choice("C?", [{1, 2}]), TypeError, "options of a question must be plain JSON"),
    (lambda: ask_user.multi_choice("M?", ["a"], minimum=5), ValueError, "minimum=5 cannot be chosen from 1 options"),
    (lambda: ask_user.multi_choice("M?", ["a", "b"], minimum=2, maximum=1), ValueError, "minimum=2 is more than"),
    (lambda: ask_user.multi_choice("M?", ["a"], default=["b"]), ValueError, 'default .* must be one of "a"'),
    (lambda: ask_user.multi_choice("M?", ["a", "b"], default=["a", "a"]), ValueError, "must not hold an item twice"),
    (lambda: ask_user.confirm("S?", default="yes"), ValueError, "default .* must be true or false"),
    (lambda: unchecked.confirm("S?", name=5), TypeError, "the name of a question must be text"),
    (lambda: unchecked.confirm("S?", timeout=True), ValueError, "timeout must be seconds"),
    (lambda: flow.pause("p", schema={"type": "strin"}), ValueError, "no type of JSON Schema; did you mean 'string'"),
    (lambda: flow.pause("p", question=5), TypeError, "question must be text, not int"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "error", "text"), REFUSED)
def test_what_is_refused(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()

    @flow
    def main() -> str:
        try:
            call()
        except error as refused:
            return str(refused)
        return ""

    result = testing.run(main)
    assert result.status == "succeeded" and result.value and not result.pauses


def test_what_is_taken() -> None:
    @flow
    def main() -> list[Any]:
        span.progress(1, 2.5)
        span.progress(-1)
        span.cost(usd=1, tokens_in=2)
        return [
            ask_user.choice("a", ["x" * 2500 + "1", "x" * 2500 + "2"], default="x" * 2500 + "2"),
            ask_user.number("b", minimum=1, maximum=1, integer=True, default=1.0),
            ask_user.multi_choice("c", [1, 2], minimum=2, maximum=9, default=[2, 1]),
            ask_user.text("d", pattern=r"^[(?=]\(?!?", default="(("),
            ask_user.confirm("e", timeout=5, default=None),
            flow.pause("f", schema={"type": "integer"}, default="none"),
        ]

    answers = {"a": "x" * 2500 + "1", "b": 1, "c": [1, 2], "d": "((", "e": True, "f": 6}
    result = testing.run(main, answers=answers)
    assert result.value == list(answers.values()), result.failure
    assert result.spans[0]["progress"] == (-1, None)
