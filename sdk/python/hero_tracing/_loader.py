"""A flow's file: loaded from its source under one fixed module name, and its entry found. Must not know plays."""

from __future__ import annotations

import binascii
import linecache
import marshal
import os
import sys
import types
import warnings

from . import _declared
from ._codec import FLOW_MODULE
from ._errors import SchemaError, ScopeError
from ._failure_report import describe, own_frames
from ._when_imported import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._declared import Declared


# Before packed code. Code of another interpreter is not Python's to refuse: it crashes.
_INTERPRETER = f"{sys.implementation.cache_tag}-{sys.hexversion:x}:"
# Beneath the work directory: where processes that the play starts find the flow's module.
_OFFERED = ".hero"
# The module for them. To load it so keeps the name of the file in tracebacks, and replaces this one.
_OFFER = '''"""The flow's file, for other processes of its play. Written by hero_tracing."""

from hero_tracing import _loader

_loader.load({file_name!a}, {source!a}, module_name={module_name!a})
'''


class LoadError(Exception):
    """The file cannot be run as it is. `error` is for the API: code, type, message, hint."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error


def compile_ahead(file_name: str, source: str) -> types.CodeType:
    """The file compiled before anything is set up for it. Raises what compiling raises, and what it warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return compile(source, file_name, "exec", dont_inherit=True)


def pack(code: types.CodeType) -> str:
    """As text, for a process of the same interpreter. Raises ValueError: some code cannot be marshalled."""
    return _INTERPRETER + binascii.b2a_base64(marshal.dumps(code), newline=False).decode()


def unpack(text: str) -> types.CodeType | None:
    """What `pack` was given, if this interpreter packed it: another one may have been installed in its place.

    The text comes from the runtime, which had it from a process that had run no flow.
    """
    if not text.startswith(_INTERPRETER):
        return None
    code: types.CodeType = marshal.loads(binascii.a2b_base64(text[len(_INTERPRETER) :]))
    return code


def load(
    file_name: str, source: str, code: types.CodeType | None = None, module_name: str = FLOW_MODULE
) -> types.ModuleType:
    """The module of the file, which may be compiled already, after its body has run. Raises LoadError."""
    module = types.ModuleType(module_name)
    fill(module, file_name, source, code)
    return module


def fill(module: types.ModuleType, file_name: str, source: str, code: types.CodeType | None = None) -> None:
    """Run the file's body as this module, which then is the one of its name. Raises LoadError."""
    # Tracebacks and inspect read the source from here; without a time stamp it is never looked for on disk.
    linecache.cache[file_name] = (len(source), None, source.splitlines(keepends=True), file_name)
    try:
        code = code or compile(source, file_name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise LoadError(_syntax_error(error, file_name)) from None
    module.__file__ = file_name
    _declared.declared.pop(module.__name__, None)
    sys.modules[module.__name__] = module
    try:
        exec(code, module.__dict__)
    except (Exception, SystemExit, ScopeError) as error:
        raise LoadError(import_failed(error, file_name)) from None


def offer(workdir: str, file_name: str, source: str, module_name: str = FLOW_MODULE) -> None:
    """Have processes that `multiprocessing` starts afresh (`spawn`, `forkserver`) import the flow's module too.

    They are sent functions and classes by name, and the `sys.path` to find them. So the module is a file there, which
    is written once such a process is near. It gives them the flow's plain code only: they have no socket, and a step
    that is called there is refused.
    """
    directory = os.path.join(workdir, _OFFERED)

    def write(_spawn: types.ModuleType) -> None:
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, f"{module_name}.py"), "w", encoding="utf-8") as file:
            file.write(_OFFER.format(file_name=file_name, source=source, module_name=module_name))
        if directory not in sys.path:
            sys.path.append(directory)

    when_imported("multiprocessing.spawn", write)


