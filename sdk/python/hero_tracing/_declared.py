"""Decorated functions, and the calls that `flow` makes of them: recorded in a play, plain without one.

Must not know the names under which authors find these.
"""

from __future__ import annotations

import functools

from . import _call, _plain
from ._engine import outside
from ._pause import pause_sync
from ._scope import current
from ._step import Step, refuse_generator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any


class Declared:
    """What `@flow` said about a function."""

    __slots__ = ("description", "function", "inputs", "outputs", "resume_when", "step", "wrapper")

    def __init__(
        self,
        step: Step,
        function: Callable[..., Any],
        wrapper: Any,
        inputs: Any,
        outputs: Any,
        description: str | None,
        resume_when: str,
    ) -> None:
        self.step = step
        self.function = function
        self.wrapper = wrapper
        self.inputs = inputs
        self.outputs = outputs
        self.description = description
        self.resume_when = resume_when


# When a play with several open questions goes on: once one is answered, or all.
RESUME_WHEN = ("any", "all")

# By module, in order of declaration; functions of functions are left out.
declared: dict[str, list[Declared]] = {}


def pause_now(name: str, asked: dict[str, Any]) -> Any:
    """A pause of plain code, in a play or on the terminal."""
    scope = current.get()
    if scope is not None:
        return pause_sync(scope, name, **asked)
    error = outside(f"the pause {name!r}")
    if error is not None:
        raise error
    return _plain.pause(name, asked)


def pause_soon(name: str, asked: dict[str, Any]) -> Coroutine[Any, Any, Any]:
    """A pause of a coroutine."""
    scope = current.get()
    if scope is not None:
        from ._acall import apause

        return apause(scope, name, asked)
    error = outside(f"the pause {name!r}")
    if error is not None:
        raise error
    import asyncio

    return asyncio.to_thread(_plain.pause, name, asked)


def decorate(function: Any, options: dict[str, Any]) -> Any:
    if isinstance(function, classmethod | staticmethod):
        return type(function)(decorate(function.__func__, options))
    if not callable(function):
        raise TypeError(f"@flow decorates functions, not {type(function).__name__}")
    known = dict(options)
    inputs, outputs = known.pop("inputs", None), known.pop("outputs", None)
    description, sandbox = known.pop("description", None), known.pop("sandbox", None)
    resume_when = known.pop("resume_when", "any")
    if resume_when not in RESUME_WHEN:
        raise ValueError(f"resume_when must be one of {', '.join(RESUME_WHEN)}, not {resume_when!r}")
    name = str(known.get("name") or getattr(function, "__name__", "flow"))
    refuse_generator(function, name)
    shown = {key: value for key, value in options.items() if key not in {"inputs", "outputs", "key", "description"}}
    step = Step(function, options={**shown, **({"sandbox": sandbox} if sandbox else {})}, **known)
    wrapper = _async_wrapper(step) if step.is_async else _plain_wrapper(step)
    functools.update_wrapper(wrapper, function)
    said = Declared(step, function, wrapper, inputs, outputs, description, resume_when)
    wrapper.hero_flow = said
    qualname = getattr(function, "__qualname__", "<locals>")
    if "<locals>" not in qualname:
        declared.setdefault(function.__module__, []).append(said)
    owner = qualname.rpartition(".")[0]
    return Method(step, wrapper) if owner and not owner.endswith("<locals>") else wrapper


