"""The frontier: what earlier attempts recorded, by path and in record order.

A record is a list as it came, `[path, kind, fingerprint, status, text, loop_time, blob]`, decoded only when it is
asked for. Must not know how a call uses it.
"""

from __future__ import annotations

from bisect import bisect_left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, TypeAlias

    Record: TypeAlias = list[Any]

PATH, KIND, FINGERPRINT, STATUS, TEXT, LOOP_TIME, BLOB = range(7)
# Outcomes that a further try does not keep.
FAILURES = frozenset({"failed", "cancelled"})


class Records:
    """What is left to be asked for, and what a further try may ask for again."""

    __slots__ = ("_numbers", "_sorted", "below", "by_path", "kept", "order", "owners", "passed", "started")

    def __init__(self, order: list[Record], started: list[list[Any]]) -> None:
        # Beneath calls that failed: only for a further try of a call above them, which drops those.
        self.below = _beneath_failures(order)
        if self.below:
            order = [record for record in order if record[PATH] not in self.below]
        self.order = order
        self.by_path: dict[str, Record] = {record[0]: record for record in order}
        self.started: dict[str, int] = {path: number for path, number in started}
        self.kept: dict[str, Record] = {}  # outcomes beneath calls with retries, found and made in this attempt
        self.passed: set[str] = set()  # whose turn came before they were asked for
        self.owners: dict[int, Order] = {}  # by place in `order`, where a loop within another took a record over
        self._sorted: list[str] | None = None  # paths, once they are asked for
        self._numbers: dict[str, int] = {}  # place in `order` of each path, along with them

    def take(self, path: str, keep: bool) -> Record | None:
        """The record of this path, which is then no longer outstanding."""
        record = self.by_path.pop(path, None)
        if keep:
            if record is not None:
                self.kept[path] = record
            else:
                record = self.kept.get(path)
        return record

    def peek(self, path: str) -> Record | None:
        """The record of this path, left where it is."""
        record = self.by_path.get(path)
        return self.kept.get(path) if record is None else record

    def keep(self, record: Record) -> None:
        """An outcome of this attempt, which a further try of a call above may ask for."""
        self.kept[record[PATH]] = record

    def is_late(self, record: Record) -> bool:
        """Whether its turn was before: it was passed over, or an earlier try of this attempt had it."""
        return record[PATH] not in self.by_path or record[PATH] in self.passed

    def drop_failed(self, path: str) -> None:
        """A further try begins: what failed beneath it, or was cancelled with that, runs again; the rest answers."""
        beneath = path + "/"
        for records in (self.kept, self.by_path):
            for below in [
                key for key, record in records.items() if record[STATUS] in FAILURES and key.startswith(beneath)
            ]:
                del records[below]
        for finished in [key for key in self.below if key.startswith(beneath)]:
            self.kept[finished] = self.below.pop(finished)  # of a call that failed, and is dropped with this

    def forget_beneath(self, path: str) -> None:
        """The call has its outcome: nobody asks beneath it any more."""
        beneath = path + "/"
        for below in [key for key in self.kept if key.startswith(beneath)]:
            del self.kept[below]

    def forget(self, path: str) -> None:
        """Nobody will ask beneath this branch."""
        for number in self.beneath(path):
            self.by_path.pop(self.order[number][PATH], None)

    def orphans(self) -> list[str]:
        """Paths that were never asked for, in record order."""
        return [record[PATH] for record in self.order if record[PATH] in self.by_path]

    def beneath(self, path: str) -> list[int]:
        """Places in `order` of the records beneath this path, ascending."""
        paths = self._index()
        first, last = bisect_left(paths, path + "/"), bisect_left(paths, path + "0")  # "0" follows "/"
        return sorted(self._numbers[below] for below in paths[first:last])

    def number_of(self, record: Record) -> int | None:
        """The place of a record in `order`; None for one of this attempt."""
        self._index()
        return self._numbers.get(record[PATH])

    def _index(self) -> list[str]:
        if self._sorted is None:
            self._numbers = {record[PATH]: number for number, record in enumerate(self.order)}
            self._sorted = sorted(self._numbers)
        return self._sorted


def _beneath_failures(order: list[Record]) -> dict[str, Record]:
    """By path, the records that lie beneath a call of these that failed or was cancelled."""
    failed = {record[PATH] for record in order if record[STATUS] in FAILURES}
    if not failed:
        return {}
    return {record[PATH]: record for record in order if any(above in failed for above in paths_above(record[PATH]))}


def paths_above(path: str) -> Iterator[str]:
    """The paths of the calls and branches around this one, innermost first."""
    end = path.rfind("/")
    while end > 0:
        yield path[:end]
        end = path.rfind("/", 0, end)


class Order:
    """What one event loop hands over, in record order: the records of the branches that run on it.

    The loop of the entry flow has all; a loop that is run within a branch (`asyncio.run` in a thread) takes over
    those of its own tasks. So loops that run side by side do not wait for each other.
    """

    __slots__ = ("cursor", "numbers", "records")

    def __init__(self, records: Records) -> None:
        self.records = records
        self.numbers: Sequence[int] = ()  # places in `records.order`, ascending
        self.cursor = 0  # in `numbers`, of the first that may not have been taken yet

    def claim_all(self) -> None:
        """All records that no other loop takes over are of this loop."""
        self.numbers, self.cursor = range(len(self.records.order)), 0

    def claim(self, path: str) -> None:
        """The records beneath the branch of this path are of this loop."""
        if self.records.order:
            self._take_over(self.records.beneath(path))

    def adopt(self, record: Record) -> None:
        """This record was asked for on this loop: a key names a call in whatever branch it runs."""
        has_all, owners = isinstance(self.numbers, range), self.records.owners
        if has_all and not owners:
            return
        number = self.records.number_of(record)
        if number is not None and owners.get(number, self if has_all else None) is not self:
            self._take_over([number])

    def _take_over(self, numbers: list[int]) -> None:
        for number in numbers:
            self.records.owners[number] = self
        if not isinstance(self.numbers, range):
            self.numbers = sorted({*self.numbers, *numbers})
        self.cursor = 0

    def head(self) -> Record | None:
        """The first in record order that was neither taken nor passed over."""
        records = self.records
        order, by_path, passed, owners = records.order, records.by_path, records.passed, records.owners
        numbers, cursor = self.numbers, self.cursor
        while cursor < len(numbers):
            number = numbers[cursor]
            record = order[number]
            path = record[PATH]
            if path in by_path and path not in passed and (not owners or owners.get(number, self) is self):
                self.cursor = cursor
                return record
            cursor += 1
        self.cursor = cursor
        return None
