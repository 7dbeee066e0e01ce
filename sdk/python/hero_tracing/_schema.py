"""The typed inputs and outputs of a flow, as JSON Schema 2020-12, and its inputs as Python values.

Inputs are declared (`{"prompt": {"type": "string", "required": True}}`) or read from annotations. Full
validation is the runtime's, before a play is written; here inputs are converted, which names what cannot be.

Must not know plays or spans.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from ._annotations import Annotations, first_paragraph
from ._errors import InvalidInputs, SchemaError
from ._json import read_json, write_json
from ._projection import output
from ._shapes import Definitions, Field, Problems, Shape, convert_fields, escaped, plain_default
from ._validate import DIALECT, faults, misfits, said

if TYPE_CHECKING:
    from collections.abc import Callable

# Words that make of a declaration a JSON Schema of its own, rather than names with a schema each.
_SCHEMA_WORDS = {"type": (str, list), "enum": list, "anyOf": list, "oneOf": list, "allOf": list, "$ref": str}


def flow_schema(function: Callable[..., Any], inputs: Any = None, outputs: Any = None) -> dict[str, Any]:
    """`{"inputs": schema, "outputs": schema, "description": text}` of a flow's function.

    `inputs` and `outputs` are what was declared: names with a schema or a type each, or (for outputs) a
    whole JSON Schema or a type. What was not declared is read from the annotations. Unannotated is anything.
    The description is the docstring's first paragraph. Raises SchemaError on what has no form in JSON.
    """
    parameters = _Parameters(function)
    schemas = {
        "inputs": _checked(parameters, "inputs", {"$schema": DIALECT, **_inputs_schema(parameters, inputs)}),
        "outputs": _checked(parameters, "outputs", {"$schema": DIALECT, **_outputs_schema(parameters, outputs)}),
    }
    if inputs is not None:
        _check_defaults(parameters, schemas["inputs"])
    return {
        **schemas,
        "description": first_paragraph(inspect.getdoc(function)),
    }


def convert_inputs(
    function: Callable[..., Any], inputs: dict[str, Any], schema: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Plain JSON inputs as the values that the function's annotations ask for, to be passed by name.

    With `schema`, the flow's schema of inputs, its defaults fill in what is missing. Raises InvalidInputs.
    """
    if schema is None:
        taken = _taken_as_given(function, inputs)
        if taken is not None:
            return taken
    parameters = _Parameters(function)
    declared = (schema or {}).get("properties", {})
    given = {name: node["default"] for name, node in declared.items() if isinstance(node, dict) and "default" in node}
    given.update(inputs)
    problems: Problems = []
    known = {field.name for field in parameters.fields}
    extra = {name: given.pop(name) for name in list(given) if name not in known} if parameters.rest else {}
    converted = convert_fields(parameters.fields, given, "", problems)
    for name, value in extra.items():
        converted[name] = parameters.rest.convert(value, f"/{escaped(name)}", problems)  # type: ignore[union-attr]
    if problems:
        raise InvalidInputs(problems)
    return converted


# What JSON gives as the annotation asks for it, so that there is nothing to convert.
_PLAIN: dict[Any, type] = {kind: kind for kind in (str, int, float, bool)} | {
    kind.__name__: kind for kind in (str, int, float, bool)
}
_REST = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def _taken_as_given(function: Callable[..., Any], inputs: dict[str, Any]) -> dict[str, Any] | None:
    """The inputs themselves, where each is plain and its annotation asks for that; None where a closer look is needed.

    Most flows are of this kind, and to read a signature with `inspect` is a good part of the start of a small play.
    """
    if not inspect.isfunction(function) or hasattr(function, "__wrapped__") or hasattr(function, "__signature__"):
        return None
    code, module = function.__code__, function.__globals__
    if code.co_flags & _REST or code.co_posonlyargcount:
        return None
    positional = code.co_varnames[: code.co_argcount]
    by_name = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    without_default = {*positional[: len(positional) - len(function.__defaults__ or ())], *by_name}
    if not without_default.difference(function.__kwdefaults__ or ()) <= inputs.keys() <= {*positional, *by_name}:
        return None
    try:
        annotations = function.__annotations__
    except Exception:  # from 3.14 on they are evaluated here
        return None
    for name, value in inputs.items():
        kind = annotations.get(name)
        if not isinstance(kind, str | type) or kind in module or _PLAIN.get(kind) is not type(value):
            return None
    return dict(inputs)


def dump_output(value: object, what: str = "the flow's result") -> Any:
    """What a flow returned, as plain JSON. Raises NotRecordable on what cannot be shown, nan and infinity included.

    `what` is how the error calls it.
    """
    return output(value, what)


