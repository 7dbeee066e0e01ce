"""Holds the client against what the server says of itself: every method, parameter, type and error."""

from __future__ import annotations

import inspect
import json
import keyword
import textwrap
import urllib.parse
from functools import reduce
from operator import or_
from typing import Any, Literal, NotRequired, get_args, get_type_hints

import hero_logic_client
from hero_logic_client import AsyncClient, Client, Event, HeroLogicError, SpanPage

KINDS: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool, "null": type(None)}
# What no method stands behind, and of that what comes piece by piece, with the type of a piece.
STREAMS: dict[str, Any] = {"play_events": SpanPage, "events": Event, "play_artifact_chunks": bytes}
OWN = {"call", "close", "play_artifact_fetch", *STREAMS}


def type_of(schema: dict[str, Any]) -> Any:
    """The Python type of a schema, by other means than those of the generator."""
    match schema:
        case {"$ref": str(path)}:
            return getattr(hero_logic_client, urllib.parse.urlsplit(path).fragment.rpartition("/")[2])
        case {"allOf": [one]}:
            return type_of(one)
        case {"oneOf": [{"const": _}, *_] as constants}:
            return Literal[tuple(one["const"] for one in constants)]
        case {"const": constant}:
            return Literal[constant]
        case {"anyOf": choices}:
            return reduce(or_, map(type_of, choices))
        case {"type": list(kinds)}:
            return reduce(or_, (type_of({**schema, "type": kind}) for kind in kinds))
        case {"type": "array", "items": items}:
            return list[type_of(items)]  # type: ignore[misc]
        case {"type": "object", "additionalProperties": values}:
            return dict[str, type_of(values)]  # type: ignore[misc]
        case {"type": kind}:
            return KINDS[kind]
        case _:
            return Any


def check_method(method: dict[str, Any], client: type[Client] | type[AsyncClient]) -> None:
    """The signature of a method is what its description says."""
    function = getattr(client, method["name"])
    assert inspect.iscoroutinefunction(function) == (client is AsyncClient)
    hints = get_type_hints(function)
    _, *parameters = inspect.signature(function).parameters.values()
    assert [parameter.name for parameter in parameters] == [param["name"] for param in method["params"]]
    for parameter, param in zip(parameters, method["params"], strict=True):
        wanted = type_of(param["schema"])
        if param["required"]:
            assert parameter.default is parameter.empty
            assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        else:
            assert parameter.default == param["schema"].get("default")
            assert parameter.kind is parameter.KEYWORD_ONLY
            wanted = wanted if "default" in param["schema"] else wanted | None
        assert hints[parameter.name] == wanted, (method["name"], parameter, wanted)
        assert f"\n    {parameter.name}: {param['description'][:40]}" in (inspect.getdoc(function) or "")
    assert hints["return"] == type_of(method["result"]["schema"]), method["name"]
    assert function.__doc__.startswith(method["summary"][:60])


def check_schema(name: str, schema: dict[str, Any]) -> None:
    """A type is what its schema says."""
    found = getattr(hero_logic_client, name)
    if "properties" in schema and "oneOf" in schema:
        check_union(name, schema)
    elif "properties" in schema:
        check_class(found, schema)
    elif schema.get("format") in ("sid", "event_id"):
        assert found.__supertype__ is str, name
    else:
        assert found == type_of(schema), name


def check_own(name: str) -> None:
    """What no method stands behind takes and gives the same in both clients."""
    both = [getattr(client, name) for client in (Client, AsyncClient)]
    blocking, asynchronous = (inspect.signature(one).replace(return_annotation=None) for one in both)
    assert blocking == asynchronous, name
    given, told = (get_type_hints(one)["return"] for one in both)
    assert given == told or get_args(given)[0] == get_args(told)[0] == STREAMS[name], name


def check_union(name: str, schema: dict[str, Any]) -> None:
    """A union has a class for each choice, of what all have, its own and what it refers to; a field tells which."""
    found = get_args(getattr(hero_logic_client, name))
    tags = get_args(getattr(hero_logic_client, f"{name}Kind"))
    for kind, tag, choice in zip(found, tags, schema["oneOf"], strict=True):
        parts = [schema, choice]
        for part in choice.get("allOf", []):
            parts.append(document["components"]["schemas"][part["$ref"].rpartition("/")[2]])
        fields = {field: one for part in parts for field, one in part["properties"].items()}
        required = [field for part in parts for field in part["required"]]
        check_class(kind, {"properties": fields, "required": required})
        (constant,) = [one["const"] for one in fields.values() if "const" in one]
        assert tag == constant and kind.__name__ == constant.title().replace("_", "") + name
        assert kind.__doc__.startswith(choice["description"][:60])


def check_class(found: Any, schema: dict[str, Any]) -> None:
    """A class has the fields of an object."""
    wanted = {
        field: type_of(one) if field in schema.get("required", []) else NotRequired[type_of(one)]
        for field, one in schema["properties"].items()
    }
    assert get_type_hints(found, include_extras=True) == wanted, found
    assert not any(keyword.iskeyword(field) for field in wanted)


def check_errors(errors: dict[str, Any]) -> None:
    """Each code has a class of its own."""
    kinds = {kind.code: kind for kind in HeroLogicError.__subclasses__()}
    assert {code: kind.number for code, kind in kinds.items()} == {code: one["code"] for code, one in errors.items()}
    for code, kind in kinds.items():
        assert kind.__name__ == code.title().replace("_", "")
        assert getattr(hero_logic_client, kind.__name__) is kind


def run_example() -> None:
    """What the module's documentation shows runs as it stands there."""
    paragraphs = (hero_logic_client.__doc__ or "").split("\n\n")
    code = textwrap.dedent("\n\n".join(paragraph for paragraph in paragraphs if paragraph.startswith("    ")))
    exec(compile(code, "the example", "exec"), {})


with Client() as hero:
    document = hero.call("rpc.discover")
for client in (Client, AsyncClient):
    for method in document["methods"]:
        check_method(method, client)
    public = {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}
    assert public - OWN == {method["name"] for method in document["methods"]}
for name in OWN:
    check_own(name)
for name, schema in document["components"]["schemas"].items():
    check_schema(name, schema)
check_errors(document["components"]["errors"])
print(json.dumps(len(document["methods"])))
run_example()
