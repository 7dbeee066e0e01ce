"""From a type annotation to its shape.

Must not know flows or their parameters.
"""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import sys
import types
import typing
from typing import Any

from . import _shapes
from ._codec_types import is_enum, is_flag, is_namedtuple, is_pydantic
from ._errors import SchemaError
from ._shapes import Array, Extended, Field, Fixed, Leaf, Mapping, OneOf, Record, Shape

_WRAPPERS = {"Required", "NotRequired", "ReadOnly", "Final", "ClassVar"}

_LISTS = (
    list,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Collection,
    collections.abc.Iterable,
)
_DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


class Annotations:
    """Shapes of annotations that stand in one module, whose names they may use as strings."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.records: dict[Any, Record] = {}

    def resolved(self, annotation: Any, owner: str) -> Any:
        """The annotation with its strings evaluated."""

        def holder() -> None: ...

        holder.__annotations__ = {"it": annotation}
        try:
            return typing.get_type_hints(holder, self.names, include_extras=True)["it"]
        except NameError as error:
            raise SchemaError(
                f"the annotation of {owner} uses {error.name!r}, which its module does not define"
            ) from None
        except (SyntaxError, TypeError) as error:
            raise SchemaError(f"the annotation of {owner} cannot be read: {error}") from None

    def shape(self, annotation: Any, owner: str) -> Shape:
        """The shape of a resolved annotation. `owner` names in messages what it annotates."""
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if annotation in (Any, object) or isinstance(annotation, typing.TypeVar):
            return Shape()
        if annotation is None:
            return _NULL
        if isinstance(annotation, str | typing.ForwardRef):
            return self.shape(self.resolved(annotation, owner), owner)
        if origin is typing.Annotated:
            return self._annotated(annotation, arguments, owner)
        if origin is typing.Literal:
            return _shapes.literal_choice(arguments)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments, owner)
        if getattr(origin, "__name__", getattr(origin, "_name", "")) in _WRAPPERS and arguments:
            return self.shape(arguments[0], owner)
        if hasattr(annotation, "__supertype__"):  # a NewType
            return self.shape(annotation.__supertype__, owner)
        if hasattr(annotation, "__value__"):  # `type X = …` of 3.12
            return self.shape(self.resolved(annotation.__value__, owner), owner)
        cls = origin or annotation
        if isinstance(cls, type):
            shape = self._container(cls, arguments, owner) or self._class(cls, annotation, owner)
            if shape is not None:
                return shape
        raise SchemaError(
            f"{owner} is annotated with {_title(annotation)}, which has no form in JSON; "
            "annotate it with a builtin type, a dataclass, TypedDict, Enum or pydantic model, or Any"
        )

    def _annotated(self, annotation: Any, arguments: tuple[Any, ...], owner: str) -> Shape:
        if any(type(mark).__module__.partition(".")[0] in {"pydantic", "annotated_types"} for mark in arguments[1:]):
            if "pydantic" not in sys.modules:
                raise SchemaError(f"{owner} has constraints for pydantic, which is not imported")
            return _shapes.Pydantic(annotation, _title(arguments[0]))
        keywords: dict[str, Any] = {}
        for mark in arguments[1:]:
            if isinstance(mark, str):
                keywords["description"] = mark
            elif isinstance(mark, dict):
                keywords.update(mark)
        shape = self.shape(arguments[0], owner)
        return Extended(shape, keywords) if keywords else shape

    def _union(self, members: tuple[Any, ...], owner: str) -> Shape:
        shapes = [self.shape(member, owner) for member in members]
        scalars = {
            kind: shape
            for member, shape in zip(members, shapes, strict=True)
            for kind in (bool, int, float, type(None))
            if member is kind
        }
        return OneOf(shapes, scalars)

    def _container(self, cls: type, arguments: tuple[Any, ...], owner: str) -> Shape | None:
        if cls is tuple:
            return self._tuple(arguments, owner)
        item = self.shape(arguments[0], owner) if arguments else Shape()
        if cls in _LISTS:
            return Array(item, list)
        if cls is collections.deque:
            return Array(item, collections.deque)
        if cls in (set, collections.abc.Set, collections.abc.MutableSet):
            return Array(item, set, unique=True)
        if cls is frozenset:
            return Array(item, frozenset, unique=True)
        if cls is collections.Counter:
            return Mapping(item, LEAVES["builtins", "int"], collections.Counter)
        if cls in _DICTS or cls is collections.OrderedDict:
            value = self.shape(arguments[1], owner) if arguments else Shape()
            return Mapping(item, value, collections.OrderedDict if cls is collections.OrderedDict else dict)
        return None

    def _tuple(self, arguments: tuple[Any, ...], owner: str) -> Shape:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return Array(self.shape(arguments[0], owner), tuple)
        if not arguments:
            return Array(Shape(), tuple)
        return Fixed([self.shape(argument, owner) for argument in arguments if argument != ()])

    def _class(self, cls: type, annotation: Any, owner: str) -> Shape | None:
        leaf = LEAVES.get((cls.__module__.partition(".")[0], cls.__qualname__))
        if leaf is not None:
            return leaf
        if is_enum(cls):
            return _flag(cls) if is_flag(cls) else _shapes.enum_choice(cls)
        if is_pydantic(cls) or hasattr(cls, "__pydantic_core_schema__"):
            return _shapes.Pydantic(annotation, cls.__name__)
        if cls in self.records:
            return self.records[cls]
        if hasattr(cls, "__dataclass_fields__"):
            return self._dataclass(cls)
        if typing.is_typeddict(cls):
            return self._typed_dict(cls)
        if is_namedtuple(cls):
            return self._namedtuple(cls)
        return None

    def _record(self, cls: Any, description: str) -> Record:
        record = self.records[cls] = Record(cls.__name__, description, cls)
        return record

    def _dataclass(self, cls: Any) -> Shape:
        # dataclasses write a signature where there is no docstring
        written = cls.__doc__ if cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}(") else ""
        record = self._record(cls, first_paragraph(written))
        for field in cls.__dataclass_fields__.values():
            if "InitVar" in repr(field._field_type) or "INITVAR" in repr(field._field_type):
                raise SchemaError(f"{cls.__name__}.{field.name} is an InitVar, which has no form in JSON")
        hints = self._hints(cls)
        for field in dataclasses.fields(cls):
            shape = self.shape(hints[field.name], f"{cls.__name__}.{field.name}")
            default = None if field.default is dataclasses.MISSING else _shapes.plain_default(shape, field.default)
            optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            part = Field(field.name, shape, required=not optional, default=default)
            if field.init:
                record.inputs.append(part)
            record.outputs.append(Field(field.name, shape, required=True))
        return record

    def _typed_dict(self, cls: Any) -> Shape:
        record = self._record(cls, first_paragraph(cls.__doc__ if cls.__doc__ != dict.__doc__ else ""))
        record.make = dict
        for name, hint in self._hints(cls).items():
            required = name in cls.__required_keys__
            # Under `from __future__ import annotations` the class itself does not see these marks.
            marks = _marks(hint)
            required = "Required" in marks or (required and "NotRequired" not in marks)
            part = Field(name, self.shape(hint, f"{cls.__name__}.{name}"), required=required)
            record.inputs.append(part)
            record.outputs.append(part)
        return record

    def _namedtuple(self, cls: Any) -> Shape:
        record = self._record(
            cls, first_paragraph("" if (cls.__doc__ or "").startswith(f"{cls.__name__}(") else cls.__doc__)
        )
        hints = self._hints(cls)
        for name in cls._fields:
            shape = self.shape(hints.get(name, Any), f"{cls.__name__}.{name}")
            optional = name in cls._field_defaults
            default = _shapes.plain_default(shape, cls._field_defaults[name]) if optional else None
            record.inputs.append(Field(name, shape, required=not optional, default=default))
            record.outputs.append(Field(name, shape, required=True))
        return record

    def _hints(self, cls: Any) -> dict[str, Any]:
        """The annotations of a class, each resolved in the module of the class that has it."""
        try:
            return typing.get_type_hints(cls, None, self.names, include_extras=True)
        except NameError as error:
            raise SchemaError(
                f"an annotation of {cls.__name__} uses {error.name!r}, which its module does not define"
            ) from None


def first_paragraph(text: str | None) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join((text or "").strip().partition("\n\n")[0].split())


def _marks(hint: Any) -> set[str]:
    """The names of the wrappers around an annotation: Required, NotRequired, ReadOnly."""
    marks = set()
    while (origin := typing.get_origin(hint)) is not None:
        name = getattr(origin, "_name", None)
        if origin is not typing.Annotated and name not in _WRAPPERS:
            break
        marks.add(str(name))
        hint = typing.get_args(hint)[0]
    return marks


def _title(annotation: Any) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)


def _import(module: str, name: str) -> Any:
    import importlib

    return getattr(importlib.import_module(module), name)


def _exactly(*kinds: type) -> Any:
    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError
        return value

    return read


def _integer(value: Any) -> int:
    if type(value) is float and value.is_integer():
        return int(value)  # JSON has one kind of number: 1.0 is an integer
    return _exactly(int)(value)  # type: ignore[no-any-return]


def _number(value: Any) -> float:
    return float(_exactly(int, float)(value))


def _iso(module: str, name: str) -> Any:
    def read(value: Any) -> Any:
        return _import(module, name).fromisoformat(_exactly(str)(value))

    return read


def _made(module: str, name: str, *kinds: type) -> Any:
    def read(value: Any) -> Any:
        value = _exactly(*kinds)(value)
        return _import(module, name)(repr(value) if type(value) is float else value)

    return read


def _bytes(value: Any) -> bytes:
    from binascii import a2b_base64

    return a2b_base64(_exactly(str)(value), strict_mode=True)


def _timedelta(value: Any) -> Any:
    return _import("datetime", "timedelta")(seconds=_exactly(int, float)(value))


def _complex(value: Any) -> complex:
    return complex(_exactly(str)(value))


def _path_leaf(name: str) -> Leaf:
    return Leaf({"type": "string", "format": "path"}, "a string that is a path", _made("pathlib", name, str))


def _flag(cls: Any) -> Shape:
    return Leaf(
        {"type": "integer", "title": cls.__name__}, f"an integer of {cls.__name__}", lambda value: cls(_integer(value))
    )


_NULL = Leaf({"type": "null"}, "null", _exactly(type(None)))

# By module and name, so that none of the modules is imported before a value of it is made.
LEAVES: dict[tuple[str, str], Leaf] = {
    ("builtins", "NoneType"): _NULL,
    ("builtins", "str"): Leaf({"type": "string"}, "a string", _exactly(str)),
    ("builtins", "bool"): Leaf({"type": "boolean"}, "a boolean", _exactly(bool)),
    ("builtins", "int"): Leaf({"type": "integer"}, "an integer", _integer),
    ("builtins", "float"): Leaf({"type": "number"}, "a number", _number),
    ("builtins", "complex"): Leaf({"type": "string", "format": "complex"}, "a string such as 1+2j", _complex),
    ("builtins", "bytes"): Leaf({"type": "string", "contentEncoding": "base64"}, "a string in base64", _bytes),
    ("datetime", "datetime"): Leaf(
        {"type": "string", "format": "date-time"},
        "a string with a date and time (RFC 3339)",
        _iso("datetime", "datetime"),
    ),
    ("datetime", "date"): Leaf(
        {"type": "string", "format": "date"}, "a string with a date (RFC 3339)", _iso("datetime", "date")
    ),
    ("datetime", "time"): Leaf(
        {"type": "string", "format": "time"}, "a string with a time (RFC 3339)", _iso("datetime", "time")
    ),
    ("datetime", "timedelta"): Leaf({"type": "number", "description": "seconds"}, "a number of seconds", _timedelta),
    ("decimal", "Decimal"): Leaf(
        {"type": ["string", "number"], "format": "decimal"},
        "a string or number that is a decimal",
        _made("decimal", "Decimal", str, int, float),
    ),
    ("fractions", "Fraction"): Leaf(
        {"type": ["string", "integer"], "format": "fraction"},
        "a string such as 1/3",
        _made("fractions", "Fraction", str, int),
    ),
    ("uuid", "UUID"): Leaf({"type": "string", "format": "uuid"}, "a string that is a UUID", _made("uuid", "UUID", str)),
    ("zoneinfo", "ZoneInfo"): Leaf(
        {"type": "string", "format": "timezone"}, "a string such as Europe/Oslo", _made("zoneinfo", "ZoneInfo", str)
    ),
    ("pathlib", "Path"): _path_leaf("Path"),
    ("pathlib", "PosixPath"): _path_leaf("PosixPath"),
    ("pathlib", "PurePath"): _path_leaf("PurePath"),
    ("pathlib", "PurePosixPath"): _path_leaf("PurePosixPath"),
    ("pathlib", "PureWindowsPath"): _path_leaf("PureWindowsPath"),
}
