"""The exceptions of hero_tracing.

    Exception
    ├── Failed               "this did not work", said by a flow; shown without a traceback
    ├── Cancelled            the play or the call was cancelled
    ├── PauseExpired         nobody answered a pause in time and it has no default
    ├── ChildFailed          a sub-flow with a play of its own failed
    ├── LookupError
    │   └── NoSecret         a secret was asked for that is not declared, or not set
    ├── ValueError
    │   └── InvalidInputs    inputs do not fit the flow; each field by JSON pointer
    ├── TypeError
    │   ├── SchemaError      a declaration or annotation of a flow cannot be a JSON Schema
    │   ├── NotRecordable    a value cannot be kept and given back equal
    │   └── AttributeNotKept an attribute of a rebuilt exception was used that could not be kept
    └── TimeoutError
        └── Timeout          a step ran longer than its timeout
    BaseException            flow code must not swallow these, so `except Exception` does not
    ├── Diverged             a replay asked for another step than the record holds
    ├── ScopeError           a recorded call was made where it can have no path
    └── ParkSignal           the play parks: everything unwinds and the process exits

Each has a stable `code` that the API shows. This module knows nothing else of the package.
"""

from __future__ import annotations


class Failed(Exception):
    """This did not work. Raise it for a failure that needs no traceback; it is never retried."""

    code = "failed"


class Cancelled(Exception):
    """The play, or the call that was waited for, was cancelled."""

    code = "cancelled"


class PauseExpired(Exception):
    """A pause was not answered before its timeout and has no default."""

    code = "pause_expired"


class ChildFailed(Exception):
    """A sub-flow that runs as a play of its own did not succeed."""

    code = "child_failed"


class NoSecret(LookupError):
    """A secret was asked for that the entry flow does not declare, or that is not set."""

    code = "no_secret"


class InvalidInputs(ValueError):
    """The inputs do not fit the flow. `problems` holds (JSON pointer, what is wrong) for each field."""

    code = "invalid_inputs"

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{pointer or '/'} {problem}" for pointer, problem in problems))
        self.problems = problems


class SchemaError(TypeError):
    """What a flow declares of its inputs or outputs, or their annotations, cannot be a JSON Schema."""

    code = "invalid_schema"


class NotRecordable(TypeError):
    """A value cannot be recorded, since a replay could not give it back equal in type and value.

    `path_in_value` says where in the value it stands, as a Python expression that follows the
    value ("" for the value itself, `["rows"][3].when`); `hint` says what to return instead.
    """

    code = "not_recordable"

    def __init__(self, message: str, *, path_in_value: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.path_in_value = path_in_value
        self.hint = hint


class AttributeNotKept(TypeError):
    """An attribute of a rebuilt exception was used, but its value could not be recorded."""

    code = "attribute_not_kept"


class Timeout(TimeoutError):
    """A step ran longer than the timeout it was given."""

    code = "timeout"


class Diverged(BaseException):
    """A replay asked for another step than its record holds.

    `expected` is what the record holds, `actual` what was asked for (both as text),
    `location` is `file:line` of the call.
    """

    code = "diverged"

    def __init__(
        self,
        message: str,
        *,
        expected: str = "",
        actual: str = "",
        location: str = "",
        path: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.expected = expected
        self.actual = actual
        self.location = location
        self.path = path
        self.hint = hint


class ScopeError(BaseException):
    """A recorded call was made where it can have no path.

    `code` is `no_scope` (at import, from an unknown thread, in a loop callback), `ended_scope`,
    `wrong_process`, `duplicate_key` or `path_too_long`.
    """

    def __init__(self, message: str, *, code: str = "no_scope", hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


class ParkSignal(BaseException):
    """The play parks. Everything unwinds; what happens on the way is not recorded."""

    code = "parked"