class _Parameters:
    """What a function takes by name: its fields, and the shape of `**kwargs` if it has them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        inner = inspect.unwrap(function)
        self.name = getattr(inner, "__name__", "the flow")
        self.annotations = Annotations(getattr(inner, "__globals__", {}))
        self.fields: list[Field] = []
        self.rest: Shape | None = None
        try:
            signature = inspect.signature(function)
        except NameError as error:  # annotations are evaluated when asked for, from 3.14 on
            raise SchemaError(
                f"an annotation of {self.name} uses {error.name!r}, which its module does not define"
            ) from None
        self.returns = signature.return_annotation
        for parameter in signature.parameters.values():
            self._add(parameter)

    def _add(self, parameter: inspect.Parameter) -> None:
        owner = f"parameter {parameter.name!r} of {self.name}"
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise SchemaError(f"{owner} is positional-only; inputs are passed by name, so remove the `/`")
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise SchemaError(f"{owner} is `*{parameter.name}`; inputs are passed by name, so take a list instead")
        shape = self.shape(parameter.annotation, owner)
        if parameter.kind is parameter.VAR_KEYWORD:
            self.rest = shape
            return
        required = parameter.default is parameter.empty
        default = None if required else plain_default(shape, parameter.default)
        self.fields.append(Field(parameter.name, shape, required=required, default=default))

    def shape(self, annotation: Any, owner: str) -> Shape:
        if annotation is inspect.Signature.empty:
            return Shape()
        return self.annotations.shape(self.annotations.resolved(annotation, owner), owner)


def _inputs_schema(parameters: _Parameters, declared: Any) -> dict[str, Any]:
    definitions = Definitions(of_outputs=False)
    if declared is None:
        properties = {field.name: _with_default(field, definitions) for field in parameters.fields}
        required = [field.name for field in parameters.fields if field.required]
    elif not isinstance(declared, dict):
        raise SchemaError(f"inputs of {parameters.name} must be a dict of names, not {type(declared).__qualname__}")
    elif _is_schema(declared):
        if declared.get("type") != "object":
            raise SchemaError(f"inputs of {parameters.name} must be of type object: a flow takes them by name")
        schema = _checked(parameters, "inputs", declared)
        _check_names(parameters, schema.get("properties", {}), schema.get("required", []))
        return schema
    else:
        fields = {field.name: field for field in parameters.fields}
        properties, required = {}, []
        for name, node in declared.items():
            schema, is_required = _declared(parameters, name, node, definitions)
            properties[name] = schema
            if is_required is None:
                is_required = "default" not in schema and (name not in fields or fields[name].required)
            if is_required:
                required.append(name)
        _check_names(parameters, properties, required)
    schema = {"type": "object", "properties": properties, "required": required}
    schema["additionalProperties"] = parameters.rest.schema(definitions) or True if parameters.rest else False
    return _with_definitions(schema, definitions)


def _outputs_schema(parameters: _Parameters, declared: Any) -> dict[str, Any]:
    definitions = Definitions(of_outputs=True)
    owner = f"the result of {parameters.name}"
    if declared is None:
        return _with_definitions(parameters.shape(parameters.returns, owner).schema(definitions), definitions)
    if not isinstance(declared, dict):
        return _with_definitions(parameters.shape(declared, owner).schema(definitions), definitions)
    if _is_schema(declared):
        return dict(declared)
    properties, required = {}, []
    for name, node in declared.items():
        properties[name], is_required = _declared(parameters, name, node, definitions)
        if is_required is not False:
            required.append(name)
    # Further outputs are let through: a play should not fail at its very end over one more field.
    return _with_definitions({"type": "object", "properties": properties, "required": required}, definitions)


def _declared(
    parameters: _Parameters, name: str, node: Any, definitions: Definitions
) -> tuple[dict[str, Any], bool | None]:
    """The schema of one declared name, and whether it is said to be required."""
    if not isinstance(node, dict):
        owner = f"{name!r}, declared by {parameters.name},"
        return parameters.shape(node, owner).schema(definitions), None
    schema = dict(node)
    if not isinstance(schema.get("required"), bool):
        return schema, None  # absent, or the list of an object's own required names
    return schema, schema.pop("required")


def _check_names(parameters: _Parameters, properties: dict[str, Any], required: list[str]) -> None:
    """What is declared can be passed, and what must be passed is declared to be there."""
    known = {field.name: field for field in parameters.fields}
    for name in properties:
        if name not in known and parameters.rest is None:
            raise SchemaError(f"inputs of {parameters.name} declare {name!r}, which it does not take")
    for field in parameters.fields:
        if not field.required:
            continue
        if field.name not in properties:
            raise SchemaError(f"inputs of {parameters.name} do not declare {field.name!r}, which has no default")
        if field.name not in required and "default" not in properties[field.name]:
            raise SchemaError(
                f"inputs of {parameters.name} do not require {field.name!r}, which has no default; "
                'say "required": True or give it a default'
            )


def _checked(parameters: _Parameters, part: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema as JSON holds it. What is wrong with it is the author's to know, not whoever gives inputs."""
    owner = f"the schema of the {part} of {parameters.name}"
    try:
        written: dict[str, Any] = read_json(write_json(schema))
    except (TypeError, ValueError, RecursionError) as error:
        raise SchemaError(f"{owner} cannot be written as JSON: {error}") from None
    problems = list(faults(written))
    if problems:
        raise SchemaError(f"{owner} is not valid: {said(problems)}")
    return written


def _check_defaults(parameters: _Parameters, schema: dict[str, Any]) -> None:
    """Each declared default fits its own schema, and becomes what the function takes."""
    shapes = {field.name: field.shape for field in parameters.fields}
    for name, node in schema.get("properties", {}).items():
        if not isinstance(node, dict) or "default" not in node:
            continue
        problems: Problems = misfits({"$defs": schema.get("$defs", {}), **node}, node["default"])
        if not problems and name in shapes:
            shapes[name].convert(node["default"], "", problems)
        if problems:
            raise SchemaError(f"the default of {name!r}, an input of {parameters.name}, does not fit: {said(problems)}")


def _is_schema(declared: dict[str, Any]) -> bool:
    return any(isinstance(declared.get(word), kinds) for word, kinds in _SCHEMA_WORDS.items())  # type: ignore[arg-type]


def _with_default(field: Field, definitions: Definitions) -> dict[str, Any]:
    schema = field.shape.schema(definitions)
    return schema if field.default is None else {**schema, "default": field.default[0]}


def _with_definitions(schema: dict[str, Any], definitions: Definitions) -> dict[str, Any]:
    return {**schema, "$defs": definitions.schemas} if definitions.schemas else schema
