"""JSON text, read and written as fast as the standard library can.

Its C encoder and decoder are built once: `json.dumps` and `json.loads` with options build one for each text,
which costs 0.8 µs more. Knows nothing of what the values mean.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def json_writer(
    *, item_separator: str = ",", key_separator: str = ":", sort_keys: bool = False
) -> Callable[[Any], str]:
    """A writer of JSON text that is not escaped to ASCII, and refuses nan and inf with ValueError.

    It does not look for cycles: the caller has walked the value.
    """
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # a Python without the C encoder
        return json.JSONEncoder(
            ensure_ascii=False,
            check_circular=False,
            allow_nan=False,
            separators=(item_separator, key_separator),
            sort_keys=sort_keys,
        ).encode
    escape: Any = json.encoder.encode_basestring
    write = make(None, None, escape, None, key_separator, item_separator, sort_keys, False, False)
    join = "".join
    return lambda value: join(write(value, 0))


write_json = json_writer()
write_sorted_json = json_writer(sort_keys=True)

_scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def read_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError."""
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        return json.loads(text)  # leading space, or an error that it words well
    return value if end == len(text) else json.loads(text)
