"""What the codec writes beside the builtin types: the standard library's values, and classes of the user.

Loaded when the first of them turns up. A module of the standard library is never imported to write a
value: a Decimal can only exist if `decimal` has been imported. Must not know how a walk goes.
"""

from __future__ import annotations

import sys

from . import _classes
from ._codec import HANDLERS, Encoder, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Handler = Callable[[Encoder, Any, int], Any]


def find(kind: type) -> Handler | None:
    """The handler of a type that was not met before, or None if its values cannot be recorded."""
    handler = HANDLERS[kind] = _library_handler(kind) or _class_handler(kind)
    return handler


def _library_handler(kind: type) -> Handler | None:
    # pathlib is a package in some versions: `pathlib._local`
    module = kind.__module__.partition(".")[0]
    handler = _LIBRARY.get((module, kind.__qualname__))
    return handler if handler and getattr(sys.modules.get(module), kind.__qualname__, None) is kind else None


def _class_handler(kind: type) -> Handler | None:
    if issubclass(kind, BaseException):
        return _exception
    if is_enum(kind):
        return _flag if is_flag(kind) else _enum
    if is_pydantic(kind):
        return _pydantic
    if hasattr(kind, "__dataclass_fields__"):
        return None if _builtin_base(kind) else _dataclass
    if is_namedtuple(kind):
        return _namedtuple
    return None


def is_enum(kind: type) -> bool:
    enum = sys.modules.get("enum")
    return enum is not None and issubclass(kind, enum.Enum)


def is_flag(kind: type) -> bool:
    enum = sys.modules.get("enum")
    return enum is not None and issubclass(kind, enum.Flag)


def is_pydantic(kind: type) -> bool:
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(kind, getattr(pydantic, "BaseModel", ()))


def is_namedtuple(kind: type) -> bool:
    return issubclass(kind, tuple) and type(getattr(kind, "_fields", None)) is tuple


def _builtin_base(kind: type) -> type | None:
    """The builtin type below a class, whose content `object.__new__` could not give back."""
    for base in kind.__mro__:
        if base.__module__ == "builtins" and base is not object:
            return base
    return None


def advice(kind: type) -> tuple[str, str]:
    """What is wrong with a value of a type that is not recorded, and what to return instead."""
    problem = f"is {_classes.article(_classes.title(kind))}, which a replay could not give back equal"
    hint = _HINTS.get(kind.__qualname__)
    if hint:
        return problem, hint
    base = _builtin_base(kind)
    if base is not None and base is not kind and base is not type:
        return problem, f"return {base.__name__}(value)"
    if hasattr(kind, "read") or hasattr(kind, "fileno"):
        return problem, "return what was read from it, or its path"
    if hasattr(kind, "to_dict"):
        return problem, "return value.to_dict()"
    if hasattr(kind, "tolist"):
        return problem, "return value.tolist()"
    if hasattr(kind, "__next__"):
        return problem, "return list(value)"
    if hasattr(kind, "__attrs_attrs__"):
        return problem, "return attrs.asdict(value), or make the class a dataclass"
    if kind.__module__ in {"builtins", "_thread", "_asyncio", "asyncio"}:
        return problem, "return plain data (numbers, text, lists, dicts)"
    return problem, "return plain data (a dict, a list, …), or make the class a dataclass"


_HINTS = {
    "function": "return data; call the function in a step of its own",
    "builtin_function_or_method": "return data; call the function in a step of its own",
    "method": "return data; call the method in a step of its own",
    "coroutine": "await it and return its result",
    "generator": "return list(value)",
    "async_generator": "return a list of what it gives",
    "memoryview": "return bytes(value)",
    "dict_keys": "return list(value)",
    "dict_values": "return list(value)",
    "dict_items": "return list(value)",
    "mappingproxy": "return dict(value)",
    "module": "return data; import the module where it is used",
    "type": "return the name of the class",
    "ellipsis": "return None",
    "StandIn": "leave out the attribute, which could not be recorded",
}


def _class_name(encoder: Encoder, value: object) -> str | None:
    """The name of the value's class; None where the value was refused leniently."""
    name = _classes.name_of(type(value))
    if name is None:
        encoder.refuse(
            value,
            f"is {_classes.article(type(value).__qualname__)}, a class that cannot be found by its name "
            f"in module {type(value).__module__}",
            "define the class at the top level of the file",
        )
    return name


