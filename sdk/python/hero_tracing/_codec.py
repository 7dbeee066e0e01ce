"""Values as text: what a step gave, written so that a replay gives it again, equal in type and value.

The text is compact JSON. What JSON has no word for is an array that begins with a tag,
`["$tuple",1,2]`; a list whose own first item looks like a tag becomes `["$list",…]`. So a tag costs no
level of nesting, and a text without `"$` holds no tag at all. Sets are written in one order whatever their
hash seed. Aliasing is not kept. Types of the standard library stand in `_codec_types`, which is loaded
when the first of them turns up; exceptions in `_failures`.

Must not know records, spans or the wire.
"""

from __future__ import annotations

from . import _classes
from ._blobs import BLOB_BYTES_MAX
from ._codec_plain import DEPTH_MAX, INTEGER_MAX, is_plain, looks_like_tag
from ._errors import NotRecordable
from ._json import read_json, write_json, write_sorted_json
from ._projection import plain, preview

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = [
    "DEPTH_MAX",
    "FLOW_MODULE",
    "Encoder",
    "Refusal",
    "decode",
    "encode",
    "encode_plain_json",
    "is_plain",
    "key_text",
    "plain",
    "preview",
]

# The user's file is always loaded under this module name, so that its classes are found again.
FLOW_MODULE = "hero_flow_main"

# A container has three bytes of text at least, with its comma. Where containers hold one many times, the text would be
# longer than memory before it could be refused for its length.
CONTAINERS_MAX = BLOB_BYTES_MAX // 3


def encode(value: object, what: str = "") -> str:
    """`value` as canonical text. `what` is a noun phrase for messages: "the result of 'fetch'".

    Raises NotRecordable where a replay could not give the value back, with the place in the value.
    """
    if is_plain(value):
        try:
            text = write_json(value)
            if not text.isascii():
                text.encode()  # fails on a lone surrogate
            return text
        except ValueError:
            pass  # nan, inf or a lone surrogate: they need a tag
    try:
        return write_json(Encoder().walk(value, 0))
    except Refusal as refusal:
        raise refusal.explained(what or "the value") from None


def decode(text: str) -> Any:
    """The value that `encode` wrote, as a fresh copy. Raises ValueError on a text it did not write."""
    value = read_json(text)
    return untag(value) if '"$' in text else value


def encode_plain_json(text: str) -> Any:
    """The value of a text in plain JSON: what looks like a tag in it is data."""
    return read_json(text)


def key_text(key: object) -> str:
    """A `key=` as canonical JSON, in which 1 is not "1". NotRecordable if it cannot be written."""
    try:
        return write_sorted_json(Encoder().walk(key, 0))
    except Refusal as refusal:
        raise refusal.explained("the key", "key") from None


class Refusal(Exception):
    """The walk met something that cannot be written. Gathers, on its way up, where that is."""

    def __init__(self, problem: str, hint: str) -> None:
        self.problem = problem
        self.hint = hint
        self.steps: list[str] = []  # innermost first
        self.containers: list[object] = []

    def within(self, container: object, step: str) -> Refusal:
        self.containers.append(container)
        self.steps.append(step)
        return self

    def explained(self, what: str, name: str = "value") -> NotRecordable:
        """The error that the user sees, about `what`; `name` begins the path in messages."""
        steps = self.steps[::-1]
        seen: set[int] = set()
        for index, container in enumerate(reversed(self.containers)):
            if id(container) in seen:
                steps = steps[:index]
                self.problem = "contains itself"
                self.hint = "return a value without cycles"
                break
            seen.add(id(container))
        path = "".join(steps)
        message = f"cannot record {what}: {name}{path} {self.problem}; {self.hint}"
        return NotRecordable(message, path_in_value=path, hint=self.hint)


