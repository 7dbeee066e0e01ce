"""`flow`: the decorator and the namespace that authors write against.

Thin: each call goes to the module that does it.
"""

from __future__ import annotations

import functools
import os

from . import _call, _errors, _fan_out, _secrets, _values
from ._declared import (
    by_name,
    call_now,
    caller_module,
    decorate,
    invoke_now,
    invoke_soon,
    pause_now,
    pause_soon,
    start,
    step_of,
)
from ._engine import active, outside
from ._questions import NOT_GIVEN, checked
from ._scope import current
from ._span import Block, CurrentSpan
from ._step import check_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable, Coroutine, Iterable
    from datetime import datetime
    from os import PathLike
    from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

    from ._artifact import Artifact
    from ._library import AsyncLibrary, Library
    from ._wishes import Sandbox

    P = ParamSpec("P")
    Q = ParamSpec("Q")
    R = TypeVar("R")
    T = TypeVar("T")
    S = TypeVar("S")
    S_contra = TypeVar("S_contra", contravariant=True)
    R_co = TypeVar("R_co", covariant=True)

    class _OfClass(Protocol[S_contra, Q, R_co]):
        def __call__(self, cls: type[S_contra], /, *args: Q.args, **kwargs: Q.kwargs) -> R_co: ...

    class _OfInstance(Protocol[S_contra, Q, R_co]):
        def __call__(self, instance: S_contra, /, *args: Q.args, **kwargs: Q.kwargs) -> R_co: ...

    class FlowFunction(Generic[P, R_co]):
        """A decorated function: called as before, and with a key."""

        __name__: str
        __qualname__: str
        __wrapped__: Callable[..., Any]

        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...

        def with_key(self, key: object, /) -> Callable[P, R_co]:
            """The same function, whose next call is named by this key instead of by its order."""

        # A class method, a function asked of its class, a method, a static method: told apart by what comes first.
        @overload
        def __get__(self: _OfClass[S, Q, R], instance: S | None, owner: type[S], /) -> FlowFunction[Q, R]: ...
        @overload
        def __get__(self, instance: None, owner: type, /) -> FlowFunction[P, R_co]: ...
        @overload
        def __get__(self: _OfInstance[S, Q, R], instance: S, owner: type | None = None, /) -> FlowFunction[Q, R]: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None, /) -> FlowFunction[P, R_co]: ...
        def __get__(self, instance: Any, owner: Any = None, /) -> Any: ...

    class _Decorator(Protocol):
        def __call__(self, function: Callable[P, R], /) -> FlowFunction[P, R]: ...


class _Common:
    """What is the same for plain code and for coroutines."""

    Failed = _errors.Failed
    Cancelled = _errors.Cancelled
    PauseExpired = _errors.PauseExpired
    ChildFailed = _errors.ChildFailed
    Diverged = _errors.Diverged
    NotRecordable = _errors.NotRecordable
    Timeout = _errors.Timeout
    NoSecret = _errors.NoSecret

    current_span = CurrentSpan()

    @property
    def play_sid(self) -> str:
        """The play's id; `plain` where there is none."""
        engine = active()
        return "plain" if engine is None else engine.play_sid

    @property
    def attempt(self) -> int:
        """Which attempt of the play this is, from 1."""
        engine = active()
        return 1 if engine is None else engine.attempt

    @property
    def workdir(self) -> str:
        """The play's own directory, the same in every attempt; the current one where there is no play."""
        engine = active()
        return os.getcwd() if engine is None else engine.workdir

    @staticmethod
    def idempotency_key() -> str:
        """32 hex digits for the current step, the same in all its tries and in all attempts of the play."""
        from hashlib import blake2b

        scope = current.get()
        if scope is None:
            error = outside("flow.idempotency_key")
            if error is not None:
                raise error
            return "plain"
        text = f"{scope.engine.play_sid}\n{scope.call.path}"
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    @staticmethod
    def secret(name: str, /) -> str:
        """The value of a secret that the entry flow declares: `@flow(secrets=["API_KEY"])`.

        `hero_logic secret set API_KEY` sets it; without hero_logic it is the environment variable
        `HERO_SECRET_API_KEY`. Wherever the value would be kept or shown, `[secret API_KEY]` stands in its place.
        NoSecret where it is not declared, or not set.
        """
        return _secrets.value_of(name, active())

    @staticmethod
    def now() -> datetime:
        """The time, aware, in UTC; recorded."""
        return _values.now()

    @staticmethod
    def uuid() -> uuid.UUID:
        """A random UUID; recorded."""
        return _values.uuid()

    @staticmethod
    def random() -> float:
        """A float in [0, 1); recorded."""
        return _values.random()

    @staticmethod
    def step(name: str, /, **tags: Any) -> Block:
        """`with flow.step("load"):` — a span and a scope, seen but not recorded."""
        return Block("step", name, tags)

    @staticmethod
    def span(name: str, /, **tags: Any) -> Block:
        """Like `step`, for what is not a step of the work: a phase, a request."""
        return Block("span", name, tags)


