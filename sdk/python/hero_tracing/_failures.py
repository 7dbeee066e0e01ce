"""Exceptions as text, and back without running any code of theirs.

A failure is a table: the exception, then those it refers to (cause, members of a group, exceptions among
its arguments and attributes), each once and by number, so that a chain or a cycle adds no depth. An
exception is made again from its builtin base and its arguments; what its `__init__` added comes back from
its attributes. `__context__` is not kept: raising sets it anew.

The frames of the flow's own code travel along in `__hero_frames__`, so that the traceback of an outer
failure shows where the inner one arose, live and on replay.

Must not know records, spans or the wire.
"""

from __future__ import annotations

from . import _classes
from ._codec import DEPTH_MAX, Encoder, Refusal
from ._codec import untag as untag_node
from ._errors import AttributeNotKept
from ._failure_report import FRAMES_ATTRIBUTE, cut, describe, message_of, own_frames, well_formed
from ._json import read_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

__all__ = ["StandIn", "describe", "encode_failure", "rebuild", "tagged", "untag"]

# A chain of causes or a group beyond this is cut, with a note. A TaskGroup of 1,000 tasks is real.
EXCEPTIONS_MAX = 10_000

# An attribute may drag a whole response or the object itself along; beyond this it is a stand-in.
ATTRIBUTE_CHARS_MAX = 1 << 20

# What a stand-in keeps of the looks of its original.
LOOKS_CHARS_MAX = 1_000


def encode_failure(exc: BaseException) -> str:
    """The failure as text. Never refuses: what cannot be kept becomes a stand-in, a base or a note."""
    return write_json(_table(Encoder(), exc, 1))


def rebuild(text: str) -> BaseException:
    """The exception of a failure's text: equal each time, never the live one.

    Raise it outside an `except` block, else it gets a `__context__` that a replay lacks.
    """
    return _Reader(read_json(text)).first()


def tagged(encoder: Encoder, exc: BaseException, depth: int) -> list[Any]:
    """An exception within a value: a table of its own, or a link into the table that is being written."""
    if encoder.failures is None:
        if depth + 4 >= DEPTH_MAX:
            refused: list[Any] = encoder.refuse(
                exc, f"is nested deeper than {DEPTH_MAX - 5} levels", "return a flatter value"
            )
            return refused
        return ["$exception", *_table(encoder, exc, depth)]
    index = encoder.failures.link(exc)
    if index is None:
        raise Refusal("is one exception too many", "keep fewer of them")
    return ["$link", index]


def untag(node: list[Any], reader: _Reader | None) -> BaseException | StandIn:
    """The exception of a node that `tagged` wrote."""
    if node[0] == "$exception":
        return _Reader(node[1:]).first()
    if reader is None:
        raise ValueError("the recorded value has a link outside of an exception")
    return reader.linked(node[1])


def _refuse_use(stand_in: Any, *_args: object, **_kwargs: object) -> NoReturn:
    name, kind = StandIn._hero_lost.__get__(stand_in)[:2]  # type: ignore[attr-defined]
    raise AttributeNotKept(
        f"{name} of this exception was {_classes.article(kind)}, which cannot be recorded; "
        "keep what is needed of it as text or numbers in the exception"
    )


class StandIn:
    """Stands for an attribute of an exception that could not be recorded, live as well as on replay.

    It looks as its original did (`str`, `repr`), so that messages stay whole; any other use of it raises
    AttributeNotKept.
    """

    __slots__ = ("_hero_lost",)
    __class__ = property(_refuse_use)  # isinstance() asks for it

    def __init__(self, name: str, kind: str, text: str, representation: str) -> None:
        object.__setattr__(self, "_hero_lost", (name, kind, text, representation))

    def __str__(self) -> str:
        return self._hero_lost[2]  # type: ignore[no-any-return, attr-defined]

    def __repr__(self) -> str:
        return self._hero_lost[3]  # type: ignore[no-any-return, attr-defined]


for _name in (  # noqa: SIM905 - seventy quoted names would not read better
    "getattr setattr delattr eq ne lt le gt ge hash bool call len iter next reversed contains getitem setitem"
    " delitem enter exit aenter aexit await aiter anext add radd sub rsub mul rmul truediv rtruediv floordiv"
    " rfloordiv mod rmod divmod pow rpow and rand or ror xor rxor lshift rshift neg pos abs invert int float"
    " complex index round trunc floor ceil bytes fspath format reduce_ex reduce copy deepcopy instancecheck"
).split():
    setattr(StandIn, f"__{_name}__", _refuse_use)


