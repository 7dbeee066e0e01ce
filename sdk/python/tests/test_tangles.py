"""Arguments that hold each other, or one value many times: any call has a fingerprint, the same on every attempt."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from hero_tracing import _fingerprint, flow, testing
from hero_tracing._codec import encode
from hero_tracing._codec_plain import left_by
from hero_tracing._errors import NotRecordable
from hero_tracing._fingerprint import Careful, Lenient, digest, fingerprint
from hero_tracing._json import write_json
from hero_tracing._state import state_of


@pytest.fixture(autouse=True)
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million values take a second."""
    monkeypatch.setattr(_fingerprint, "VALUES_MAX", 50_000)


@dataclass
class Node:
    name: str
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)


def tree(width: int = 3, name: str = "leaf") -> Node:
    root = Node("root")
    root.children = [Node(f"{name} {index}", root) for index in range(width)]
    return root


def ring() -> list[Any]:
    itself: list[Any] = []
    itself += [itself, itself]
    return itself


def crowd(size: int = 30) -> list[list[Any]]:
    """Each holds all, so that there are more ways through them than time."""
    lists: list[list[Any]] = [[] for _ in range(size)]
    for one in lists:
        one += lists
    return lists


def doubled(levels: int = 50, last: object = 1) -> tuple[Any, ...]:
    value: tuple[Any, ...] = (last,)
    for _ in range(levels):
        value = (value, value)
    return value


def doubled_in_sets(levels: int = 25) -> frozenset[Any]:
    value: frozenset[Any] = frozenset({1})
    for _ in range(levels):
        value = frozenset({(value, 1), (value, 2)})
    return value


class Own:
    def __init__(self) -> None:
        self.me = [self, self]
        self.many = [self.me] * 3


@pytest.mark.parametrize("make", [tree, ring, crowd, doubled, doubled_in_sets, Own])
def test_every_argument_has_a_fingerprint_and_a_state(make: Callable[[], Any]) -> None:
    assert fingerprint((make(),), {}) == fingerprint((make(),), {})
    assert state_of([make()]) == state_of([make()])


def test_what_is_within_a_cycle_counts() -> None:
    assert fingerprint((tree(),), {}) != fingerprint((tree(name="other"),), {})
    assert fingerprint((tree(3),), {}) != fingerprint((tree(4),), {})
    assert fingerprint((ring(),), {}) != fingerprint(([ring(), ring()],), {})


def test_what_is_held_twice_counts_twice() -> None:
    held = (1, 2)
    assert fingerprint(([held, held],), {}) == fingerprint(([(1, 2), (2, 1)[::-1]],), {})


def test_a_careful_walk_writes_what_a_quick_one_does() -> None:
    values = [doubled(5), doubled_in_sets(3), {"a": {1: b"x"}}, {frozenset({(1, 2)}), 3}, Node("n"), object(), 2**70]
    assert write_json(Careful().walk(values, 0)) == write_json(Lenient().walk(values, 0))


SEEDED = """
import random
from dataclasses import dataclass
from hero_tracing import _fingerprint

class Plain: pass

@dataclass(frozen=True)
class Member:
    name: str
    held: object

_fingerprint.VALUES_MAX = 50_000
held = [object() for _ in range(random.randrange(1000))]  # so that addresses differ
value = ("last",)
members = set()
for level in range(25):
    value = (value, value)
    members.add(Member(str(level), value))
    members.add(Member(str(level), Plain()))
print(_fingerprint.fingerprint((members, frozenset(members)), {}))
"""


def test_the_limit_knows_no_order_of_sets() -> None:
    seen = set()
    for seed in "123":
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        seen.add(subprocess.check_output([sys.executable, "-c", SEEDED], env=environment, text=True))
    assert len(seen) == 1


def test_lists_that_hold_one_list_many_times_are_not_plain() -> None:
    value: list[Any] = [1]
    for _ in range(50):
        value = [value, value]
    assert left_by([[1, 2], {"a": [3]}], 10) == 4
    assert left_by(value, 1000) < 0


def test_plain_arguments_count_to_the_last() -> None:
    rows = [[index] for index in range(400_000)]
    before = digest([rows, rows, rows], Lenient, Careful)
    rows[-1] = [0]
    assert digest([rows, rows, rows], Lenient, Careful) != before


@flow
def count(node: Node, numbers: list[Any]) -> int:
    return len(node.children) + len(numbers)


@flow
async def count_later(node: Node, numbers: list[Any]) -> int:
    return len(node.children) + len(numbers)


@flow
def rename(node: Node) -> None:
    node.children[0].parent = None


@flow
async def counting() -> list[int]:
    return [count(tree(), ring()), await count_later(tree(), ring()), count(tree(), [doubled()])]


def test_steps_take_them() -> None:
    assert testing.run(counting, always_replay=True).value == [5, 5, 4]


@flow
def renaming() -> None:
    rename(tree())


def test_a_change_within_a_cycle_is_seen() -> None:
    assert "changed one of its arguments" in str(testing.run(renaming).error)


def test_as_a_result_they_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotRecordable, match="contains itself"):
        encode(tree())
    with pytest.raises(NotRecordable, match="contains itself"):
        encode(ring())
    monkeypatch.setattr("hero_tracing._codec.Encoder.__init__.__defaults__", (1000,))
    with pytest.raises(NotRecordable, match="more than a text of 64 MiB can hold"):
        encode(doubled())
