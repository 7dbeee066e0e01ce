"""Every bundled flow gives what its examples say, killed and replayed after every record, each step body once."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "sdk/python"))

from hero_tracing import testing  # noqa: E402

# Name of the flow, inputs, answers, outputs: the examples of seeds/src/lib.rs.
EXAMPLES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("hello", {}, {}, {"greeting": "Hello, World!"}),
    ("hello", {"name": "Ada"}, {}, {"greeting": "Hello, Ada!"}),
    (
        "approval",
        {"topic": "version 2"},
        {"decision": "publish", "note": "Well done."},
        {
            "title": "News: version 2",
            "decision": "publish",
            "note": "Well done.",
            "link": "https://example.org/news/version-2",
        },
    ),
    (
        "approval",
        {},
        {"decision": "drop", "note": "Too early."},
        {"title": "News: the new release", "decision": "drop", "note": "Too early.", "link": None},
    ),
    (
        "fan_out",
        {},
        {},
        {
            "words": 12,
            "longest": "so it goes round and round",
            "digests": ["b094729d", "de6308a9", "18c16e4d"],
        },
    ),
    ("retry", {}, {}, {"amount": "12.50", "currency": "EUR", "usd": "13.50", "guessed": True}),
    (
        "retry",
        {"amount": "10", "currency": "GBP"},
        {},
        {"amount": "10", "currency": "GBP", "usd": "12.70", "guessed": False},
    ),
]


@pytest.mark.parametrize("always_replay", [False, True], ids=["once", "always_replay"])
@pytest.mark.parametrize(
    ("name", "inputs", "answers", "outputs"), EXAMPLES, ids=[f"{case[0]}-{len(case[1])}" for case in EXAMPLES]
)
def test_example(
    name: str, inputs: dict[str, Any], answers: dict[str, Any], outputs: dict[str, Any], always_replay: bool
) -> None:
    source = (ROOT / f"seeds/flows/{name}.py").read_text()
    result = testing.run_file(f"{name}.py", source, inputs, answers=answers, always_replay=always_replay)
    assert result.status == "succeeded", result.failure
    assert result.value == outputs
    if not always_replay:
        assert result.attempts == 1
        return
    # A kill comes after each record, but side by side two steps may be recorded before it.
    parallel = name == "fan_out"
    assert result.attempts > (1 if parallel else len(result.records)), "each record ended an attempt"
    # Side by side, a step may have begun when its process was killed; one after the other, never.
    if not parallel:
        printed = Counter(
            log["text"] for log in result.logs if log["stream"] == "stdout" and "guessing" not in log["text"]
        )
        assert printed, "step bodies print"
        assert set(printed.values()) == {1}, printed


def test_an_unknown_currency_is_a_clean_failure() -> None:
    source = (ROOT / "seeds/flows/retry.py").read_text()
    result = testing.run_file("retry.py", source, {"currency": "XXX"})
    assert result.status == "failed"
    assert result.failure is not None
    assert result.failure["code"] == "failed"
    assert result.failure["message"] == "no rate for XXX"
