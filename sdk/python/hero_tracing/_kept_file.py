"""A file that is to be kept as an artifact, as the runtime reads it: where there is none, this looks in its place.

A name is opened at a time and never through a link, so that what is refused here is what a play is refused.
"""

from __future__ import annotations

import os
import stat

# The runtime's own limit, unless it is configured otherwise.
BYTES_MAX = 1 << 30
_CHUNK_BYTES = 1 << 18
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class NotKept(Exception):
    """Why not: a code, and words that follow the file's name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def measure(workdir: str, path: str) -> tuple[str, int]:
    """Digest (SHA-256) and size of a file beneath the working directory; `path` is names between slashes."""
    *above, name = path.split("/")
    place = os.open(workdir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    owner = os.fstat(place).st_uid
    try:
        for part in above:
            place = _next(place, part)
        descriptor = _open(place, name, _FILE, "")
    finally:
        os.close(place)
    try:
        _check(os.fstat(descriptor), owner)
        return _read(descriptor)
    finally:
        os.close(descriptor)


def _next(place: int, part: str) -> int:
    """The directory of this name in that one, which is closed."""
    below = _open(place, part, _DIRECTORY, f"of its directory {part}: ")
    os.close(place)
    return below


def _open(place: int, name: str, flags: int, whose: str) -> int:
    try:
        return os.open(name, flags, dir_fd=place)
    except FileNotFoundError:
        raise NotKept("not_found", f"{whose}there is no such file") from None
    except OSError as error:
        try:
            mode = os.stat(name, dir_fd=place, follow_symlinks=False).st_mode
        except OSError:
            mode = 0
        if stat.S_ISLNK(mode):
            hint = "artifacts are read without following links"
            raise NotKept("link", f"{whose}it is a symbolic link; {hint}") from None
        if isinstance(error, NotADirectoryError) or stat.S_ISSOCK(mode):
            raise NotKept("not_a_file", f"{whose}it is {_kind(mode)}") from None
        raise NotKept("failed", f"{whose}{error.strerror}") from None


def _check(known: os.stat_result, owner: int) -> None:
    if not stat.S_ISREG(known.st_mode):
        raise NotKept("not_a_file", f"it is {_kind(known.st_mode)}")
    if known.st_uid != owner:
        raise NotKept("foreign", "it belongs to another user; copy it and keep the copy")
    if known.st_nlink > 1:
        raise NotKept("linked", f"it has {known.st_nlink} names (hard links); copy it and keep the copy")
    if known.st_size > BYTES_MAX:
        raise _too_large()


def _read(descriptor: int) -> tuple[str, int]:
    from hashlib import sha256

    digest, size = sha256(), 0
    while chunk := os.read(descriptor, _CHUNK_BYTES):
        size += len(chunk)
        if size > BYTES_MAX:
            raise _too_large()
        digest.update(chunk)
    return digest.hexdigest(), size


def _too_large() -> NotKept:
    return NotKept("too_large", f"it has more than the {BYTES_MAX} bytes that an artifact may have")


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory, not a file"
    if stat.S_ISFIFO(mode):
        return "a pipe, not a file"
    if stat.S_ISSOCK(mode):
        return "a socket, not a file"
    return "a file, not a directory" if stat.S_ISREG(mode) else "a device, not a file"
