"""What an annotation says of a value: its JSON Schema, and how plain JSON becomes such a value.

One class per shape holds both, so that they cannot drift apart. A shape checks only what it needs for its
conversion; the schema is what validates. Loaded when a flow's schema is asked for, never by a replay.

Must not know flows or their parameters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ._errors import NotRecordable
from ._projection import plain

if TYPE_CHECKING:
    from collections.abc import Callable

_INTEGER = re.compile("-?[0-9]{1,300}")

# A place in the inputs (JSON pointer) and what is wrong there: "must be an integer, not a string".
Problems = list[tuple[str, str]]

_JSON_NAMES = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def wrong(expected: str, value: object) -> str:
    return f"must be {expected}, not {_JSON_NAMES.get(type(value), type(value).__qualname__)}"


def escaped(name: str) -> str:
    """A name as a step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


class Definitions:
    """The `$defs` of a schema: only what contains itself; all else stands in place."""

    def __init__(self, *, of_outputs: bool) -> None:
        self.of_outputs = of_outputs
        self.schemas: dict[str, Any] = {}
        self._taken: set[str] = set()
        self._names: dict[Shape, str] = {}  # of shapes that are being written, or are recursive
        self._recursive: set[Shape] = set()

    def within(self, shape: Shape, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The schema that `make` gives, or a reference where it is being made or contains itself."""
        if shape in self._names:
            self._recursive.add(shape)
            return {"$ref": f"#/$defs/{self._names[shape]}"}
        self._names[shape] = self.free_name(name)
        schema = make()
        if shape not in self._recursive:
            del self._names[shape]
            return schema
        self.schemas[self._names[shape]] = schema
        return {"$ref": f"#/$defs/{self._names[shape]}"}

    def free_name(self, name: str) -> str:
        """The name, with a number if it was given before."""
        free, number = name, 2
        while free in self._taken:
            free, number = f"{name}_{number}", number + 1
        self._taken.add(free)
        return free


class Shape:
    """Anything at all."""

    def schema(self, _definitions: Definitions) -> dict[str, Any]:
        return {}

    def convert(self, value: Any, _pointer: str, _problems: Problems) -> Any:
        """The value that plain JSON stands for; what is wrong is appended to `problems`."""
        return value


class Leaf(Shape):
    """A value without parts. `read` raises what the type itself raises on what it does not take."""

    def __init__(self, schema: dict[str, Any], expected: str, read: Callable[[Any], Any]) -> None:
        self._schema = schema
        self.expected = expected
        self.read = read

    def schema(self, _definitions: Definitions) -> dict[str, Any]:
        return dict(self._schema)

    def convert(self, value: Any, pointer: str, problems: Problems) -> Any:
        try:
            return self.read(value)
        except (ValueError, TypeError, ArithmeticError, LookupError, OSError):
            expected = self.expected
            same_kind = expected.startswith(_JSON_NAMES.get(type(value), "-"))
            problems.append((pointer, f"must be {expected}" if same_kind else wrong(expected, value)))


class OneOf(Shape):
    """A Union. The exact type wins for numbers, booleans and null; else the first that takes the value."""

    def __init__(self, shapes: list[Shape], scalars: dict[type, Shape]) -> None:
        self.shapes = shapes
        self.scalars = scalars  # those of `shapes` that stand for such an exact type

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return {"anyOf": [shape.schema(definitions) for shape in self.shapes]}

    def convert(self, value: Any, pointer: str, problems: Problems) -> Any:
        exact = self.scalars.get(type(value))
        if exact is not None:
            return exact.convert(value, pointer, problems)
        tried: list[Problems] = []
        for shape in self.shapes:
            found: Problems = []
            converted = shape.convert(value, pointer, found)
            if not found:
                return converted
            tried.append(found)
        # The one that came furthest says best what is wrong.
        problems += max(tried, key=lambda found: max(len(place) for place, _ in found))


class Alias(Shape):
    """A type that was given a name (`type Json = …`), by which it may contain itself."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.shape = Shape()  # set by the maker once this one can be referred to

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return definitions.within(self, self.title, lambda: self.shape.schema(definitions))

    def convert(self, value: Any, pointer: str, problems: Problems) -> Any:
        return self.shape.convert(value, pointer, problems)

    def is_itself(self) -> bool:
        """Whether a value of it would have to be one of it before it is anything else (`type X = X | int`)."""
        left = [self.shape]
        while left:
            shape = left.pop()
            if shape is self:
                return True
            if isinstance(shape, Alias | Extended):
                left.append(shape.shape)
            elif isinstance(shape, OneOf):
                left += shape.shapes
        return False


class Array(Shape):
    """A list, set, deque or tuple of any length."""

    def __init__(self, item: Shape, make: Callable[[list[Any]], Any], *, unique: bool = False) -> None:
        self.item = item
        self.make = make
        self.unique = unique

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "array"}
        items = self.item.schema(definitions)
        if items:
            schema["items"] = items
        if self.unique:
            schema["uniqueItems"] = True
        return schema

    def convert(self, value: Any, pointer: str, problems: Problems) -> Any:
        if type(value) is not list:
            problems.append((pointer, wrong("an array", value)))
            return None
        before = len(problems)
        items = [self.item.convert(item, f"{pointer}/{index}", problems) for index, item in enumerate(value)]
        if len(problems) > before:
            return None
        try:
            return self.make(items)
        except TypeError as error:  # a list or dict in a set
            problems.append((pointer, f"cannot be made: {error}"))


