"""`flow.artifact`: a file of the working directory that the play keeps. The runtime reads it; this asks and waits.

Not a recorded call: between steps it is asked for again on each attempt, and the same content is the same artifact.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from os import getpid

from . import _frames
from ._engine import outside
from ._kept_file import NotKept, measure
from ._media_types import guess, is_media_type
from ._scope import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._engine import Engine

NAME_CHARS_MAX = 200
# Of a path; the system takes no longer one.
PATH_BYTES_MAX = 4096
# Codes of what is not the caller's mistake.
_OF_THE_SYSTEM = ("failed", "storage_full", "too_many", "limit_exceeded")


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that the play has kept: `digest` is its SHA-256 in hex, `size` its length in bytes."""

    name: str
    digest: str
    size: int
    media_type: str


# Where flows find it, and so do records.
Artifact.__module__ = __package__ or ""


class Wish:
    """What is to be kept, checked as far as that needs no look at the disk."""

    __slots__ = ("media_type", "name", "path", "shown")

    def __init__(self, path: str | os.PathLike[str], name: str | None, media_type: str | None, workdir: str) -> None:
        self.shown = os.fspath(path)
        if not isinstance(self.shown, str):
            raise TypeError(f"flow.artifact takes a path as text, not {type(self.shown).__name__}")
        names = [part for part in _beneath(self.shown, workdir).split("/") if part not in ("", ".")]
        if not names:
            raise self.failure("outside", "it names no file; flow.workdir itself cannot be kept")
        if ".." in names:
            raise self.failure("outside", "it is no path beneath flow.workdir; copy the file there first")
        self.path = "/".join(names)
        try:
            length = len(self.path.encode())
        except UnicodeEncodeError:
            raise self.failure("outside", "its path is not UTF-8") from None
        if length > PATH_BYTES_MAX or "\0" in self.path:
            raise self.failure("outside", "it is no path beneath flow.workdir")
        self.name = names[-1] if name is None else name
        if not isinstance(self.name, str):
            raise TypeError(f"the name of an artifact is text, not {type(self.name).__name__}")
        if not _is_name(self.name):
            rule = f"has 1 to {NAME_CHARS_MAX} characters, without / and control characters"
            raise self.failure("bad_name", f"its name {rule}; give one with name=")
        self.media_type = guess(self.name) if media_type is None else media_type
        if not is_media_type(self.media_type):
            raise self.failure("bad_media_type", f"{media_type!r} is no media type, such as text/csv")

    def failure(self, code: str, message: str) -> Exception:
        """What the flow gets where it is not kept: an exception like any other."""
        shown = self.shown or "''"
        text = f"artifact {shown}: {message}"
        if code == "not_found":
            return FileNotFoundError(text)
        return OSError(text) if code in _OF_THE_SYSTEM else ValueError(text)

    def kept(self, digest: str, size: int) -> Artifact:
        return Artifact(self.name, digest, size, self.media_type)


def put(path: str | os.PathLike[str], name: str | None, media_type: str | None) -> Artifact:
    """Keep a file; see `flow.artifact`. Blocks the thread."""
    found = _engine_and_span()
    if found is None:
        return _without_play(Wish(path, name, media_type, os.getcwd()))
    engine, span = found
    return _ask(engine, span, Wish(path, name, media_type, engine.workdir))


async def put_soon(path: str | os.PathLike[str], name: str | None, media_type: str | None) -> Artifact:
    """The same while the loop goes on."""
    import asyncio

    found = _engine_and_span()
    if found is None:
        return await asyncio.to_thread(_without_play, Wish(path, name, media_type, os.getcwd()))
    engine, span = found
    wish = Wish(path, name, media_type, engine.workdir)
    return await asyncio.get_running_loop().run_in_executor(None, _ask, engine, span, wish)


def _engine_and_span() -> tuple[Engine, int] | None:
    scope = current.get()
    if scope is None:
        error = outside("flow.artifact")
        if error is not None:
            raise error
        return None
    engine = scope.engine
    if engine.stop is not None or scope.call.ended or getpid() != engine.pid:
        raise engine.refuse_call(scope, "flow.artifact")
    return engine, engine.span_of(scope)


def _ask(engine: Engine, span: int, wish: Wish) -> Artifact:
    answer = engine.ask(_frames.artifact(span, wish.name, wish.path, wish.media_type))
    if answer["t"] == "not_kept":
        raise wish.failure(answer["code"], answer["message"])
    return wish.kept(answer["digest"], answer["size"])


def _without_play(wish: Wish) -> Artifact:
    """In plain Python it is only looked at, in the same way."""
    try:
        return wish.kept(*measure(os.getcwd(), wish.path))
    except NotKept as error:
        raise wish.failure(error.code, str(error)) from None


def _beneath(path: str, workdir: str) -> str:
    """The path from the working directory, whichever of its names an absolute one begins with."""
    if not path.startswith("/"):
        return path
    for base in (workdir, os.path.realpath(workdir)):
        if path.startswith(f"{base.rstrip('/')}/"):
            return path[len(base.rstrip("/")) + 1 :]
    return ".."


def _is_name(name: str) -> bool:
    if not 1 <= len(name) <= NAME_CHARS_MAX or name in (".", ".."):
        return False
    return not any(one == "/" or one < " " or "\x7f" <= one <= "\x9f" or "\ud800" <= one <= "\udfff" for one in name)