class AsyncFlow(_Common):
    """The twins for coroutines: `await flow.aio.pause(...)`."""

    def run(
        self, name: str, fn: Callable[..., Any], /, *args: Any, key: Any = _call.NO_KEY, **kwargs: Any
    ) -> Coroutine[Any, Any, Any]:
        """Record the call of any function, plain or async, as a step of this name."""
        return start(step_of(name, fn), args, kwargs, key)

    if TYPE_CHECKING:

        @overload
        def invoke(self, wanted: str, /, **inputs: Any) -> Coroutine[Any, Any, Any]: ...
        @overload
        def invoke(self, wanted: Callable[..., Awaitable[T]], /, **inputs: Any) -> Coroutine[Any, Any, T]: ...
        @overload
        def invoke(self, wanted: Callable[..., T], /, **inputs: Any) -> Coroutine[Any, Any, T]: ...

    def invoke(self, wanted: Any, /, **inputs: Any) -> Coroutine[Any, Any, Any]:
        """Call a flow or a workflow of the library in this process; see `flow.invoke`. A plain one runs in a thread."""
        return invoke_soon(caller_module(), wanted, inputs)

    if TYPE_CHECKING:

        @overload
        def map(
            self, fn: str, items: Iterable[dict[str, Any]], *, concurrency: int | None = None
        ) -> Coroutine[Any, Any, list[Any]]: ...
        @overload
        def map(
            self, fn: Callable[[Any], Awaitable[T]], items: Iterable[Any], *, concurrency: int | None = None
        ) -> Coroutine[Any, Any, list[T]]: ...
        @overload
        def map(
            self, fn: Callable[[Any], T], items: Iterable[Any], *, concurrency: int | None = None
        ) -> Coroutine[Any, Any, list[T]]: ...

    def map(self, fn: Any, items: Iterable[Any], *, concurrency: int | None = None) -> Any:
        """Call `fn` (or the flow of that name, with a dict of inputs) for each item, at once; results in order."""
        from ._async_fan_out import map_all

        call = by_name(invoke_soon, caller_module(), fn) if isinstance(fn, str) else fn
        return map_all(call, list(items), concurrency)

    def gather(self, *calls: Awaitable[Any] | Callable[[], Any]) -> Coroutine[Any, Any, list[Any]]:
        """Await all of them at once; results in order. A function without arguments is called first."""
        from ._async_fan_out import gather_all

        return gather_all(calls)

    def first(self, *calls: Awaitable[Any] | Callable[[], Any]) -> Coroutine[Any, Any, Any]:
        """Await these at once; what the first to finish gives or raises. The others are cancelled.

        Which one it was is recorded. A function without arguments is called first.
        """
        from ._async_fan_out import first_of

        return first_of(calls)

    @property
    def library(self) -> AsyncLibrary:
        """Search the library, save to it, choose a version; see `flow.library`."""
        from ._library import AsyncLibrary

        return AsyncLibrary()

    def pause(
        self,
        name: str,
        *,
        schema: dict[str, Any] | bool | None = None,
        ui: dict[str, Any] | None = None,
        timeout: float | None = None,
        default: Any = NOT_GIVEN,
        question: str | None = None,
    ) -> Coroutine[Any, Any, Any]:
        """Wait for a payload; see `flow.pause`."""
        return pause_soon(name, checked(question, schema, ui, timeout, default))

    def artifact(
        self, path: str | PathLike[str], name: str | None = None, media_type: str | None = None
    ) -> Coroutine[Any, Any, Artifact]:
        """Keep a file of the working directory; see `flow.artifact`."""
        from ._artifact import put_soon

        return put_soon(path, name, media_type)


