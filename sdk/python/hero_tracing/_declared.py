"""Decorated functions, and the calls that `flow` makes of them: recorded in a play, plain without one.

Must not know the names under which authors find these.
"""

from __future__ import annotations

import functools
import sys
import types

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
    """The function with what `@flow` makes of it; the options have been checked."""
    if isinstance(function, classmethod):
        return ClassMethod(decorate(function.__func__, options).hero_flow)
    if isinstance(function, staticmethod):
        return staticmethod(decorate(function.__func__, options))
    if isinstance(function, type):
        raise TypeError(f"@flow decorates functions, not the class {function.__name__}: decorate what makes one")
    if not callable(function):
        raise TypeError(f"@flow decorates functions, not {type(function).__name__}")
    known = dict(options)
    inputs, outputs = known.pop("inputs", None), known.pop("outputs", None)
    description, sandbox = known.pop("description", None), known.pop("sandbox", None)
    secrets = known.pop("secrets", None)
    resume_when = known.pop("resume_when", "any")
    refuse_generator(function, str(known.get("name") or getattr(function, "__name__", type(function).__name__)))
    shown = {key: value for key, value in options.items() if key not in {"inputs", "outputs", "key", "description"}}
    shown.pop("secrets", None)
    more = {"sandbox": sandbox, "secrets": list(secrets or ())}
    step = Step(function, options={**shown, **{name: value for name, value in more.items() if value}}, **known)
    wrapper = _async_wrapper(step) if step.is_async else _plain_wrapper(step)
    functools.update_wrapper(wrapper, function)
    said = Declared(step, function, wrapper, inputs, outputs, description, resume_when)
    wrapper.hero_flow = said
    qualname = getattr(function, "__qualname__", "<locals>")
    if "<locals>" not in qualname:
        declared.setdefault(function.__module__, []).append(said)
    owner = qualname.rpartition(".")[0]
    return Method(said) if owner and not owner.endswith("<locals>") else wrapper


def declared_by(value: Any) -> Declared | None:
    """What `@flow` said about a function; None if nothing.

    Another decorator may stand above `@flow`. Then that is what runs, and calls the flow as a step with its options.
    """
    said: Declared | None = _said_of(value)
    if said is None or value is said.wrapper or isinstance(value, Method):
        return said
    step = Step(value, name=said.step.name, options=said.step.options)
    return Declared(step, said.function, value, said.inputs, said.outputs, said.description, said.resume_when)


def flows_of(module: str) -> list[Declared]:
    """The flows at the top level of a module, in order of declaration; of one name the last counts."""
    place = {id(said): place for place, said in enumerate(declared.get(module, ()))}
    flows: dict[int, Declared] = {}
    for value in list(getattr(sys.modules.get(module), "__dict__", {}).values()):
        said = _said_of(value)
        if id(said) in place and type(value) not in _BOUND:
            flows[place[id(said)]] = declared_by(value) or said
    return [flows[number] for number in sorted(flows)]


def _said_of(value: Any) -> Any:
    """What `@flow` left on a function, or one that `functools.wraps` made of it; None if it did not.

    A module may hold proxies and other lazy objects, so this runs no code of the value's.
    """
    if type(value) in _BOUND:
        value = value.__func__
    try:
        said = object.__getattribute__(value, "__dict__").get("hero_flow")
    except AttributeError:
        return None
    return said if type(said) is Declared else None


class Method:
    """A decorated function in the body of a class: it binds as functions do, and `with_key` knows the instance."""

    def __init__(self, said: Declared) -> None:
        functools.update_wrapper(self, said.wrapper)
        self.hero_flow = said
        del self.__dict__["with_key"]  # the method below stands for it

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self.hero_flow.wrapper if instance is None else BoundMethod(self.hero_flow, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.hero_flow.wrapper(*args, **kwargs)

    def with_key(self, key: object, /) -> Callable[..., Any]:
        if self.hero_flow.step.names[:1] == ("cls",):
            # Asked by Python's own `classmethod`, which from 3.13 on does not say to which class it binds.
            name = self.hero_flow.step.name
            raise TypeError(f"{name}.with_key does not know the class: write @flow above @classmethod, not below it")
        keyed: Callable[..., Any] = self.hero_flow.wrapper.with_key(key)
        return keyed


class ClassMethod(Method):
    """A decorated class method, which binds to the class, with a key and without."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return BoundMethod(self.hero_flow, type(instance) if owner is None else owner)


class BoundMethod:
    """A decorated method of an instance, or of a class."""

    __slots__ = ("__func__", "__self__", "_step")

    def __init__(self, said: Declared, instance: Any) -> None:
        self.__func__ = said.wrapper
        self.__self__ = instance
        self._step = said.step

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


_BOUND = (BoundMethod, types.MethodType)


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

    if sys.version_info >= (3, 12):
        return inspect.markcoroutinefunction(wrapper)
    wrapper._is_coroutine_mark = True  # type: ignore[attr-defined, unused-ignore]
    return wrapper


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


def find(module: str, wanted: Any) -> Declared | None:
    """The flow of this function, or of this name in a module; None if the module has none of that name."""
    if not isinstance(wanted, str):
        said = declared_by(wanted)
        if said is None:
            raise TypeError(f"a flow is called by its name or its function with @flow, not by {wanted!r}")
        return said
    flows = _all_of(module)
    for said in reversed(flows):
        if said.step.name == wanted:
            return said
    for said in reversed(flows):
        if getattr(said.function, "__name__", "") == wanted:
            return said
    return None


def close_to(module: str, wanted: str) -> list[str]:
    """Names of flows of a module that look like this one."""
    from difflib import get_close_matches

    flows = _all_of(module)
    names = {said.step.name for said in flows} | {getattr(said.function, "__name__", "") for said in flows}
    return get_close_matches(wanted, sorted(names), 3)


def _all_of(module: str) -> list[Declared]:
    return [*declared.get(module, ()), *flows_of(module)]


def caller_module() -> str:
    """The module of the code that called into this one."""
    name: str = sys._getframe(2).f_globals["__name__"]
    return name


def invoke_now(module: str, wanted: Any, inputs: dict[str, Any]) -> Any:
    """Run a flow of the calling file by its name, or any by its function; else a workflow of the library."""
    said = find(module, wanted)
    if said is None:
        return call_now(_of_library(module, wanted, is_async=False), (), inputs)
    step = said.step.invoked()
    if step.is_async:
        raise TypeError(f"flow.invoke cannot await {step.name!r}: write `await flow.aio.invoke(...)`")
    return call_now(step, (), inputs)


def invoke_soon(module: str, wanted: Any, inputs: dict[str, Any]) -> Coroutine[Any, Any, Any]:
    said = find(module, wanted)
    if said is None:
        return start(_of_library(module, wanted, is_async=True), (), inputs)
    step = said.step.invoked()
    if step.is_async:
        return start(step, (), inputs)
    import asyncio

    return asyncio.to_thread(_invoke_plain, step, inputs)


def _of_library(module: str, wanted: str, *, is_async: bool) -> Step:
    from ._workflows import step_of

    return step_of(wanted, module, is_async=is_async)


def _invoke_plain(step: Step, inputs: dict[str, Any]) -> Any:
    return call_now(step, (), inputs)


def by_name(invoke: Callable[..., Any], module: str, name: str) -> Callable[[Any], Any]:
    def call(item: Any) -> Any:
        if not isinstance(item, dict):
            raise TypeError(f"map over the flow {name!r} takes a dict of inputs for each item")
        return invoke(module, name, item)

    call.__qualname__ = name
    return call
