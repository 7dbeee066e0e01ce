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
    from collections.abc import Callable
    from typing import Any


def fingerprint(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """16 hex digits (BLAKE2b, 64 bits) over the canonical text of the arguments.

    The order of `kwargs` does not matter. What cannot be recorded counts as the name of its type,
    also within containers.
    """
    arguments: list[Any] = [list(args)]
    if kwargs:
        arguments.append(dict(sorted(kwargs.items())) if len(kwargs) > 1 else kwargs)
    return digest(arguments, _lenient)


def digest(value: list[Any], encoder: Callable[[], Encoder]) -> str:
    """16 hex digits of a value's canonical text, by this encoder where the value is not plain JSON."""
    if is_plain(value):
        try:
            return blake2b(write_json(value).encode(), digest_size=8).hexdigest()
        except ValueError:
            pass  # nan, inf or a lone surrogate: they need a tag
    return blake2b(write_json(encoder().walk(value, 0)).encode(), digest_size=8).hexdigest()


def _lenient() -> Encoder:
    return Encoder(lenient=True)
