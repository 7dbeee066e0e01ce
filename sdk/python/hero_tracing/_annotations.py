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
from ._leaves import LEAVES, NOTHING, NULL, enum_choice, flag, literal_choice
from ._shapes import Alias, Array, Extended, Field, Fixed, Mapping, OneOf, Record, Shape

_WRAPPERS = {"Required", "NotRequired", "ReadOnly", "Final", "ClassVar"}

_S = typing.TypeVar("_S", bound=Shape)

# What is made for an annotation with one of these classes.
_CONTAINERS: dict[type, Any] = {
    list: list,
    collections.abc.Sequence: list,
    collections.abc.MutableSequence: list,
    collections.abc.Collection: list,
    collections.abc.Iterable: list,
    collections.deque: collections.deque,
    set: set,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
    frozenset: frozenset,
    dict: dict,
    collections.abc.Mapping: dict,
    collections.abc.MutableMapping: dict,
    collections.OrderedDict: collections.OrderedDict,
    collections.Counter: collections.Counter,
}


class Annotations:
    """Shapes of annotations that stand in one module, whose names they may use as strings."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        # What may contain itself, with its shape. Compared, not hashed: a constraint of an Annotated may be a dict.
        self._known: list[tuple[Any, Shape]] = []

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
            return NULL
        if annotation in (typing.NoReturn, typing.Never):
            return NOTHING
        if isinstance(annotation, str | typing.ForwardRef):
            return self.shape(self.resolved(annotation, owner), owner)
        if origin is typing.Annotated:
            return self._annotated(annotation, arguments, owner)
        if origin is typing.Literal:
            return literal_choice(arguments)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments, owner)
        if getattr(origin, "__name__", getattr(origin, "_name", "")) in _WRAPPERS and arguments:
            return self.shape(arguments[0], owner)
        if hasattr(annotation, "__supertype__"):  # a NewType
            return self.shape(annotation.__supertype__, owner)
        if hasattr(annotation, "__value__"):  # `type X = …` of 3.12
            return self._alias(annotation, arguments, owner)
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

    def _alias(self, annotation: Any, arguments: tuple[Any, ...], owner: str) -> Shape:
        known = self._shape_of(annotation)
        if known is not None:
            return known
        alias = self._made(annotation, Alias(annotation.__name__))
        value = self.resolved(annotation.__value__, owner)
        alias.shape = self.shape(_applied(value, dict(zip(annotation.__type_params__, arguments, strict=False))), owner)
        if alias.is_itself():
            raise SchemaError(f"{owner} is annotated with {_title(annotation)}, which is defined as itself")
        return alias

    def _shape_of(self, annotation: Any) -> Shape | None:
        return next((shape for known, shape in self._known if known == annotation), None)

    def _made(self, annotation: Any, shape: _S) -> _S:
        """A shape whose parts are still to come, so that they can refer to it."""
        self._known.append((annotation, shape))
        return shape

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
        if cls not in _CONTAINERS:
            return None
        item = self.shape(arguments[0], owner) if arguments else Shape()
        make = _CONTAINERS[cls]
        value: Shape
        if make in (list, collections.deque):
            return Array(item, make)
        if make in (set, frozenset):
            return Array(item, make, unique=True)
        if make is collections.Counter:
            value = LEAVES["builtins", "int"]
        else:
            value = self.shape(arguments[1], owner) if arguments else Shape()
        mapping = Mapping(item, value, make)
        if mapping.names() is None:
            raise SchemaError(
                f"the keys of a dict must be strings, integers or what is written as a string, but those of {owner} "
                f"are annotated with {_title(arguments[0])}"
            )
        return mapping

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
            return flag(cls) if is_flag(cls) else enum_choice(cls)
        if is_pydantic(cls) or hasattr(cls, "__pydantic_core_schema__"):
            return _shapes.Pydantic(annotation, cls.__name__)
        known = self._shape_of(annotation)
        if known is not None:
            return known
        if hasattr(cls, "__dataclass_fields__"):
            return self._dataclass(cls, annotation)
        if typing.is_typeddict(cls):
            return self._typed_dict(cls, annotation)
        if is_namedtuple(cls):
            return self._namedtuple(cls, annotation)
        return None

    def _dataclass(self, cls: Any, annotation: Any) -> Shape:
        # dataclasses write a signature where there is no docstring
        written = cls.__doc__ if cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}(") else ""
        record = self._made(annotation, Record(cls.__name__, first_paragraph(written), cls))
        for field in cls.__dataclass_fields__.values():
            if "InitVar" in repr(field._field_type) or "INITVAR" in repr(field._field_type):
                raise SchemaError(f"{cls.__name__}.{field.name} is an InitVar, which has no form in JSON")
        hints = self._hints(cls, annotation)
        for field in dataclasses.fields(cls):
            shape = self.shape(hints[field.name], f"{cls.__name__}.{field.name}")
            default = None if field.default is dataclasses.MISSING else _shapes.plain_default(shape, field.default)
            optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            part = Field(field.name, shape, required=not optional, default=default)
            if field.init:
                record.inputs.append(part)
            record.outputs.append(Field(field.name, shape, required=True))
        return record

    def _typed_dict(self, cls: Any, annotation: Any) -> Shape:
        written = first_paragraph(cls.__doc__ if cls.__doc__ != dict.__doc__ else "")
        record = self._made(annotation, Record(cls.__name__, written, dict))
        for name, hint in self._hints(cls, annotation).items():
            required = name in cls.__required_keys__
            # Under `from __future__ import annotations` the class itself does not see these marks.
            marks = _marks(hint)
            required = "Required" in marks or (required and "NotRequired" not in marks)
            part = Field(name, self.shape(hint, f"{cls.__name__}.{name}"), required=required)
            record.inputs.append(part)
            record.outputs.append(part)
        return record

    def _namedtuple(self, cls: Any, annotation: Any) -> Shape:
        written = first_paragraph("" if (cls.__doc__ or "").startswith(f"{cls.__name__}(") else cls.__doc__)
        record = self._made(annotation, Record(cls.__name__, written, cls))
        hints = self._hints(cls, annotation)
        for name in cls._fields:
            shape = self.shape(hints.get(name, Any), f"{cls.__name__}.{name}")
            optional = name in cls._field_defaults
            default = _shapes.plain_default(shape, cls._field_defaults[name]) if optional else None
            record.inputs.append(Field(name, shape, required=not optional, default=default))
            record.outputs.append(Field(name, shape, required=True))
        return record

    def _hints(self, cls: Any, annotation: Any) -> dict[str, Any]:
        """The annotations of a class, each resolved in the module of the class that has it.

        `annotation` is the class, or a generic one with the arguments that stand for its type variables.
        """
        variables = _variables(cls, typing.get_args(annotation))
        try:
            hints = typing.get_type_hints(cls, None, self.names, include_extras=True)
            return {name: _applied(hint, variables) for name, hint in hints.items()}
        except NameError as error:
            raise SchemaError(
                f"an annotation of {cls.__name__} uses {error.name!r}, which its module does not define"
            ) from None


def first_paragraph(text: str | None) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join((text or "").strip().partition("\n\n")[0].split())


def _variables(cls: Any, arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """What the type variables of a generic class stand for, and those of the classes that it inherits from."""
    variables = dict(zip(getattr(cls, "__parameters__", ()), arguments, strict=False))
    for base in getattr(cls, "__orig_bases__", ()):
        origin = typing.get_origin(base) or base
        if origin in (typing.Generic, typing.Protocol):
            continue
        given = tuple(_applied(argument, variables) for argument in typing.get_args(base))
        for variable, meant in _variables(origin, given).items():
            # One variable that stands for two things in two of the classes is taken for anything.
            variables[variable] = meant if variables.get(variable, meant) == meant else Any
    return variables


def _applied(annotation: Any, variables: dict[Any, Any]) -> Any:
    """The annotation with what its type variables stand for."""
    if isinstance(annotation, typing.TypeVar):
        return variables.get(annotation, annotation)
    open_ones = getattr(annotation, "__parameters__", ())
    if not open_ones or typing.get_origin(annotation) is None:
        return annotation
    return annotation[tuple(variables.get(one, one) for one in open_ones)]


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
