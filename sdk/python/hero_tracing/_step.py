"""What a recorded call is, declared once: the function with its options. Must not know plays."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable

from . import _frames
from ._codec import is_plain, preview
from ._errors import Failed, NotRecordable
from ._json import json_writer
from ._scope import escape
from ._secrets import is_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Longest wait between two tries, in seconds, whatever the exponent says.
BACKOFF_SECONDS_MAX = 60.0
# Characters of arguments and results that a span shows.
PREVIEW_CHARS_MAX = 2000

ON_UNKNOWN = ("retry", "fail", "ask")
DURABILITY = ("durable", "buffered")
# When a play with several open questions goes on: once one is answered, or all.
RESUME_WHEN = ("any", "all")

_NONE = type(None)
_FINITE = float("inf")
# What each option of `@flow` takes: in words, of which types, and which values of those; None is what it is without.
_OPTIONS: dict[str, tuple[str, tuple[type, ...], Callable[[Any], bool]]] = {
    "name": ("text", (str, _NONE), bool),
    "inputs": ("a dict of names, each with a JSON Schema or a type", (object,), lambda _value: True),
    "outputs": ("a type, a JSON Schema, or a dict of names", (object,), lambda _value: True),
    "retries": ("a number of further tries, 0 or more", (int,), lambda value: value >= 0),
    "backoff": ("seconds, 0 or more", (int, float), lambda value: 0 <= value < _FINITE),
    "timeout": ("seconds, more than 0", (int, float, _NONE), lambda value: 0 < value < _FINITE),
    "on_unknown": (f"one of {', '.join(ON_UNKNOWN)}", (str,), lambda value: value in ON_UNKNOWN),
    "durability": (f"one of {', '.join(DURABILITY)}", (str,), lambda value: value in DURABILITY),
    "key": ("a function of the arguments", (Callable, _NONE), lambda _value: True),  # type: ignore[dict-item]
    "tags": ("a dict of names and values", (dict, _NONE), lambda _value: True),
    "description": ("text", (str, _NONE), lambda _value: True),
    "sandbox": ("a dict of settings", (dict, _NONE), lambda _value: True),
    "secrets": (
        "a list of names of upper-case letters, digits and `_`, no digit first",
        (list, tuple, _NONE),
        is_names,
    ),
    "resume_when": (f"one of {', '.join(RESUME_WHEN)}", (str,), lambda value: value in RESUME_WHEN),
}

_COROUTINE_FLAGS = 0x80 | 0x200  # CO_COROUTINE, CO_ASYNC_GENERATOR
_GENERATOR_FLAGS = 0x20 | 0x200  # CO_GENERATOR, CO_ASYNC_GENERATOR
_VARARGS_FLAG = 0x04
_IMMUTABLE = frozenset({str, int, float, bool, type(None), bytes, complex, range})

_show = json_writer(item_separator=", ", key_separator=": ")


class Step:
    """A function whose calls are recorded, and how."""

    __slots__ = (
        "backoff",
        "buffered",
        "defaults",
        "escaped",
        "function",
        "has_self",
        "is_async",
        "key_of",
        "kind",
        "name",
        "name_json",
        "names",
        "on_unknown",
        "options",
        "retries",
        "tags_json",
        "timeout",
        "what",
    )

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        kind: str = "flow",
        retries: int = 0,
        backoff: float = 1.0,
        timeout: float | None = None,
        on_unknown: str = "retry",
        durability: str = "durable",
        key: Callable[..., Any] | None = None,
        tags: dict[str, Any] | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        code, bound = _code_of(function)
        self.function = function
        self.name: str = name or str(getattr(function, "__name__", type(function).__name__))
        self.kind = kind
        self.retries = retries
        self.backoff = backoff
        self.timeout = timeout
        self.on_unknown = on_unknown
        self.buffered = durability == "buffered"
        self.key_of = key
        self.options = options or {}
        self.is_async = _is_coroutine_function(function)
        self.names: tuple[str, ...] = () if code is None else code.co_varnames[bound : code.co_argcount]
        self.has_self = self.names[:1] in {("self",), ("cls",)}
        self.escaped = escape(self.name)
        self.name_json = _frames.quote(self.name)
        self.tags_json = tags_text(tags) if tags else ""
        self.what = f"the result of {self.name!r}"
        defaults = (getattr(function, "__defaults__", None), getattr(function, "__kwdefaults__", None))
        # Those that a call could change; None where there are none.
        self.defaults = defaults if any(_is_mutable(held) for held in defaults) else None

    def invoked(self) -> Step:
        """The same step, as `flow.invoke` records it."""
        from copy import copy

        step = copy(self)
        step.kind = "invoke"
        return step

    def shown_inputs(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """The arguments by name, as short JSON text."""
        names = self.names
        if self.has_self and args and names[0] == "self":
            names, args = names[1:], args[1:]
        shown = dict(zip(names, args, strict=False))
        if len(args) > len(names):
            shown["*args"] = list(args[len(names) :])
        if kwargs:
            shown.update(kwargs)
        return shown_text(shown)

    def state_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """A fingerprint of all that a call of this function must not change; None where nothing can."""
        held: list[Any] = [value for value in (*args, *kwargs.values()) if type(value) not in _IMMUTABLE]
        if self.has_self and args and type(args[0]) is not type:
            held.append(getattr(args[0], "__dict__", None))
        if self.defaults is not None:
            held.append(self.defaults)
        if not held:
            return None
        from ._state import state_of

        return state_of(held)

    def is_retried(self, error: BaseException) -> bool:
        """Whether a further try could help."""
        return isinstance(error, Exception) and not isinstance(error, Failed | NotRecordable)

    def delay(self, number: int) -> float:
        """Seconds before try `number` (2, 3, …): exponential backoff with full jitter.

        Uniform between 0 and min(60, backoff · 2^(number - 2)), as in "Exponential Backoff And Jitter" (Brooker,
        AWS, 2015). Neither the jitter nor the wait is recorded.
        """
        ceiling = min(BACKOFF_SECONDS_MAX, self.backoff * 2.0 ** min(number - 2, 30))
        return ceiling * int.from_bytes(os.urandom(7), "little") / 2.0**56


def shown_text(value: object) -> str:
    """`preview`, with a short way for small plain values."""
    if is_plain(value):
        try:
            text = _show(value)
            if len(text) <= PREVIEW_CHARS_MAX and text.isascii():
                return text
        except ValueError:
            pass  # nan or inf
    return preview(value, PREVIEW_CHARS_MAX)


def tags_text(tags: dict[str, Any]) -> str:
    """Tags as JSON text. What is not plain JSON stands as its preview."""
    return _show(_frames.within_limits({str(key): plain_tag(value) for key, value in tags.items()}))


def plain_tag(value: object) -> object:
    """A tag's value as it is, if it is short and plain; else as text."""
    text = preview(value, PREVIEW_CHARS_MAX)
    if value is None or (isinstance(value, float) and value - value != 0):
        return None if value is None else repr(value)
    return value if type(value) in {str, int, float, bool} and len(text) < PREVIEW_CHARS_MAX else text