class Method:
    """A decorated function in the body of a class: it binds as functions do, and `with_key` knows the instance."""

    def __init__(self, step: Step, wrapper: Any) -> None:
        functools.update_wrapper(self, wrapper)
        self._step = step
        self._wrapper = wrapper

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self._wrapper if instance is None else BoundMethod(self._step, self._wrapper, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._wrapper(*args, **kwargs)

    def with_key(self, key: object, /) -> Callable[..., Any]:
        bound: Callable[..., Any] = self._wrapper.with_key(key)
        return bound


class BoundMethod:
    """A decorated method of an instance."""

    __slots__ = ("__func__", "__self__", "_step")

    def __init__(self, step: Step, wrapper: Any, instance: Any) -> None:
        self.__func__ = wrapper
        self.__self__ = instance
        self._step = step

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        step = self._step
        if step.is_async:
            return start(step, (self.__self__, *args), kwargs)
        return call_now(step, (self.__self__, *args), kwargs)

    def with_key(self, key: object, /) -> Callable[..., Any]:
        step, instance = self._step, self.__self__
        run = start if step.is_async else call_now
        return lambda *args, **kwargs: run(step, (instance, *args), kwargs, key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__func__, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BoundMethod) and self.__self__ is other.__self__ and self.__func__ is other.__func__

    def __hash__(self) -> int:
        return hash((id(self.__self__), self.__func__))

    def __repr__(self) -> str:
        return f"<bound flow {self.__func__.__qualname__} of {self.__self__!r}>"


def _plain_wrapper(step: Step) -> Any:
    call, get = _call.call, current.get

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        scope = get()
        if scope is None:
            return _without_scope(step, args, kwargs)
        return call(step, scope, args, kwargs)

    def with_key(key: object, /) -> Callable[..., Any]:
        return lambda *args, **kwargs: call_now(step, args, kwargs, key)

    wrapper.with_key = with_key  # type: ignore[attr-defined]
    return wrapper


def _async_wrapper(step: Step) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return start(step, args, kwargs)

    def with_key(key: object, /) -> Callable[..., Any]:
        return lambda *args, **kwargs: start(step, args, kwargs, key)

    wrapper.with_key = with_key  # type: ignore[attr-defined]
    import inspect

    mark = getattr(inspect, "markcoroutinefunction", None)  # from 3.12 on
    return wrapper if mark is None else mark(wrapper)


def _without_scope(step: Step, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    error = outside(step.name)
    if error is not None:
        raise error
    return _plain.call(step, args, kwargs)


def call_now(step: Step, args: tuple[Any, ...], kwargs: dict[str, Any], key: Any = _call.NO_KEY) -> Any:
    scope = current.get()
    return _without_scope(step, args, kwargs) if scope is None else _call.call(step, scope, args, kwargs, key)


def start(
    step: Step, args: tuple[Any, ...], kwargs: dict[str, Any], key: Any = _call.NO_KEY
) -> Coroutine[Any, Any, Any]:
    scope = current.get()
    if scope is None:
        error = outside(step.name)
        if error is not None:
            raise error
        return _plain.acall(step, args, kwargs)
    from ._acall import acall

    return acall(step, scope, args, kwargs, key)


def step_of(name: str, fn: Callable[..., Any]) -> Step:
    if not isinstance(name, str) or not name:
        raise TypeError("flow.run takes a name first: flow.run('fetch', fetch, url)")
    if not callable(fn):
        raise TypeError(f"flow.run takes a function second, not {type(fn).__name__}")
    refuse_generator(fn, name)
    return Step(fn, name=name)


def find(module: str, name: str) -> Declared:
    """The flow of this name, or of this function, in a module. LookupError with close matches."""
    flows = declared.get(module, [])
    for said in reversed(flows):
        if said.step.name == name:
            return said
    for said in reversed(flows):
        if getattr(said.function, "__name__", "") == name:
            return said
    from difflib import get_close_matches

    names = sorted({said.step.name for said in flows})
    close = get_close_matches(name, names, 3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(names) or 'none'}"
    raise LookupError(f"no flow is called {name!r}; {hint}")


def caller_module() -> str:
    """The module of the code that called into this one."""
    import sys

    name: str = sys._getframe(2).f_globals["__name__"]
    return name


def _invoked(module: str, name: str) -> Step:
    """The step that runs a flow of the calling file."""
    said = find(module, name)
    own = said.step
    return Step(
        said.function,
        name=own.name,
        kind="invoke",
        retries=own.retries,
        backoff=own.backoff,
        timeout=own.timeout,
        on_unknown=own.on_unknown,
        durability="buffered" if own.buffered else "durable",
    )


def invoke_now(module: str, name: str, inputs: dict[str, Any]) -> Any:
    step = _invoked(module, name)
    if step.is_async:
        raise TypeError(f"flow.invoke cannot await {name!r}: write `await flow.aio.invoke(...)`")
    return call_now(step, (), inputs)


def invoke_soon(module: str, name: str, inputs: dict[str, Any]) -> Coroutine[Any, Any, Any]:
    step = _invoked(module, name)
    if step.is_async:
        return start(step, (), inputs)
    import asyncio

    return asyncio.to_thread(_invoke_plain, step, inputs)


def _invoke_plain(step: Step, inputs: dict[str, Any]) -> Any:
    return call_now(step, (), inputs)


def by_name(invoke: Callable[..., Any], module: str, name: str) -> Callable[[Any], Any]:
    def call(item: Any) -> Any:
        if not isinstance(item, dict):
            raise TypeError(f"map over the flow {name!r} takes a dict of inputs for each item")
        return invoke(module, name, item)

    call.__qualname__ = name
    return call