class _Writer:
    """The exceptions of a table that is being written, in the order of their numbers."""

    def __init__(self) -> None:
        self.exceptions: list[BaseException] = []
        self.numbers: dict[int, int] = {}

    def link(self, exc: BaseException) -> int | None:
        """The number of an exception; None when the table is full."""
        number = self.numbers.get(id(exc))
        if number is None and len(self.exceptions) < EXCEPTIONS_MAX:
            number = self.numbers[id(exc)] = len(self.exceptions)
            self.exceptions.append(exc)
        return number


def _table(encoder: Encoder, exc: BaseException, depth: int) -> list[Any]:
    writer = encoder.failures = _Writer()
    try:
        writer.link(exc)
        # The list grows while it is walked: each entry links what it refers to.
        return [_entry(encoder, writer, one, depth + 2) for one in writer.exceptions]
    finally:
        encoder.failures = None


def _entry(encoder: Encoder, writer: _Writer, exc: BaseException, depth: int) -> dict[str, Any]:
    """One exception; what is absent is empty. `depth` is that of its arguments and attributes."""
    notes = []
    members: list[int] | None = None
    if isinstance(exc, BaseExceptionGroup):
        links = [writer.link(member) for member in exc.exceptions]
        members = [link for link in links if link is not None]
        if len(members) < len(links):
            notes.append(f"only {len(members)} of the {len(links)} exceptions of this group are kept")
        args = (exc.message, *exc.args[2:])
    else:
        args = _base(type(exc)).__reduce__(exc)[1]  # type: ignore[assignment]
    cls, probe = _rebuildable(exc, args)
    if cls is not type(exc):
        notes.append(_origin(type(exc), exc))
    entry: dict[str, Any] = {"class": [_classes.name_of(base) for base in _findable_bases(cls)]}
    if args:
        entry["args"] = [_kept(encoder, f"args[{index}]", arg, depth) for index, arg in enumerate(args)]
    if members is not None:
        entry["members"] = members
    slots = dict(_changed_slots(exc, probe))
    if slots:
        entry["slots"] = _kept_fields(encoder, slots, depth)
    if exc.__cause__ is not None:
        entry["cause"] = writer.link(exc.__cause__)
        if entry["cause"] is None:
            notes.append("the causes from here on are not kept")
    if exc.__suppress_context__:
        entry["suppress"] = True
    own = _classes.attributes(exc)
    held = {name: own[name] for name in own if name != FRAMES_ATTRIBUTE and type(name) is str}
    if notes:
        held["__notes__"] = [*getattr(exc, "__notes__", ()), *notes]
    if held:
        entry["state"] = _kept_fields(encoder, held, depth)
    frames = [] if encoder.lenient else own_frames(exc)
    if frames:
        entry["frames"] = frames
    return entry


def _kept_fields(encoder: Encoder, held: dict[str, Any], depth: int) -> list[Any]:
    nodes: list[Any] = []
    for name, value in held.items():
        nodes += (encoder.walk(name, depth), _kept(encoder, str(name), value, depth))
    return nodes


def _kept(encoder: Encoder, name: str, value: Any, depth: int) -> Any:
    """The value's node, or that of a stand-in."""
    kind = type(value)
    if kind is StandIn:
        return ["$lost", *StandIn._hero_lost.__get__(value)]  # type: ignore[attr-defined]
    try:
        node = encoder.walk(value, depth)
    except Refusal:
        return _lost(name, value)
    if name.startswith("args[") or not isinstance(node, list | dict | str):
        return node
    return node if len(write_json(node)) <= ATTRIBUTE_CHARS_MAX else _lost(name, value)


def _lost(name: str, value: object) -> list[Any]:
    return ["$lost", name, _classes.title(type(value)), _looks(str, value), _looks(repr, value)]


def _looks(make: Any, value: object) -> str:
    try:
        text = well_formed(make(value))
    except Exception as error:
        text = f"<{type(value).__qualname__}, whose text failed with {type(error).__name__}>"
    return cut(text, LOOKS_CHARS_MAX)


def _rebuildable(exc: BaseException, args: tuple[Any, ...]) -> tuple[type, BaseException]:
    """The nearest class that can be found and made again, with a first making of it."""
    members = exc.exceptions if isinstance(exc, BaseExceptionGroup) else None
    for cls in _findable_bases(type(exc)):
        try:
            return cls, _construct(cls, args, members)
        except Exception:  # a class in C that only its own module can make
            continue
    raise AssertionError("builtin exceptions can be made")


def _findable_bases(cls: type) -> Iterator[type]:
    """Exception classes from `cls` upwards that have a name, down to the first builtin one."""
    for base in cls.__mro__:
        if issubclass(base, BaseException) and _classes.name_of(base) is not None:
            yield base
            if base.__module__ == "builtins":
                return