class Encoder:
    """One walk over a value, which gives the JSON structure of its text.

    A lenient one (`_fingerprint`) goes on where this one refuses a value.
    """

    __slots__ = ("failures", "left")

    lenient = False

    def __init__(self, containers_max: int = CONTAINERS_MAX) -> None:
        self.left = containers_max
        self.failures: Any = None  # the open table of exceptions, see _failures

    def walk(self, value: Any, depth: int) -> Any:
        """`value` as it stands within `depth` levels. Raises Refusal."""
        kind = type(value)
        if kind is str:
            return value if _is_well_formed(value) else ["$str", _surrogate_hex(value)]
        if kind is int:
            return value if -INTEGER_MAX <= value <= INTEGER_MAX else ["$int", hex(value)]
        if kind is float:
            # nan is the only value that is not itself, and inf - inf is nan
            return value if value - value == 0 else ["$float", repr(value)]
        if value is None or kind is bool:
            return value
        if depth >= DEPTH_MAX:
            return self.exceeded(value, f"is nested deeper than {DEPTH_MAX} levels", "return a flatter value")
        self.left -= 1
        if self.left < 0:
            return self.exceeded(value, "comes after more than a text of 64 MiB can hold", "return less")
        handler = HANDLERS.get(kind) or _find_handler(kind)
        if handler is None:
            from ._codec_types import advice

            return self.refuse(value, *advice(kind))
        return handler(self, value, depth + 1)

    def refuse(self, value: object, problem: str, hint: str) -> Any:
        """What is written for a value that cannot be kept, if anything."""
        raise Refusal(problem, hint)

    def exceeded(self, value: object, problem: str, hint: str) -> Any:
        """The same for one that is too deep within others, or comes after too many."""
        return self.refuse(value, problem, hint)

    def items(self, container: object, values: Iterable[Any], depth: int) -> list[Any]:
        """Each of `values`, in order."""
        nodes: list[Any] = []
        try:
            for value in values:
                nodes.append(self.walk(value, depth))
        except Refusal as refusal:
            raise refusal.within(container, f"[{len(nodes)}]") from None
        return nodes

    def pairs(self, mapping: dict[Any, Any], depth: int) -> list[Any]:
        """Keys and values in turn, in the order of the mapping."""
        nodes: list[Any] = []
        for key, value in mapping.items():
            try:
                nodes.append(self.walk(key, depth))
            except Refusal as refusal:
                raise refusal.within(mapping, f".keys()[{len(nodes) // 2}]") from None
            try:
                nodes.append(self.walk(value, depth))
            except Refusal as refusal:
                raise refusal.within(mapping, f"[{_short(key)}]") from None
        return nodes

    def fields(self, instance: object, held: dict[str, Any], depth: int) -> list[Any]:
        """Names and values in turn of what an instance holds."""
        nodes: list[Any] = []
        for name, value in held.items():
            try:
                nodes += (self.walk(name, depth), self.walk(value, depth))
            except Refusal as refusal:
                raise refusal.within(instance, f".{name}") from None
        return nodes

    def members(self, values: Iterable[Any], container: object, depth: int) -> list[Any]:
        """The members of a set, in the order of their texts, which no hash seed changes."""
        nodes: list[Any] = []
        for value in values:
            try:
                nodes.append(self.walk(value, depth))
            except Refusal as refusal:
                raise refusal.within(container, f"{{{_short(value)}}}") from None
        nodes.sort(key=write_json)
        return nodes


def _list(encoder: Encoder, value: list[Any], depth: int) -> list[Any]:
    nodes = encoder.items(value, value, depth)
    return ["$list", *nodes] if nodes and looks_like_tag(nodes[0]) else nodes


def _dict(encoder: Encoder, value: dict[Any, Any], depth: int) -> Any:
    for key in value:
        if type(key) is not str or not _is_well_formed(key):
            return ["$dict", *encoder.pairs(value, depth)]
    nodes: dict[str, Any] = {}
    key = ""
    try:
        for key, item in value.items():
            nodes[key] = encoder.walk(item, depth)
    except Refusal as refusal:
        raise refusal.within(value, f"[{_short(key)}]") from None
    return nodes