class Flow(_Common):
    """The decorator and the namespace."""

    aio = AsyncFlow()

    @property
    def library(self) -> Library:
        """Search the library of workflows, save a source to it, choose a version by what was measured."""
        from ._library import Library

        return Library()

    if TYPE_CHECKING:

        @overload
        def __call__(self, function: Callable[P, R], /) -> FlowFunction[P, R]: ...
        @overload
        def __call__(
            self,
            *,
            name: str | None = None,
            inputs: Any = None,
            outputs: Any = None,
            retries: int = 0,
            backoff: float = 1.0,
            timeout: float | None = None,
            on_unknown: str = "retry",
            durability: str = "durable",
            key: Callable[..., Any] | None = None,
            tags: dict[str, Any] | None = None,
            description: str | None = None,
            sandbox: Sandbox | None = None,
            secrets: list[str] | tuple[str, ...] | None = None,
            resume_when: str = "any",
        ) -> _Decorator: ...

    def __call__(self, function: Any = None, /, **options: Any) -> Any:  # type: ignore[misc]
        """Decorate a function: each call of it is a span, and its outcome is recorded.

        It stands above `@classmethod` and `@staticmethod`, so that `with_key` knows the class.

        - `name`: of its spans; the function's own by default.
        - `inputs`, `outputs`: declared types, else read from annotations. Inputs have no further fields; a result
          may, since it may be of a subclass of what is annotated. In it, nan and infinity have no form in JSON.
        - `retries`: further tries after a failure. `backoff`: seconds; try k + 1 waits a random time between 0 and
          min(60, backoff · 2^(k-1)). `flow.Failed` and values that cannot be recorded are not tried again.
        - `timeout`: seconds for each try, then `flow.Timeout`. Coroutines are cancelled; plain code is interrupted
          in the main thread; in other threads Python cannot interrupt it: it runs to its end and fails then.
          For that the SDK owns SIGALRM and ITIMER_REAL there.
        - `on_unknown`: what to do about a call that began and has no outcome: `retry` it, `fail` the play, `ask`.
        - `durability`: `durable` returns once the outcome is on disk; `buffered` leaves that to the next durable one.
        - `key`: a function of the arguments, which names the call by what it works on.
        - `sandbox`: of the entry flow: what it needs that not every play may have, up to what the configuration of
          hero_logic allows. A dict of any of `network` (True, False or a list of TCP ports), `subprocess` (whether it
          may start other processes), `memory_mb`, `processes`, `disk_mb`, `cpu_s`, `wall_s` (limits), `read`, `write`
          (lists of absolute paths) and `env` (names of variables of the environment). A play's process is confined
          before its flow begins, so on a step beneath it says nothing.
        - `secrets`: of the entry flow: the names of the secrets that `flow.secret` gives in its plays. A play is not
          started while one of them is not set.
        - `resume_when`: of the entry flow: whether a play that waits for several answers goes on once it has `any`
          of them, or only with `all`.
        """
        if function is None:
            check_options(options)
            return lambda decorated: decorate(decorated, options)
        if options:
            raise TypeError("write @flow(...) with options only, or @flow alone")
        return decorate(function, {})

    def run(self, name: str, fn: Callable[..., T], /, *args: Any, key: Any = _call.NO_KEY, **kwargs: Any) -> T:
        """Record the call of any function as a step of this name."""
        step = step_of(name, fn)
        if step.is_async:
            raise TypeError(f"flow.run cannot await {name!r}: write `await flow.aio.run(...)`")
        result: T = call_now(step, args, kwargs, key)
        return result

    if TYPE_CHECKING:

        @overload
        def invoke(self, wanted: str, /, **inputs: Any) -> Any: ...
        @overload
        def invoke(self, wanted: Callable[..., T], /, **inputs: Any) -> T: ...

    def invoke(self, wanted: Any, /, **inputs: Any) -> Any:
        """Call a flow of this file by its name, or any by its function, in this process.

        Its inputs go by name, as they are: values, not the plain JSON that a play gets.

        A name that the file does not define is a workflow of the library: its current version when the play first asks
        for it, and that same version from then on; `trip@3` is version 3 of it. What goes in and comes out is plain
        JSON there, and is held against what the version declares. It has no more than the play: the entry flow must
        declare its secrets, and wish for what it needs of the sandbox. At most 32 workflows invoke each other, itself
        included.

        Raises LookupError with close names, InvalidInputs, PermissionError where the play has less than the workflow
        needs, ImportError where its file cannot be loaded, Failed where too many are beneath each other.
        """
        return invoke_now(caller_module(), wanted, inputs)

    if TYPE_CHECKING:

        @overload
        def map(self, fn: str, items: Iterable[dict[str, Any]], *, concurrency: int | None = None) -> list[Any]: ...
        @overload
        def map(self, fn: Callable[[Any], T], items: Iterable[Any], *, concurrency: int | None = None) -> list[T]: ...

    def map(self, fn: Any, items: Iterable[Any], *, concurrency: int | None = None) -> list[Any]:
        """Call `fn` (or the flow or workflow of that name, with a dict of inputs) for each item, in threads.

        Results are in order.

        `concurrency` is 8 by default. All items run to their end; then the first failure in order is raised.
        """
        call: Callable[[Any], Any] = by_name(invoke_now, caller_module(), fn) if isinstance(fn, str) else fn
        listed = list(items)
        thunks = [functools.partial(call, item) for item in listed]
        return _fan_out.run_all(thunks, [call] * len(listed), concurrency)

    def gather(self, *calls: Callable[[], Any], concurrency: int | None = None) -> list[Any]:
        """Call all of these functions without arguments at once, in threads; results in order."""
        return _fan_out.run_all(calls, calls, _fan_out.limit_of(calls, concurrency))

    def first(self, *calls: Callable[[], Any], concurrency: int | None = None) -> Any:
        """Call these functions without arguments at once, in threads; what the first to finish gives or raises.

        Which one it was is recorded. Once there is one, no further call begins; threads cannot be interrupted, so
        those that have begun are waited for.
        """
        return _fan_out.run_first(calls, _fan_out.limit_of(calls, concurrency))

    def pause(
        self,
        name: str,
        *,
        schema: dict[str, Any] | bool | None = None,
        ui: dict[str, Any] | None = None,
        timeout: float | None = None,
        default: Any = NOT_GIVEN,
        question: str | None = None,
    ) -> Any:
        """Wait for a payload, and return it. The process may end meanwhile; then the flow runs again up to here.

        `schema` (JSON Schema) is checked before anything resumes. `ui` holds hints for forms. After `timeout`
        seconds the `default` stands in, or PauseExpired is raised.
        """
        return pause_now(name, checked(question, schema, ui, timeout, default))

    def artifact(self, path: str | PathLike[str], name: str | None = None, media_type: str | None = None) -> Artifact:
        """Keep a file of the working directory with the play; it is on disk when this returns.

        `path` is relative to `flow.workdir`, or absolute beneath it. The file's content is copied as it is then; what
        becomes of the file later changes nothing. `name` is the file's own unless told, `media_type` by its ending. The
        same name again takes the place of the one before. Of links nothing is kept, nor of files with several names.
        All artifacts of a play together have no more bytes than `disk_mb` of its sandbox allows.

        A play's working directory is wiped some days after its end, its artifacts are not. So keep a file in the step
        that writes it, and return what this gives: a replay then does not need the file.

        Raises FileNotFoundError, ValueError on what cannot be an artifact, OSError where it could not be kept.
        """
        from ._artifact import put

        return put(path, name, media_type)


flow = Flow()