def _base(cls: type) -> type[BaseException]:
    """The nearest builtin exception at or above a class."""
    for base in cls.__mro__:
        if base.__module__ == "builtins" and issubclass(base, BaseException):
            return base
    raise AssertionError("every exception class has a builtin base")


def _construct(
    cls: type, args: tuple[Any, ...], members: tuple[BaseException, ...] | list[BaseException] | None
) -> BaseException:
    """An exception of this class, made by its builtin base alone."""
    base: Any = _base(cls)
    exc: BaseException
    if members is not None:
        exc = base.__new__(cls, args[0], members)
        _set(exc, "args", (args[0], list(members), *args[1:]))
        return exc
    try:
        exc = base.__new__(cls, *args)
        base.__init__(exc, *args)
    except Exception:  # arguments that the base does not take: the class had an `__init__` of its own
        exc = base.__new__(cls)
        _set(exc, "args", args)
    return exc


# Past any `__setattr__` of the user's.
_set = BaseException.__setattr__


def _changed_slots(exc: BaseException, probe: BaseException) -> Iterator[tuple[str, Any]]:
    """Fields of C structs and slots in which an exception differs from its first making."""
    for cls in type(probe).__mro__:
        if cls in (BaseException, BaseExceptionGroup, object):
            continue
        for name, descriptor in cls.__dict__.items():
            if name.startswith("__") or not _classes.is_slot(descriptor):
                continue
            try:
                value = descriptor.__get__(exc)
                if _is_same(value, getattr(probe, name, None)):
                    continue
                descriptor.__set__(probe, value)
            except (AttributeError, TypeError, ValueError):
                continue  # never filled, or read-only
            yield name, value


def _is_same(value: object, other: object) -> bool:
    return value is other or (type(value) is type(other) and type(value) in (int, str) and value == other)


def _origin(cls: type, exc: BaseException) -> str:
    return f"was {cls.__module__}.{cls.__qualname__}: {cut(message_of(exc), LOOKS_CHARS_MAX)}"


class _Reader:
    """The exceptions of a table that is being read: first each is made, then they are joined."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.entries = entries
        self.made: dict[int, BaseException | None] = {}
        self.lost_classes: dict[int, str] = {}  # notes on them, by the exception's id

    def first(self) -> BaseException:
        # From the end: what an entry takes as an argument stands mostly behind it.
        for index in range(len(self.entries) - 1, -1, -1):
            self.linked(index)
        for index, entry in enumerate(self.entries):
            exc = self.made[index]
            assert exc is not None, "all were made"
            self._join(exc, entry)
        exc = self.made[0]
        assert exc is not None, "all were made"
        return exc

    def linked(self, index: int) -> BaseException | StandIn:
        """The exception of this number; a stand-in for one that is its own argument."""
        if index not in self.made:
            self.made[index] = None
            self.made[index] = self._make(self.entries[index])
        exc = self.made[index]
        return StandIn("args", "exception that contains itself", "...", "...") if exc is None else exc

    def _make(self, entry: dict[str, Any]) -> BaseException:
        args = tuple(self._value(node) for node in entry.get("args", ()))
        members: Any = None
        if "members" in entry:
            members = [self.linked(index) for index in entry["members"]]
        names = entry["class"]
        for name in names:
            try:
                exc = _construct(_classes.find(name), args, members)
            except LookupError:
                continue
            if name != names[0]:
                self.lost_classes[id(exc)] = f"was {names[0].replace(':', '.')}, which is not there any more"
            return exc
        raise ValueError(f"none of the exception classes {names} is there")

    def _join(self, exc: BaseException, entry: dict[str, Any]) -> None:
        for name, value in self._fields(entry, "slots"):
            _classes.restore(exc, {name: value})
        exc.__dict__.update(self._fields(entry, "state"))
        note = self.lost_classes.get(id(exc))
        if note is not None:
            exc.__dict__["__notes__"] = [*exc.__dict__.get("__notes__", ()), note]
        if entry.get("cause") is not None:
            _set(exc, "__cause__", self.made[entry["cause"]])
        _set(exc, "__suppress_context__", entry.get("suppress", False))
        if "frames" in entry:
            exc.__dict__[FRAMES_ATTRIBUTE] = entry["frames"]

    def _fields(self, entry: dict[str, Any], key: str) -> list[tuple[str, Any]]:
        nodes = entry.get(key, [])
        values = [self._value(node) for node in nodes]
        return list(zip(values[::2], values[1::2], strict=True))

    def _value(self, node: Any) -> Any:
        if type(node) is list and node and node[0] == "$lost":
            return StandIn(*node[1:])
        return untag_node(node, self)