def _lenient_type(value: object) -> list[Any]:
    return ["$type", _classes.title(type(value))]


def _exception(encoder: Encoder, value: BaseException, depth: int) -> list[Any]:
    from . import _failures

    return _failures.tagged(encoder, value, depth)


def _enum(encoder: Encoder, value: Any, _depth: int) -> list[Any]:
    name = _class_name(encoder, value)
    if name is None or type(value).__members__.get(value._name_) is not value:
        encoder.refuse(value, "is not a member of its Enum by name", "return one of the members")
        return _lenient_type(value)
    return ["$enum", name, value._name_]


def _flag(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    name = _class_name(encoder, value)
    return _lenient_type(value) if name is None else ["$flag", name, encoder.walk(value._value_, depth)]


def _dataclass(encoder: Encoder, value: object, depth: int) -> list[Any]:
    name = _class_name(encoder, value)
    if name is None:
        return [*_lenient_type(value), *encoder.fields(value, _classes.state(value), depth)]
    return ["$dataclass", name, *encoder.fields(value, _classes.state(value), depth)]


def _namedtuple(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    name = _class_name(encoder, value)
    if _classes.attributes(value):
        encoder.refuse(value, "has attributes beside its fields", "return a dataclass")
    fields = dict(zip(value._fields, value, strict=True))
    nodes = encoder.fields(value, fields, depth)[1::2]
    return [*_lenient_type(value), *nodes] if name is None else ["$namedtuple", name, *nodes]


def _pydantic(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    name = _class_name(encoder, value)
    state = _pydantic_method(type(value), "__getstate__")(value)
    # The sets and dicts of its state are written as values: they have no names of their own.
    nodes = encoder.fields(value, state.pop("__dict__"), depth)
    rest = encoder.fields(value, state, depth)
    return [*_lenient_type(value), nodes] if name is None else ["$pydantic", name, nodes, rest]


def _pydantic_method(kind: type, name: str) -> Any:
    """The method as pydantic wrote it (BaseModel's or RootModel's), past an override of the user's."""
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] == "pydantic" and name in base.__dict__:
            return base.__dict__[name]
    raise AssertionError(f"pydantic models have {name}")


def _ordered(tag: str) -> Handler:
    def handler(encoder: Encoder, value: Any, depth: int) -> list[Any]:
        if _classes.attributes(value):
            encoder.refuse(value, "has attributes beside its items", "return a dataclass")
        return [tag, *encoder.pairs(value, depth)]

    return handler


def _deque(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    return ["$deque", value.maxlen, *encoder.items(value, value, depth)]


def _datetime(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    return ["$datetime", value.replace(tzinfo=None).isoformat(), *_zone(encoder, value, depth)]


def _time(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    return ["$time", value.replace(tzinfo=None).isoformat(), *_zone(encoder, value, depth)]


def _zone(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    """Fold and timezone, where there are any."""
    if value.tzinfo is None:
        return [1] if value.fold else []
    try:
        return [value.fold, encoder.walk(value.tzinfo, depth)]
    except Refusal as refusal:
        raise refusal.within(value, ".tzinfo") from None


def _date(_encoder: Encoder, value: Any, _depth: int) -> list[Any]:
    return ["$date", value.isoformat()]


def _timedelta(_encoder: Encoder, value: Any, _depth: int) -> list[Any]:
    return ["$timedelta", value.days, value.seconds, value.microseconds]


def _timezone(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    # The arguments that pickle takes: the offset, and a name where one was given.
    return ["$timezone", *encoder.items(value, value.__getinitargs__(), depth)]


def _zoneinfo(encoder: Encoder, value: Any, _depth: int) -> list[Any]:
    if value.key is None or type(value)(value.key) is not value:  # such ones are equal to themselves only
        encoder.refuse(value, "is a ZoneInfo that its key does not give again", "use ZoneInfo(key)")
        return _lenient_type(value)
    return ["$zoneinfo", value.key]


def _decimal(_encoder: Encoder, value: Any, _depth: int) -> list[Any]:
    return ["$decimal", str(value)]


def _fraction(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    return ["$fraction", encoder.walk(value.numerator, depth), encoder.walk(value.denominator, depth)]


def _uuid(_encoder: Encoder, value: Any, _depth: int) -> list[Any]:
    safety = value.is_safe.name
    return ["$uuid", value.hex] if safety == "unknown" else ["$uuid", value.hex, safety]


def _path(encoder: Encoder, value: Any, depth: int) -> list[Any]:
    return ["$path", type(value).__qualname__, encoder.walk(str(value), depth)]


_LIBRARY: dict[tuple[str, str], Handler] = {
    ("collections", "OrderedDict"): _ordered("$ordered_dict"),
    ("collections", "Counter"): _ordered("$counter"),
    ("collections", "deque"): _deque,
    ("datetime", "datetime"): _datetime,
    ("datetime", "date"): _date,
    ("datetime", "time"): _time,
    ("datetime", "timedelta"): _timedelta,
    ("datetime", "timezone"): _timezone,
    ("zoneinfo", "ZoneInfo"): _zoneinfo,
    ("decimal", "Decimal"): _decimal,
    ("fractions", "Fraction"): _fraction,
    ("uuid", "UUID"): _uuid,
    ("pathlib", "PosixPath"): _path,
    ("pathlib", "WindowsPath"): _path,
    ("pathlib", "PurePosixPath"): _path,
    ("pathlib", "PureWindowsPath"): _path,
}


def _import(module: str, name: str) -> Any:
    import importlib

    return getattr(importlib.import_module(module), name)


def _untag_enum(items: list[Any]) -> Any:
    cls: Any = _classes.find(items[0])
    return cls[items[1]]


def _untag_flag(items: list[Any]) -> Any:
    cls: Any = _classes.find(items[0])
    return cls(items[1])


def _untag_dataclass(items: list[Any]) -> Any:
    value: object = object.__new__(_classes.find(items[0]))
    _classes.restore(value, dict(zip(items[1::2], items[2::2], strict=True)))
    return value


def _untag_namedtuple(items: list[Any]) -> Any:
    cls: Any = _classes.find(items[0])
    return tuple.__new__(cls, items[1:])


def _untag_pydantic(items: list[Any]) -> Any:
    cls: Any = _classes.find(items[0])
    state = {"__dict__": _named(items[1]), **_named(items[2])}
    value = cls.__new__(cls)
    _pydantic_method(cls, "__setstate__")(value, state)
    return value


def _named(items: list[Any]) -> dict[str, Any]:
    return dict(zip(items[::2], items[1::2], strict=True))


def _untag_ordered_dict(items: list[Any]) -> Any:
    return _import("collections", "OrderedDict")(zip(items[::2], items[1::2], strict=True))


def _untag_counter(items: list[Any]) -> Any:
    return _import("collections", "Counter")(dict(zip(items[::2], items[1::2], strict=True)))


def _untag_datetime(items: list[Any]) -> Any:
    return _zoned(_import("datetime", "datetime").fromisoformat(items[0]), items)


def _untag_time(items: list[Any]) -> Any:
    return _zoned(_import("datetime", "time").fromisoformat(items[0]), items)


def _zoned(value: Any, items: list[Any]) -> Any:
    if len(items) == 1:
        return value
    return value.replace(fold=items[1], tzinfo=items[2] if len(items) == 3 else None)


def _untag_uuid(items: list[Any]) -> Any:
    safety = _import("uuid", "SafeUUID")[items[1] if len(items) == 2 else "unknown"]
    return _import("uuid", "UUID")(hex=items[0], is_safe=safety)


UNTAGGERS: dict[str, Callable[[list[Any]], Any]] = {
    "$enum": _untag_enum,
    "$flag": _untag_flag,
    "$dataclass": _untag_dataclass,
    "$namedtuple": _untag_namedtuple,
    "$pydantic": _untag_pydantic,
    "$ordered_dict": _untag_ordered_dict,
    "$counter": _untag_counter,
    "$deque": lambda items: _import("collections", "deque")(items[1:], items[0]),
    "$datetime": _untag_datetime,
    "$date": lambda items: _import("datetime", "date").fromisoformat(items[0]),
    "$time": _untag_time,
    "$timedelta": lambda items: _import("datetime", "timedelta")(*items),
    "$timezone": lambda items: _import("datetime", "timezone")(*items),
    "$zoneinfo": lambda items: _import("zoneinfo", "ZoneInfo")(items[0]),
    "$decimal": lambda items: _import("decimal", "Decimal")(items[0]),
    "$fraction": lambda items: _import("fractions", "Fraction")(*items),
    "$uuid": _untag_uuid,
    "$path": lambda items: _import("pathlib", items[0])(items[1]),
}