class Fixed(Shape):
    """A tuple with a shape for each place."""

    def __init__(self, shapes: list[Shape]) -> None:
        self.shapes = shapes

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        count = len(self.shapes)
        schema: dict[str, Any] = {"type": "array", "minItems": count, "maxItems": count}
        if count:
            schema["prefixItems"] = [shape.schema(definitions) for shape in self.shapes]
        return schema

    def convert(self, value: Any, pointer: str, problems: Problems) -> Any:
        if type(value) is not list:
            problems.append((pointer, wrong("an array", value)))
            return None
        if len(value) != len(self.shapes):
            problems.append((pointer, f"must have {len(self.shapes)} items, not {len(value)}"))
            return None
        return tuple(
            shape.convert(item, f"{pointer}/{index}", problems)
            for index, (shape, item) in enumerate(zip(self.shapes, value, strict=True))
        )


class Mapping(Shape):
    """A dict with any keys of one shape, written as the names of an object."""

    def __init__(self, key: Shape, value: Shape, make: Callable[[dict[Any, Any]], Any]) -> None:
        self.key = key
        self.value = value
        self.make = make

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "object"}
        values = self.value.schema(definitions)
        if values:
            schema["additionalProperties"] = values
        names = self.names()
        if names:
            schema["propertyNames"] = names
        return schema

    def names(self) -> dict[str, Any] | None:
        """The schema of its keys as names of an object; None if they cannot be such."""
        names = self.key.schema(Definitions(of_outputs=False))
        if names.get("type") == "integer" and "enum" not in names:
            return {"pattern": f"^{_INTEGER.pattern}$"}
        if names and (names.get("type") != "string" or any(type(name) is not str for name in names.get("enum", ()))):
            return None
        names.pop("type", None)
        return names

    def convert(self, value: Any, pointer: str, problems: Problems) -> Any:
        if type(value) is not dict:
            problems.append((pointer, wrong("an object", value)))
            return None
        before = len(problems)
        whole = self.key.schema(Definitions(of_outputs=False)).get("type") == "integer"
        converted: dict[Any, Any] = {}
        for name, item in value.items():
            place = f"{pointer}/{escaped(name)}"
            key = self.key.convert(int(name) if whole and _INTEGER.fullmatch(name) else name, place, problems)
            item = self.value.convert(item, place, problems)
            if len(problems) == before:
                converted[key] = item
        return self.make(converted) if len(problems) == before else None


class Field:
    """A named part of a Record. `default` is its plain JSON in a list, or None."""

    __slots__ = ("default", "name", "required", "shape")

    def __init__(self, name: str, shape: Shape, *, required: bool, default: list[Any] | None = None) -> None:
        self.name = name
        self.shape = shape
        self.required = required
        self.default = default


