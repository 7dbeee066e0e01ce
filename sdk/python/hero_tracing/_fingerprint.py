"""The fingerprint of a call's arguments, by which a replay sees that it asks for the same call.

Whatever is passed has one, the same on every attempt: it knows no addresses and no order of a set. Where arguments
hold each other, or one value many times, the first million values count; those beyond, by their types only.

Must not know the function: arguments count as they were passed, without binding to a signature.
"""

from __future__ import annotations

from . import _classes
from ._codec import Encoder
from ._codec_plain import left_by
from ._json import write_json

try:
    from _blake2 import blake2b  # hashlib, which gives the same function, loads OpenSSL first
except ImportError:
    from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# Containers and objects that a quick walk goes through: more than that is worth a careful one, which takes longer.
_QUICK_MAX = 10_000

# Values that a careful walk goes through, in about a second; containers count twice. A few objects that hold each other
# can be reached in more ways than there is time.
VALUES_MAX = 1_000_000


def fingerprint(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """16 hex digits (BLAKE2b, 64 bits) over the canonical text of the arguments.

    The order of `kwargs` does not matter. What cannot be recorded counts as the name of its type,
    also within containers; what contains itself, as a cycle.
    """
    arguments: list[Any] = [list(args)]
    if kwargs:
        arguments.append(dict(sorted(kwargs.items())) if len(kwargs) > 1 else kwargs)
    return digest(arguments, Lenient, Careful)


def digest(value: list[Any], quick: type[Lenient], careful: type[Careful]) -> str:
    """16 hex digits of a value's canonical text, by these walks where the value is not plain JSON."""
    if left_by(value) >= 0:
        try:
            return blake2b(write_json(value).encode(), digest_size=8).hexdigest()
        except ValueError:
            pass  # nan, inf or a lone surrogate: they need a tag
    try:
        node = quick().walk(value, 0)
    except Exceeded:
        node = careful().walk(value, 0)
    return blake2b(write_json(node).encode(), digest_size=8).hexdigest()


class Exceeded(Exception):
    """A quick walk has come to its limits."""


class Lenient(Encoder):
    """A quick walk that writes what cannot be kept as the name of its type."""

    __slots__ = ("open",)

    lenient = True

    def __init__(self, containers_max: int = _QUICK_MAX) -> None:
        super().__init__(containers_max)

    def refuse(self, value: object, problem: str, hint: str) -> Any:
        return ["$type", _classes.title(type(value))]

    def exceeded(self, value: object, problem: str, hint: str) -> Any:
        raise Exceeded


class Careful(Lenient):
    """The same for any value, with the same text up to its limits."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(VALUES_MAX)
        self.open: dict[int, int] = {}  # how deep those around a value are, by id

    def walk(self, value: Any, depth: int) -> Any:
        self.left -= 1
        if id(value) in self.open:
            return ["$cycle", self.open[id(value)]]
        self.open[id(value)] = depth
        try:
            return super().walk(value, depth)
        finally:
            del self.open[id(value)]

    exceeded = Encoder.exceeded

    def members(self, values: Iterable[Any], container: Any, depth: int) -> list[Any]:
        """Each member gets an equal share of what is left, so that it does not matter which one comes first."""
        left = self.left
        share = left // max(len(container), 1)
        nodes = []
        for value in values:
            self.left = share
            nodes.append(self.walk(value, depth))
            left -= share - self.left
        self.left = left
        nodes.sort(key=write_json)
        return nodes
