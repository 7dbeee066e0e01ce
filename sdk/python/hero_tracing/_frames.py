"""The frames that go up, as text without their closing brace, and the ones that come down.

Text is put together by hand where a step passes, since that costs a tenth of a JSON encoder; every string that is
not known to be harmless goes through `quote`. Shapes are those of the span protocol. Must not know the socket.
"""

from __future__ import annotations

import itertools
import json
import json.encoder
import sys

from ._json import write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1
SDK_VERSION = "0.1.0"
# Of one line, with its newline, and of the brackets within one another on it: the runtime ends an attempt that
# writes more. Each limit below keeps a part of a frame well within these, beside a path and a name of their longest.
LINE_BYTES_MAX = 1024 * 1024
LINE_LEVELS_MAX = 64
# Of a value on a line; a larger one travels as a file.
INLINE_BYTES_MAX = LINE_BYTES_MAX // 4
# Of a question, with its schema, hints and default. A person is to read it.
QUESTION_BYTES_MAX = LINE_BYTES_MAX // 2
QUESTION_LEVELS_MAX = LINE_LEVELS_MAX - 4
# Tags of a node, which the runtime keeps no more of, and characters of a key. A value has at most as many as a
# preview, 2000, so that all of them take at most 860 kB.
TAGS_MAX = 100
TAG_KEY_CHARS_MAX = 100

quote = json.encoder.encode_basestring  # type: ignore[attr-defined, unused-ignore]


def hello(pid: int, code: str = "") -> str:
    """`code` is the file as this process compiled it, in letters that need no quotes."""
    version = "{}.{}.{}".format(*sys.version_info[:3])
    text = f'{{"t":"hello","v":{VERSION},"sdk":"{SDK_VERSION}","python":"{version}","pid":{pid}'
    return f'{text},"code":"{code}"' if code else text


def described(flows: list[dict[str, Any]], entry: str | None, error: dict[str, Any] | None = None) -> str:
    frame: dict[str, Any] = {"t": "described", "flows": flows}
    if entry is not None:
        frame["entry"] = entry
    if error is not None:
        frame["error"] = error
    return _open(frame)


def begin(
    span: int,
    parent: int,
    path: str,
    kind: str,
    name: str,
    *,
    fp: str = "",
    line: int = 0,
    inputs: str | None = None,
    tags: str = "",
    number: int = 0,
    recorded: bool = False,
) -> str:
    """`name` and `tags` are JSON text, `number` the try that begins."""
    text = f'{{"t":"begin","id":{span},"parent":{parent},"path":{quote(path)},"kind":"{kind}","name":{name}'
    if fp:
        text += f',"fp":"{fp}"'
    if line:
        text += f',"line":{line}'
    if inputs is not None:
        text += f',"inputs":{quote(inputs)}'
    if tags:
        text += f',"tags":{tags}'
    if number:
        text += f',"try":{number}'
    return text + ',"recorded":true' if recorded else text


def end(
    span: int,
    status: str,
    *,
    value: str = "",
    blob: tuple[str, int] | None = None,
    preview: str | None = None,
    error: dict[str, Any] | None = None,
    loop_time: float | None = None,
) -> str:
    """`value` is the codec's text."""
    text = f'{{"t":"end","id":{span},"status":"{status}"'
    if value:
        text += f',"value":{value}'
    elif blob is not None:
        text += f',"blob":{{"digest":"{blob[0]}","size":{blob[1]}}}'
    if preview is not None:
        text += f',"preview":{quote(preview)}'
    if error is not None:
        text += f',"error":{write_json(error)}'
    return text if loop_time is None else f'{text},"loop_time":{loop_time!r}'


def next_try(span: int, number: int, error: dict[str, Any], delay_ms: float) -> str:
    return f'{{"t":"try","id":{span},"try":{number},"error":{write_json(error)},"delay_ms":{delay_ms!r}'


def record(path: str, kind: str, value: str, *, fp: str = "", loop_time: float | None = None) -> str:
    text = f'{{"t":"record","path":{quote(path)},"kind":"{kind}","value":{value}'
    if fp:
        text += f',"fp":"{fp}"'
    return text if loop_time is None else f'{text},"loop_time":{loop_time!r}'


def within_limits(tags: dict[str, Any]) -> dict[str, Any]:
    """Tags as a node keeps them: a long key is cut, and where there are too many, the last one says how many more."""
    cut = {
        key if len(key) <= TAG_KEY_CHARS_MAX else key[: TAG_KEY_CHARS_MAX - 1] + "…": value
        for key, value in tags.items()
    }
    if len(cut) <= TAGS_MAX:
        return cut
    kept = dict(itertools.islice(cut.items(), TAGS_MAX - 1))
    return {**kept, "…": f"{len(cut) - len(kept)} more tags are not kept; a span has at most {TAGS_MAX}"}


def tag(span: int, tags: dict[str, Any]) -> str:
    return f'{{"t":"tag","id":{span},"tags":{write_json(tags)}'


def log(span: int, level: str, stream: str, text: str) -> str:
    return f'{{"t":"log","id":{span},"level":"{level}","stream":"{stream}","text":{quote(text)}'


def cost(span: int, amounts: dict[str, float | int]) -> str:
    return _open({"t": "cost", "id": span, **amounts})


def progress(span: int, done: float, total: float | None) -> str:
    return _open({"t": "progress", "id": span, "done": done, "total": total})


def artifact(span: int, name: str, path: str, media_type: str) -> str:
    return _open({"t": "artifact", "id": span, "name": name, "path": path, "media_type": media_type})


def resolve(span: int, name: str) -> str:
    return _open({"t": "resolve", "id": span, "name": name})


def library(span: int, ask: str, params: dict[str, Any]) -> str:
    return _open({"t": "library", "id": span, "ask": ask, "params": params})


def pause(span: int, parent: int, path: str, name: str, fp: str, **optional: Any) -> str:
    """`optional`: line, question, schema, ui, timeout_ms, default; each left out if it was not given."""
    frame = {"t": "pause", "id": span, "parent": parent, "path": path, "name": name, "fp": fp, **optional}
    return _open(frame)


def park(resume_when: str) -> str:
    return f'{{"t":"park","resume_when":"{resume_when}"'


def notice(code: str, text: str, paths: list[str]) -> str:
    return _open({"t": "notice", "code": code, "text": text, "paths": paths})


def done(
    status: str,
    *,
    outputs: str = "",
    blob: tuple[str, int] | None = None,
    error: dict[str, Any] | None = None,
) -> str:
    """`outputs` is plain JSON text."""
    text = f'{{"t":"done","status":"{status}"'
    if outputs:
        text += f',"outputs":{outputs}'
    elif blob is not None:
        text += f',"blob":{{"digest":"{blob[0]}","size":{blob[1]}}}'
    return text if error is None else f'{text},"error":{write_json(error)}'


def _open(frame: dict[str, Any]) -> str:
    return write_json(frame)[:-1]
