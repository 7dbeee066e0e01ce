"""Workflows of the library that a flow invokes in its own process.

The runtime says which version a name stands for, once for all of a play and all its attempts, and gives its source,
which is loaded as a module of its own. What goes in and comes out is plain JSON, as of a play: a file knows nothing of
another's classes. Must not know how a call is recorded.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar, copy_context

from . import _declared, _frames, _loader, _schema
from ._engine import active
from ._errors import Failed, InvalidInputs
from ._scope import current
from ._step import Step
from ._validate import misfits, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    import types
    from collections.abc import Iterable, Iterator
    from importlib.machinery import ModuleSpec
    from typing import Any

    from ._declared import Declared
    from ._engine import Engine
    from ._scope import Scope

# Of the modules, before the id of the version: what the play has recorded of their classes stays right.
_PREFIX = "hero_flow_"
# Workflows beneath each other: far above what anybody needs, and reached long before Python's own stack ends.
NESTED_MAX = 32
_ERRORS: dict[str, type[Exception]] = {
    "not_found": LookupError,
    "sandbox_denied": PermissionError,
    "secret_missing": PermissionError,
}


def step_of(name: str, caller: str, *, is_async: bool) -> Step:
    """`flow.invoke` of a workflow as a step. Which version that is, and its own options, are found when it runs.

    `caller` is the module that asks, and has no flow of this name.
    """

    def run(**inputs: Any) -> Any:
        workflow, flow, values = _prepared(name, caller, inputs)
        if flow.step.is_async:
            raise TypeError(f"flow.invoke cannot await {name!r}: write `await flow.aio.invoke(...)`")
        with _beneath(workflow):
            return _result(workflow, _declared.call_now(flow.step, (), values))

    async def run_soon(**inputs: Any) -> Any:
        workflow, flow, values = _prepared(name, caller, inputs)
        with _beneath(workflow):
            if flow.step.is_async:
                return _result(workflow, await _declared.start(flow.step, (), values))
            import asyncio

            return _result(workflow, await asyncio.to_thread(_declared.call_now, flow.step, (), values))

    function = run_soon if is_async else run
    function.__name__ = function.__qualname__ = name
    return Step(function, name=name, kind="invoke")


def keep(engine: Engine, workflows: Iterable[dict[str, Any]]) -> None:
    """Know what these names stand for in this play."""
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)
    for workflow in workflows:
        engine.workflows.setdefault(workflow["name"], workflow)


def forget(engine: Engine) -> None:
    """Drop the modules of an attempt in a process that goes on."""
    for workflow in engine.workflows.values():
        sys.modules.pop(_module_of(workflow), None)
        _declared.declared.pop(_module_of(workflow), None)


def _prepared(name: str, caller: str, inputs: dict[str, Any]) -> tuple[dict[str, Any], Declared, dict[str, Any]]:
    """The workflow, its entry flow, and what that is to be called with."""
    scope = current.get()
    if scope is None:
        close = _declared.close_to(caller, name)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise LookupError(
            f"no flow of this file is called {name!r}{hint}. Workflows of the library need the runtime: start the file"
            " with `hero_logic run FILE`"
        )
    workflow = _resolved(scope, name, caller)
    _check_depth(workflow["workflow"])
    tags = {"workflow": workflow["workflow"], "version": workflow["version"], "version_sid": workflow["version_sid"]}
    scope.engine.wire.send(_frames.tag(scope.span, tags))
    flow = _entry(workflow)
    plain = _schema.dump_output(inputs, f"the inputs of {_title(workflow)}")
    problems = misfits(workflow["inputs"], plain)
    if problems:
        raise InvalidInputs(problems)
    return workflow, flow, _schema.convert_inputs(flow.function, plain, workflow["inputs"])


def _resolved(scope: Scope, name: str, caller: str) -> dict[str, Any]:
    """What the name stands for in this play. The answer is durable, so every later attempt gets the same."""
    engine = scope.engine
    known = engine.workflows.get(name)
    if known is None:
        answer = engine.ask(_frames.resolve(scope.span, name))
        if answer["t"] == "not_resolved":
            raise _refused(name, caller, answer)
        keep(engine, [answer["workflow"]])
        known = engine.workflows[name]
    return known


# The names of the workflows in which the running code stands, outermost first.
_above: ContextVar[tuple[str, ...]] = ContextVar("hero_tracing_workflows", default=())


@contextmanager
def _beneath(workflow: dict[str, Any]) -> Iterator[None]:
    before = _above.get()
    _above.set((*before, workflow["workflow"]))
    try:
        yield
    finally:
        _above.set(before)


def _check_depth(name: str) -> None:
    above = _above.get()
    if len(above) < NESTED_MAX:
        return
    who = f"the workflow {name} is invoked by {above[-1]}"
    if name in above:
        between = above[len(above) - above[::-1].index(name) :]
        who = f"the workflow {name} invokes itself" + (f" through {', '.join(between)}" if between else "")
    # Not to be retried at every level.
    raise Failed(
        f"{who}, and {NESTED_MAX} workflows beneath each other are the most: let it end earlier, or use a loop"
    )


def _refused(name: str, caller: str, answer: dict[str, Any]) -> Exception:
    hint = answer.get("hint") or ""
    if answer["code"] == "not_found":
        close = _declared.close_to(caller, name)
        hint = f"did you mean {' or '.join(close)}?" if close else hint
        return LookupError(f"no flow is called {name!r}, in this file or in the library; {hint}".rstrip("; "))
    text = f"{answer['message']}; {hint}" if hint else answer["message"]
    return _ERRORS.get(answer["code"], RuntimeError)(text)


def _entry(workflow: dict[str, Any]) -> Declared:
    import importlib

    module = importlib.import_module(_module_of(workflow))
    return _loader.entry_of(module, workflow["entry"])


def _result(workflow: dict[str, Any], value: Any) -> Any:
    """What the flow returned, as a play's outputs are."""
    plain = _schema.dump_output(value, f"the result of {_title(workflow)}")
    problems = misfits(workflow["outputs"], plain)
    if problems:
        raise ValueError(f"the result of {_title(workflow)} breaks its declared outputs: {said(problems)}")
    return plain