def _tuple(encoder: Encoder, value: tuple[Any, ...], depth: int) -> list[Any]:
    return ["$tuple", *encoder.items(value, value, depth)]


def _set(encoder: Encoder, value: set[Any], depth: int) -> list[Any]:
    return ["$set", *encoder.members(value, value, depth)]


def _frozenset(encoder: Encoder, value: frozenset[Any], depth: int) -> list[Any]:
    return ["$frozenset", *encoder.members(value, value, depth)]


def _bytes(_encoder: Encoder, value: bytes, _depth: int) -> list[Any]:
    return ["$bytes", _base64(value)]


def _bytearray(_encoder: Encoder, value: bytearray, _depth: int) -> list[Any]:
    return ["$bytearray", _base64(value)]


def _complex(encoder: Encoder, value: complex, depth: int) -> list[Any]:
    return ["$complex", encoder.walk(value.real, depth), encoder.walk(value.imag, depth)]


def _range(encoder: Encoder, value: range, depth: int) -> list[Any]:
    return ["$range", *(encoder.walk(part, depth) for part in (value.start, value.stop, value.step))]


# By exact type. `_codec_types.find` adds the others as they turn up; None marks a type that is refused.
HANDLERS: dict[type, Callable[[Encoder, Any, int], Any] | None] = {
    list: _list,
    dict: _dict,
    tuple: _tuple,
    set: _set,
    frozenset: _frozenset,
    bytes: _bytes,
    bytearray: _bytearray,
    complex: _complex,
    range: _range,
}
UNTAGGERS: dict[str, Callable[[list[Any]], Any]] = {
    "$list": lambda items: items,
    "$dict": lambda items: dict(zip(items[::2], items[1::2], strict=True)),
    "$tuple": tuple,
    "$set": set,
    "$frozenset": frozenset,
    "$bytes": lambda items: _unbase64(items[0]),
    "$bytearray": lambda items: bytearray(_unbase64(items[0])),
    "$complex": lambda items: complex(*items),
    "$range": lambda items: range(*items),
    "$str": lambda items: bytes.fromhex(items[0]).decode("utf-8", "surrogatepass"),
    "$int": lambda items: int(items[0], 16),
    "$float": lambda items: float(items[0]),
}


def untag(node: Any, failures: Any = None) -> Any:
    """The value of a JSON structure with tags in it. `failures` is the open table of exceptions, if any."""
    kind = type(node)
    if kind is dict:
        for key, item in node.items():
            if type(item) is list or type(item) is dict:
                node[key] = untag(item, failures)
        return node
    if kind is not list:
        return node
    tag = node[0] if node and looks_like_tag(node[0]) else None
    if tag == "$exception" or tag == "$link":
        from . import _failures

        return _failures.untag(node, failures)
    items = [untag(item, failures) if type(item) is list or type(item) is dict else item for item in node]
    if tag is None:
        return items
    untagger = UNTAGGERS.get(tag)
    if untagger is None:
        from . import _codec_types

        untagger = _codec_types.UNTAGGERS.get(tag)
        if untagger is None:
            raise ValueError(f"the recorded value has an unknown tag {tag!r}")
    del items[0]
    return untagger(items)


def _find_handler(kind: type) -> Callable[[Encoder, Any, int], Any] | None:
    if kind in HANDLERS:
        return None  # looked for before
    from . import _codec_types

    return _codec_types.find(kind)


def _is_well_formed(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _surrogate_hex(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").hex()


def _base64(data: bytes | bytearray) -> str:
    from binascii import b2a_base64

    return b2a_base64(data, newline=False).decode()


def _unbase64(text: str) -> bytes:
    from binascii import a2b_base64

    return a2b_base64(text)


def _short(value: object) -> str:
    """A key or member as it is named in a path."""
    is_small = type(value) in {str, float, bool, bytes} or (type(value) is int and is_plain(value))
    text = repr(value) if is_small else _classes.title(type(value))
    return text if len(text) <= 60 else text[:59] + "…"
