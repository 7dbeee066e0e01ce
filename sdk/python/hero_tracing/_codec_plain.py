"""Which values JSON itself holds, so that they need no tag: most of them, which is why this is quick.

Must not know tags, but for how one looks.
"""

from __future__ import annotations

from ._blobs import BLOB_BYTES_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# Levels of nesting in a text. A line of the span protocol may have 64: one is the frame's own, and
# what a scalar's tag adds (a datetime with its timezone: 2) must still fit.
DEPTH_MAX = 60

# Readers of JSON keep integers as doubles: beyond this they are written in hexadecimal, which also
# escapes the limit of 4,300 digits that Python and JSON set to decimal ones.
INTEGER_MAX = 2**53

# A value has two bytes of text at least, with its comma. Lists that hold one list many times may come to more.
VALUES_MAX = BLOB_BYTES_MAX // 2

_ATOMS = frozenset({str, bool, type(None), float})


def is_plain(value: object) -> bool:
    """Whether JSON itself holds the value, nan, inf and lone surrogates aside (the encoder meets those).

    Exact types only: json would write a tuple as a list and an IntEnum as a number.
    """
    kind = type(value)
    if kind in _ATOMS:
        return True
    if kind is int:
        return -INTEGER_MAX <= value <= INTEGER_MAX  # type: ignore[operator]
    return left_by(value) >= 0


def left_by(container: object, left: int = VALUES_MAX, levels: int = DEPTH_MAX) -> int:
    """How many more values a text can hold beside those of this container; negative where it is not plain."""
    kind = type(container)
    if kind is dict:
        items: Iterable[Any] = container.values()  # type: ignore[attr-defined]
        for key in container:  # type: ignore[attr-defined]
            if type(key) is not str:
                return -1
    elif kind is list:
        items = container  # type: ignore[assignment]
        if container and looks_like_tag(container[0]):  # type: ignore[index]
            return -1
    else:
        return -1
    if levels == 0:
        return -1
    left -= len(container)  # type: ignore[arg-type]
    for item in items:
        kind = type(item)
        if kind in _ATOMS:
            continue
        if kind is int:
            if -INTEGER_MAX <= item <= INTEGER_MAX:
                continue
            return -1
        left = left_by(item, left, levels - 1)
        if left < 0:
            return -1
    return left


def looks_like_tag(item: object) -> bool:
    """Whether a list that begins with this would be read as a tagged value."""
    return type(item) is str and item[:1] == "$"