def _title(workflow: dict[str, Any]) -> str:
    return f"the workflow {workflow['workflow']} (version {workflow['version']})"


def _module_of(workflow: dict[str, Any]) -> str:
    return f"{_PREFIX}{workflow['version_sid']}"


class _Finder:
    """Finds the modules by their names, also for the classes that a record names."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        engine = active()
        if not name.startswith(_PREFIX) or engine is None:
            return None
        for workflow in engine.workflows.values():
            if _module_of(workflow) == name:
                from importlib.machinery import ModuleSpec

                return ModuleSpec(name, _Loader(engine, workflow))  # type: ignore[arg-type]
        return None


class _Loader:
    def __init__(self, engine: Engine, workflow: dict[str, Any]) -> None:
        self.engine = engine
        self.workflow = workflow

    def create_module(self, _spec: ModuleSpec) -> None:
        """As Python does it."""

    def exec_module(self, module: types.ModuleType) -> None:
        workflow = self.workflow
        # Names of files may be the same, and tracebacks say of which version they are.
        file_name = f"{workflow['workflow']}@{workflow['version']}/{workflow['file_name']}"
        if self.engine.offers:
            _loader.offer(self.engine.workdir, file_name, workflow["source"], module.__name__)
        # A step that the file calls while it is loaded has no place in the play.
        copy_context().run(self._fill, module, file_name)

    def _fill(self, module: types.ModuleType, file_name: str) -> None:
        current.set(None)
        try:
            _loader.fill(module, file_name, self.workflow["source"])
        except _loader.LoadError as error:
            if self.engine.stop is not None:
                raise self.engine.stopped() from None
            raise ImportError(f"{_title(self.workflow)} cannot be loaded: {error}") from None


_finder = _Finder()