def check_options(options: dict[str, Any]) -> None:
    """TypeError or ValueError on what `@flow` does not take, which names the option and says what it takes."""
    for name, value in options.items():
        if name not in _OPTIONS:
            from difflib import get_close_matches

            close = get_close_matches(name, _OPTIONS, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(_OPTIONS)}"
            raise TypeError(f"@flow has no option {name!r}; {hint}")
        words, kinds, fits = _OPTIONS[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and object not in kinds):
            raise TypeError(f"{name} must be {words}, not {value!r}")
        if value is not None and not fits(value):
            raise ValueError(f"{name} must be {words}, not {value!r}")
        if name == "sandbox" and isinstance(value, dict):
            from ._wishes import check_sandbox

            check_sandbox(value)


def refuse_generator(function: Callable[..., Any], name: str) -> None:
    """TypeError on a generator function: what it gives cannot be one record."""
    code, _ = _code_of(function)
    if code is not None and code.co_flags & _GENERATOR_FLAGS:
        raise TypeError(f"@flow cannot record {name!r}, a generator: return a list, or call a step for each item")


def _is_coroutine_function(function: Callable[..., Any]) -> bool:
    """Whether a call gives a coroutine: by its code, or because it says so (`inspect.markcoroutinefunction`)."""
    code, _ = _code_of(function)
    if code is not None and code.co_flags & _COROUTINE_FLAGS:
        return True
    while isinstance(function, functools.partial):
        function = function.func
    return "_is_coroutine_mark" in getattr(function, "__dict__", ())


def _code_of(function: Any) -> tuple[Any, int]:
    """The code that a call runs, and how many of its parameters are given before: to a partial, or as a `self`.

    The code is None where it is not Python's, and for a class, whose instance is what a call gives.
    """
    bound = 0
    while isinstance(function, functools.partial):
        bound += len(function.args)
        function = function.func
    code = getattr(function, "__code__", None)
    if code is None and not isinstance(function, type):
        return getattr(type(function).__call__, "__code__", None), bound + 1
    return code, bound + hasattr(function, "__self__")


def _is_mutable(held: Any) -> bool:
    values = held.values() if isinstance(held, dict) else held or ()
    return any(isinstance(value, list | dict | set | bytearray) for value in values)