class Record(Shape):
    """An object with named parts: a dataclass, TypedDict or NamedTuple. `make` takes the parts by name.

    Inputs have these parts and no others. Outputs may have more: what returns a class returns its subclasses too,
    and a TypedDict says which keys there are at least.
    """

    def __init__(self, title: str, description: str, make: Callable[..., Any]) -> None:
        self.title = title
        self.description = description
        self.make = make
        self.inputs: list[Field] = []  # filled by the maker once this shape can be referred to
        self.outputs: list[Field] = []

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return definitions.within(self, self.title, lambda: self._object(definitions))

    def _object(self, definitions: Definitions) -> dict[str, Any]:
        fields = self.outputs if definitions.of_outputs else self.inputs
        schema: dict[str, Any] = {"type": "object", "title": self.title}
        if self.description:
            schema["description"] = self.description
        schema["properties"] = {field.name: _field_schema(field, definitions) for field in fields}
        schema["required"] = [field.name for field in fields if field.required]
        if not definitions.of_outputs:
            schema["additionalProperties"] = False
        return schema

    def convert(self, value: Any, pointer: str, problems: Problems) -> Any:
        if type(value) is not dict:
            problems.append((pointer, wrong("an object", value)))
            return None
        before = len(problems)
        parts = convert_fields(self.inputs, value, pointer, problems)
        if len(problems) > before:
            return None
        try:
            return self.make(**parts)
        except (ValueError, TypeError) as error:  # from a `__post_init__` that checks
            problems.append((pointer, f"is refused by {self.title}: {error}"))


def convert_fields(fields: list[Field], value: dict[str, Any], pointer: str, problems: Problems) -> dict[str, Any]:
    """The parts of an object by name; what is missing or unknown is a problem."""
    parts: dict[str, Any] = {}
    for field in fields:
        place = f"{pointer}/{escaped(field.name)}"
        if field.name in value:
            parts[field.name] = field.shape.convert(value[field.name], place, problems)
        elif field.required:
            problems.append((place, "is missing"))
    known = {field.name for field in fields}
    problems += [(f"{pointer}/{escaped(name)}", "is unknown") for name in value if name not in known]
    return parts


def _field_schema(field: Field, definitions: Definitions) -> dict[str, Any]:
    schema = field.shape.schema(definitions)
    return schema if field.default is None else {**schema, "default": field.default[0]}


class Extended(Shape):
    """An `Annotated`: a shape with further keywords for its schema."""

    def __init__(self, shape: Shape, keywords: dict[str, Any]) -> None:
        self.shape = shape
        self.keywords = keywords

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return {**self.shape.schema(definitions), **self.keywords}

    def convert(self, value: Any, pointer: str, problems: Problems) -> Any:
        return self.shape.convert(value, pointer, problems)


class Pydantic(Shape):
    """What pydantic makes and checks: a model, or a type with its constraints."""

    def __init__(self, annotation: Any, title: str) -> None:
        from pydantic import TypeAdapter

        self.adapter: Any = TypeAdapter(annotation)
        self.title = title

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        # Its own `$defs` move to the root, under names that cannot meet those of another model.
        prefix = definitions.free_name(self.title)
        schema: dict[str, Any] = self.adapter.json_schema(
            mode="serialization" if definitions.of_outputs else "validation",
            ref_template=f"#/$defs/{prefix}.{{model}}",
        )
        for name, inner in schema.pop("$defs", {}).items():
            definitions.schemas[f"{prefix}.{name}"] = inner
        return schema

    def convert(self, value: Any, pointer: str, problems: Problems) -> Any:
        from pydantic import ValidationError

        from ._json import write_json

        try:
            return self.adapter.validate_json(write_json(value))
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_context=False):
                place = "".join(f"/{escaped(str(step))}" for step in detail["loc"])
                problems.append((pointer + place, f"is refused by {self.title}: {detail['msg']}"))


def plain_default(shape: Shape, default: Any) -> list[Any] | None:
    """A default as plain JSON, in a list, if the conversion makes the very same value of it again."""
    from ._codec import decode, encode

    try:
        node = plain(default)
        problems: Problems = []
        converted = shape.convert(decode(encode(node)), "", problems)
        return [node] if not problems and encode(converted) == encode(default) else None
    except NotRecordable:
        return None
