"""The frontier: what earlier attempts recorded, by path and in record order.

A record is a list as it came, `[path, kind, fingerprint, status, text, loop_time, blob]`, decoded only when it is
asked for. Must not know how a call uses it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Record: TypeAlias = list[Any]

PATH, KIND, FINGERPRINT, STATUS, TEXT, LOOP_TIME, BLOB = range(7)


class Records:
    """What is left to be asked for, and what a further try may ask for again."""

    __slots__ = ("by_path", "cursor", "kept", "order", "passed", "started")

    def __init__(self, order: list[Record], started: list[list[Any]]) -> None:
        self.order = order
        self.by_path: dict[str, Record] = {record[0]: record for record in order}
        self.started: dict[str, int] = {path: number for path, number in started}
        self.cursor = 0  # of the first record in order that may not have been taken yet
        self.kept: dict[str, Record] = {}  # outcomes beneath calls with retries, found and made in this attempt
        self.passed: set[str] = set()  # whose turn came before they were asked for

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

    def head(self) -> Record | None:
        """The first in record order that was neither taken nor passed over."""
        order, by_path, passed, cursor = self.order, self.by_path, self.passed, self.cursor
        while cursor < len(order):
            record = order[cursor]
            path = record[PATH]
            if path in by_path and path not in passed:
                self.cursor = cursor
                return record
            cursor += 1
        self.cursor = cursor
        return None

    def is_late(self, record: Record) -> bool:
        """Whether its turn was before: it was passed over, or an earlier try of this attempt had it."""
        return record[PATH] not in self.by_path or record[PATH] in self.passed

    def drop_failed(self, path: str) -> None:
        """A further try begins: what failed beneath it, or was cancelled with that, runs again; the rest answers."""
        beneath = path + "/"
        for records in (self.kept, self.by_path):
            for below in [
                key
                for key, record in records.items()
                if record[STATUS] in {"failed", "cancelled"} and key.startswith(beneath)
            ]:
                del records[below]

    def forget_beneath(self, path: str) -> None:
        """The call has its outcome: nobody asks beneath it any more."""
        beneath = path + "/"
        for below in [key for key in self.kept if key.startswith(beneath)]:
            del self.kept[below]

    def orphans(self) -> list[str]:
        """Paths that were never asked for, in record order."""
        return [record[PATH] for record in self.order if record[PATH] in self.by_path]
