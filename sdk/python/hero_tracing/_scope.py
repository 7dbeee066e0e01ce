"""Scopes and paths: where in the play a call is made, and so which record is its own.

A scope is a recorded call, a block (`flow.step`, `flow.span`) or a branch (task, thread, executor job, item of a
map). It numbers what is called in it, by name. Must not know records, frames or threads.
"""

from __future__ import annotations

from contextvars import ContextVar

from ._codec import key_text
from ._errors import ScopeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._engine import Engine
    from ._gate import Gate, Job

CALL, BLOCK, BRANCH = "call", "block", "branch"

# Of a path in UTF-8. The runtime refuses longer ones: each record and each frame of a node carries its path.
PATH_BYTES_MAX = 8192
# No path of so few characters is longer than that, so most need not be counted.
_SHORT_CHARS = PATH_BYTES_MAX // 4
# Characters of the path that an error shows.
_SHOWN_CHARS = 100

_ESCAPES = {ord(char): f"%{ord(char):02X}" for char in "/#~[]%"}


class Scope:
    """A place in which calls get their numbers."""

    __slots__ = (
        "blame",
        "call",
        "counts",
        "ended",
        "engine",
        "gate",
        "gone",
        "job",
        "keep",
        "keys",
        "kind",
        "name",
        "parent",
        "path",
        "pauses",
        "span",
        "superseded",
        "taken",
        "task",
    )

    def __init__(self, engine: Engine, kind: str, path: str, name: str, parent: Scope | None, span: int = 0) -> None:
        self.engine = engine
        self.kind = kind
        self.path = path
        self.name = name
        self.parent = parent
        self.span = span  # id of its span; 0 while that has not begun
        self.counts: dict[str, int] = {}
        self.ended = False
        self.taken = ""  # fingerprint of the call
        self.task: Any = None  # the asyncio task of a branch
        if kind is CALL:
            self.call = self  # the nearest recorded call
            self.keys: set[str] | None = None
            self.pauses = 0  # open pauses beneath a call in flight
            self.gone = False  # no longer in flight: it has ended, and its outcome was handed over
            self.blame: tuple[BaseException, str] | None = None  # the latest failure of a call within, and its path
            self.superseded = False  # this try of the call has failed, and a further one follows
        else:
            assert parent is not None
            self.call = parent.call
        if parent is None:
            self.gate: Gate | None = None
            self.job: Job | None = None
            self.keep = False
        else:
            self.gate = parent.gate  # of the event loop on which this runs, or beside which its thread was started
            self.job = parent.job  # the executor job of a loop, in which this runs
            self.keep = parent.keep  # beneath a call with retries, whose next try asks again

    def allocate(self, name: str) -> str:
        """The path of the next call of this (escaped) name."""
        counts = self.counts
        number = counts.get(name, 0)
        counts[name] = number + 1
        path = f"{self.path}/{name}#{number}"
        if len(path) > _SHORT_CHARS:
            self._check_length(path)
        return path

    def keyed(self, name: str, key: object) -> str:
        """The path of the call of this (escaped) name with a key: in the nearest recorded call, in any branch."""
        call = self.call
        path = f"{call.path}/{name}[{escape(key_text(key))}]"
        if len(path) > _SHORT_CHARS:
            self._check_length(path)
        if call.keys is None:
            call.keys = set()
        if path in call.keys:
            error = ScopeError(
                f"{path} was called before: a key names one call",
                code="duplicate_key",
                hint="give each call a key of its own, or none",
            )
            raise self.engine.fail(error)
        call.keys.add(path)
        return path

    def origin_of(self, error: BaseException) -> str:
        """The path of the innermost call that this call's error came from, as far as it passed unchanged."""
        return self.blame[1] if self.blame is not None and self.blame[0] is error else self.path

    def _check_length(self, path: str) -> None:
        size = len(path.encode())
        if size > PATH_BYTES_MAX:
            levels = path.count("/")
            error = ScopeError(
                f"a path of {size} bytes, {levels} calls deep, is longer than {PATH_BYTES_MAX}: "
                f"{path[:_SHOWN_CHARS]}…{path[-_SHOWN_CHARS:]}",
                code="path_too_long",
                hint="give shorter names or keys, and use a loop instead of recursion",
            )
            raise self.engine.fail(error)

    def supersede(self) -> None:
        """This try of a call has failed, and a further one follows: nothing more is called from here."""
        self.ended = self.superseded = True

    def is_superseded(self) -> bool:
        """Whether this belongs to an earlier try of a call above."""
        call: Scope | None = self.call
        while call is not None and not call.superseded:
            call = None if call.parent is None else call.parent.call
        return call is not None

    def branch(self, qualname: str) -> Scope:
        """The scope of a branch that is submitted now."""
        return Scope(self.engine, BRANCH, self.allocate("~" + escape(qualname)), qualname, self)


# The scope in which the running code stands; None outside of a play.
current: ContextVar[Scope | None] = ContextVar("hero_tracing_scope", default=None)


def escape(name: str) -> str:
    """A name or a key as it stands in a path."""
    if name.isidentifier() and name.isascii():
        return name
    if name.isascii():
        return name.translate(_ESCAPES)
    try:
        name.encode()
    except UnicodeEncodeError:
        name = "".join(_escape_surrogate(char) for char in name.replace("%", "%25"))
        return name.translate({code: text for code, text in _ESCAPES.items() if code != ord("%")})
    return name.translate(_ESCAPES)


def _escape_surrogate(char: str) -> str:
    """A lone surrogate has no UTF-8; its bytes are escaped as if it had."""
    if not 0xD800 <= ord(char) <= 0xDFFF:
        return char
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def qualname_of(function: object) -> str:
    """The name of a branch that runs this function or coroutine."""
    inner = getattr(function, "func", None)  # functools.partial
    if inner is not None and not hasattr(function, "__qualname__"):
        return qualname_of(inner)
    name = getattr(function, "__qualname__", None)
    if not isinstance(name, str):
        name = type(function).__qualname__
    return name.rpartition("<locals>.")[2]
