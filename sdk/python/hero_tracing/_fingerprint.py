"""The fingerprint of a call's arguments, by which a replay sees that it asks for the same call.

Must not know the function: arguments count as they were passed, without binding to a signature.
"""

from __future__ import annotations

from ._codec import Encoder, is_plain
from ._json import write_json

try:
    from _blake2 import blake2b  # hashlib, which gives the same function, loads OpenSSL first
except ImportError:
    from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def fingerprint(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """16 hex digits (BLAKE2b, 64 bits) over the canonical text of the arguments.

    The order of `kwargs` does not matter. What cannot be recorded counts as the name of its type,
    also within containers.
    """
    arguments: list[Any] = [list(args)]
    if kwargs:
        arguments.append(dict(sorted(kwargs.items())) if len(kwargs) > 1 else kwargs)
    return blake2b(_canonical(arguments), digest_size=8).hexdigest()


def _canonical(arguments: list[Any]) -> bytes:
    if is_plain(arguments):
        try:
            return write_json(arguments).encode()
        except ValueError:
            pass  # nan, inf or a lone surrogate: they need a tag
    return write_json(Encoder(lenient=True).walk(arguments, 0)).encode()