def entry_of(module: types.ModuleType, wanted: str | None) -> Declared:
    """The flow to run: `wanted`, else the one whose function is `main`, else the only one. Raises LoadError."""
    flows = _declared.flows_of(module.__name__)
    functions = [_function_name(said) for said in flows]
    names = ", ".join(functions)
    if not flows:
        hint = "decorate the function to run: `from hero_tracing import flow`, then `@flow` above it"
        raise LoadError(_error("no_flow", "no function of the file is decorated with @flow", hint))
    if wanted is not None:
        for said, function in zip(flows, functions, strict=True):
            if function == wanted:
                return said
        for said in flows:
            if said.step.name == wanted:
                return said
        from difflib import get_close_matches

        close = get_close_matches(wanted, {*functions, *(said.step.name for said in flows)}, 3, 0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else f"the file has {names}"
        raise LoadError(_error("unknown_entry", f"the file has no flow {wanted!r}", hint))
    for said, function in zip(flows, functions, strict=True):
        if function == "main":
            return said
    if any(_function_name(said) == "main" for said in _declared.declared.get(module.__name__, ())):
        hint = "write a decorator above @flow with functools.wraps, or put it below"
        raise LoadError(_error("hidden_flow", "what stands under the name of the flow main is no flow", hint))
    if len(flows) == 1:
        return flows[0]
    hint = "name one function `main`, or choose one with --entry"
    raise LoadError(_error("several_flows", f"the file has several flows and none is `main`: {names}", hint))


def describe_all(module: types.ModuleType, entry: Declared) -> list[dict[str, Any]]:
    """Every flow of the file. Only the entry must have types with a form in JSON: a step may take anything."""
    described = []
    for said in _declared.flows_of(module.__name__):
        try:
            described.append(describe_flow(said))
        except LoadError:
            if said is entry:
                raise
            described.append(_description(said, {"inputs": {}, "outputs": {}, "description": ""}))
    return described


def describe_flow(said: Declared) -> dict[str, Any]:
    """The flow as the runtime keeps it. Raises LoadError where its types have no form in JSON."""
    from ._schema import flow_schema

    try:
        return _description(said, flow_schema(said.function, said.inputs, said.outputs))
    except Exception as error:  # what an annotation or a class does when it is looked at
        name, kind = _function_name(said), type(error).__name__
        reason = "" if isinstance(error, SchemaError) else f"the types of {name} cannot be read: {kind}: "
        hint = "correct the annotation, or what inputs= and outputs= declare"
        raise LoadError(_error("bad_schema", f"{reason}{error}", hint)) from None


def _description(said: Declared, schema: dict[str, Any]) -> dict[str, Any]:
    code = getattr(said.function, "__code__", None)
    return {
        "name": said.step.name,
        "function": _function_name(said),
        "line": getattr(code, "co_firstlineno", 0),
        "description": said.description or schema["description"] or "",
        "inputs": schema["inputs"],
        "outputs": schema["outputs"],
        "options": _plain_options(said),
        "is_async": said.step.is_async,
    }


def _plain_options(said: Declared) -> dict[str, Any]:
    from ._codec import plain
    from ._errors import NotRecordable

    options: dict[str, Any] = {}
    for name, value in said.step.options.items():
        try:
            options[name] = plain(value)
        except NotRecordable:
            options[name] = repr(value)
    return options


def _function_name(said: Declared) -> str:
    return str(getattr(said.function, "__name__", said.step.name))


def _error(code: str, message: str, hint: str) -> dict[str, Any]:
    return {"code": code, "type": None, "message": message, "hint": hint}


def _syntax_error(error: SyntaxError | ValueError, file_name: str) -> dict[str, Any]:
    """The file, the line, and the line's text with a caret beneath the place."""
    if not isinstance(error, SyntaxError):
        return _error("syntax_error", f"{file_name}: {error}", "the file is not Python source")
    message = f"{file_name}:{error.lineno or 0}: {error.msg}"
    if error.text:
        line = error.text.rstrip("\n")
        stripped = line.lstrip()
        column = max((error.offset or 1) - 1 - (len(line) - len(stripped)), 0)
        message += f"\n    {stripped}\n    {' ' * column}^"
    shown = _error("syntax_error", message, f"correct line {error.lineno or 0} of {file_name}")
    shown["type"] = type(error).__name__
    shown["location"] = f"{file_name}:{error.lineno or 0}"
    return shown


def import_failed(error: BaseException, file_name: str) -> dict[str, Any]:
    """What ended the import of the file, with the line of the file where it did."""
    shown = {key: value for key, value in describe(error).items() if value is not None}
    lines = [line for file, line, _ in own_frames(error) if file == file_name]
    if lines:
        shown["location"] = f"{file_name}:{lines[-1]}"
    if isinstance(error, ScopeError):  # the place and the hint say it all
        shown["type"] = None
        shown.pop("traceback", None)
        return shown
    shown["code"] = "import_failed"
    missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
    if missing:
        top = str(missing).partition(".")[0]
        shown["hint"] = (
            f"a flow is one file and cannot import modules beside it; put {top!r} into the file,"
            " or install it where the runtime's Python finds it"
        )
    elif isinstance(error, ImportError):
        shown["hint"] = "a flow is one file; install what it imports where the runtime's Python finds it"
    else:
        shown["hint"] = "the body of the file failed before any flow ran; keep work inside the flows"
    return shown
