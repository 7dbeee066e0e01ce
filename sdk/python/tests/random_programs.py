"""Random programs for programs.py, what each comes to, and when to kill what while it runs.

`python random_programs.py SEED…` is for the end-to-end tests: for each seed it prints, as a line of JSON, a program
with its kills and answers, and what the same program gives when plain Python runs it straight through.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import re
import sys
import tempfile
from typing import Any

import programs

KINDS = ["all", "all", "branches", "branches", "group", "threads", "switch", "caught", "unsteady", "nested", "block"]
LISTS = ("all", "branches", "group", "threads")


class Generator:
    """Random programs. Labels and names are unique within one."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.number = 0
        self.questions: list[str] = []

    def label(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    def node(self, depth: int, *above: str) -> list[Any]:
        """A program beneath nodes of these kinds."""
        source = self.source
        may_ask = "caught" not in above  # a question beside a failure may or may not be given up
        if depth == 0 or source.random() < 0.15:
            if may_ask and source.random() < 0.12:
                name = self.label("q")
                self.questions.append(name)
                return ["ask", name, source.random() < 0.5]
            return ["step", self.label("s"), source.choice([0.0, 0.0, 0.001, 0.003])]
        kind = source.choice(KINDS)
        if kind in ("threads", "switch") and "caught" in above and ("unsteady" in above or "nested" in above):
            kind = "group"  # a thread would outlive the call that is cancelled, or the try of it
        if kind in LISTS:
            return [kind, [self.node(depth - 1, *above, kind) for _ in range(source.randrange(1, 4))]]
        label = [self.label(source.choice("uw"))] if kind == "unsteady" else []
        below = self.node(depth - 1, *above, kind)
        if kind == "caught":
            return [kind, below, self.label("f"), source.choice([0.0, 0.001, 0.002])]
        return [kind, *label, below]

    def failing(self, node: list[Any], is_async: bool) -> list[Any]:
        """The same program with a failure in it that nobody catches, where only one outcome is right."""
        source, kind = self.source, node[0]
        if kind not in ("step", "ask", "caught") and source.random() < 0.85:
            if kind in LISTS and _is_fair(node, is_async):
                index = source.randrange(len(node[1]))
                child = self.failing(node[1][index], is_async and kind != "threads")
                # What would follow in a sequence does not run: it would be left out of what is expected anyway.
                after = [] if kind == "all" else node[1][index + 1 :]
                return [kind, [*node[1][:index], child, *after]]
            if kind not in LISTS:
                return [*node[:-1], self.failing(node[-1], is_async != (kind == "switch"))]
        return ["all", [node, ["fail", self.label("e"), source.choice([0.0, 0.001, 0.003])]]]


def _is_fair(node: list[Any], is_async: bool) -> bool:
    """Whether a failure in one of these children leaves no doubt about the others."""
    kind, children = node[0], node[1]
    if kind == "all" or len(children) == 1 or (not is_async and kind != "threads"):
        return True  # one after the other, or `flow.map`, which runs all to their end
    if not is_async:
        return not any(_has(child, {"ask"}) for child in children)
    # Cancelled at any moment: no thread may outlive the call that began it, no question be given up.
    return kind != "threads" and not any(_has(child, {"ask", "threads", "switch"}) for child in children)


def _has(node: list[Any], kinds: set[str]) -> bool:
    children = node[1] if node[0] in LISTS else [part for part in node[1:] if isinstance(part, list)]
    return node[0] in kinds or any(_has(child, kinds) for child in children)


# -- what is right --


def expected(node: list[Any]) -> Any:
    """What a program returns, unless it fails."""
    kind, rest = node[0], node[1:]
    if kind == "step":
        return [rest[0]]
    if kind in LISTS:
        return [expected(child) for child in rest[0]]
    if kind in ("switch", "block"):
        return expected(rest[0])
    if kind == "caught":
        return ["caught", rest[1]]
    if kind == "unsteady":
        return ["unsteady", expected(rest[1])]
    if kind == "nested":
        return ["nested", expected(rest[0])]
    return answer_to(rest[0])


def agrees(value: Any, node: list[Any], tokens: dict[str, set[str]]) -> bool:
    """Whether this is what the program comes to, each step with a token that it has made."""
    kind, rest = node[0], node[1:]
    if kind == "step":
        return bool(value[0] == rest[0] and value[1] in tokens[rest[0]])
    if kind in LISTS:
        return len(value) == len(rest[0]) and all(agrees(*pair, tokens) for pair in zip(value, rest[0], strict=True))
    if kind in ("switch", "block"):
        return agrees(value, rest[0], tokens)
    if kind in ("unsteady", "nested"):
        return bool(value[0] == kind and agrees(value[1], rest[-1], tokens))
    return bool(value == expected(node))


def answer_to(name: str) -> str:
    return f"answer of {name}"


def effects(node: list[Any], is_async: bool) -> tuple[set[str], set[str]]:
    """Labels of the steps that run, and of those that may or may not, since something fails beside them."""
    kind, rest = node[0], node[1:]
    if kind in ("step", "fail"):
        return {rest[0]}, set()
    if kind == "ask":
        return set(), set()
    if kind == "caught":
        must, may = effects(rest[0], is_async)
        return ({rest[1]}, must | may) if is_async else (must | {rest[1]}, may)
    if kind not in LISTS:
        return effects(rest[-1], is_async != (kind == "switch"))
    is_cut_short = kind != "all" and (is_async or kind == "threads") and _has(node, {"fail"})
    must, may = set(), set()
    for child in rest[0]:
        musts, mays = effects(child, is_async and kind != "threads")
        is_sure = not is_cut_short or _has(child, {"fail"})
        must |= musts if is_sure else set()
        may |= mays if is_sure else musts | mays
    return must, may


# -- for the end-to-end tests --


class Person(io.StringIO):
    """Sits at the terminal of plain Python, and answers the question that stands there last."""

    def readline(self, size: int | None = -1) -> str:
        return answer_to(re.findall(r"What of (\w+)\?", self.getvalue())[-1]) + "\n"


def straight_through(entry: str, node: list[Any]) -> dict[str, Any]:
    """The outcome of the program in plain Python, tokens left out, and the labels of the steps that ran."""
    before, standard = os.getcwd(), (sys.stdin, sys.stderr)
    person = Person()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        sys.stdin = sys.stderr = person
        try:
            called = getattr(programs, entry)(node)
            value = asyncio.run(called) if entry == "aprogram" else called
            outcome: dict[str, Any] = {"value": without_tokens(value)}
        except Exception as error:
            outcome = {"error": [type(error).__name__, str(error)]}
        finally:
            sys.stdin, sys.stderr = standard
            os.chdir(before)
        return {**outcome, "ran": sorted({line[2] for line in programs.lines() if line[1] == "ran"})}


def without_tokens(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    if len(value) == 2 and isinstance(value[1], str) and re.fullmatch("[0-9a-f]{32}", value[1]):
        return value[:1]
    return [without_tokens(item) for item in value]


def plan(seed: int) -> dict[str, Any]:
    """A program, what it comes to, and how its play is killed and answered on the way."""
    source = random.Random(seed)
    generator = Generator(source)
    node = ["all", [generator.node(source.randrange(2, 5)) for _ in range(source.randrange(1, 4))]]
    entry = source.choice(["program", "aprogram"])
    is_async = entry == "aprogram"
    if source.random() < 0.25:
        node = generator.failing(node, is_async)
    must, may = effects(node, is_async)
    questions = [name for name in generator.questions if f'"{name}"' in json.dumps(node)]
    source.shuffle(questions)
    straight = straight_through(entry, node)
    told = f"seed {seed}: {entry} {node}: {straight}"
    assert must <= set(straight["ran"]) <= must | may, f"{told}: {must} {may}"
    assert "error" in straight or straight["value"] == expected(node), told
    return {
        "seed": seed,
        "entry": entry,
        "node": node,
        "straight": straight,
        "must": sorted(must),
        "may": sorted(may),
        "kills": kills(source),
        # One for each command: the runtime kills a process itself, between a commit and its acknowledgement.
        "failpoints": [source.choice([0, 0, source.randrange(1, 8)]) for _ in range(6)],
        "questions": questions,  # in the order of the answers
        "misheard": [name for name in questions if source.random() < 0.2],  # answered wrongly first
    }


def kills(source: random.Random) -> dict[str, list[Any]]:
    """Behind which line of effects.log whom to kill, and after how many seconds."""
    chosen, line = {}, 0
    for _ in range(source.randrange(1, 6)):
        line += source.randrange(1, 9)
        victim = source.choices(["process", "runtime", "fork server"], [6, 5, 1])[0]
        chosen[str(line)] = [victim, source.choice([0, 0, round(source.uniform(0, 0.004), 6)])]
    return chosen


def main() -> None:
    for seed in sys.argv[1:]:
        print(json.dumps(plan(int(seed))))


if __name__ == "__main__":
    main()
