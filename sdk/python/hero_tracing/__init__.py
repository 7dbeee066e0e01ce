"""Write runnable, observable, resumable Python flows.

    from hero_tracing import ask_user, flow

    @flow
    def fetch(url: str) -> str: ...

    @flow
    def main(url: str) -> str:
        page = fetch(url)
        return ask_user.choice("Keep it?", ["yes", "no"]) + page

Run it with `hero_logic run my_flow.py --input url=…`, or with plain `python my_flow.py`.
"""

from __future__ import annotations

from . import ask_user
from ._errors import (
    Cancelled,
    ChildFailed,
    Diverged,
    Failed,
    InvalidInputs,
    NoSecret,
    NotRecordable,
    ParkSignal,
    PauseExpired,
    SchemaError,
    ScopeError,
    Timeout,
)
from ._flow import flow
from ._frames import SDK_VERSION as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._artifact import Artifact

__all__ = [
    "Artifact",
    "Cancelled",
    "ChildFailed",
    "Diverged",
    "Failed",
    "InvalidInputs",
    "NoSecret",
    "NotRecordable",
    "ParkSignal",
    "PauseExpired",
    "SchemaError",
    "ScopeError",
    "Timeout",
    "__version__",
    "ask_user",
    "flow",
]


def __getattr__(name: str) -> object:
    """What few flows need, and costs an import."""
    if name == "Artifact":
        from ._artifact import Artifact

        return Artifact
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
