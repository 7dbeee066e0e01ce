"""A small play that a process plays to itself, so that the real one finds its memory and code warm.

A forked child shares its memory until it writes to it, and Python writes wherever it reads: the first run of anything
is slow. A spare child rehearses to have its memory, the fork server some times to have its code specialised and its
caches filled before it forks. Nothing of the rehearsal is left when it is over.
"""

from __future__ import annotations

import functools
import json
import linecache
import os
import signal
import socket
import sys

from . import _alarm, _declared, _engine, _frames, _loader, _session
from ._codec import FLOW_MODULE
from ._fingerprint import fingerprint

_FILE = "<rehearsal>"
# Where it is to be coroutines, `{define}` is `async def`, `{wait}` is `await` and `{aio}` is what waits there.
_SOURCE = """
from hero_tracing import flow

@flow
{define} step(number: int) -> int:
    return number + 1

@flow
{define} main(number: int = 1) -> int:
    number = {wait} step(number)
    number += {wait} flow{aio}.pause("number", schema={{"type": "integer"}})
    return {wait} step(number)
"""
# The first step and the answer are replayed; the second step and the end are acknowledged.
_RECORDS = [
    ["main#0/step#0", "flow", fingerprint((1,), {}), "ok", "2", None, None],
    ["main#0/number#0", "pause", fingerprint((None, {"type": "integer"}, None), {}), "answered", "1", None, None],
]
_ACKNOWLEDGED = 2


def rehearse(*, is_async: bool = False) -> list[bytes]:
    """Play it, with a runtime that has said everything in advance; gives the frames that went up.

    With `is_async` its flows are coroutines, and asyncio is imported.
    """
    source, code = _file(is_async)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    start = {
        "t": "start",
        "v": _frames.VERSION,
        "play_sid": "rehearsal",
        "attempt": 1,
        "inputs": {"number": 1},
        "workdir": os.devnull,
        "blob_dir": os.devnull,
        "records": [list(record) for record in _RECORDS],
        "started": [],
    }
    # A signal that comes now is not meant for the rehearsal: it waits, and then does what it did before.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    with ours, theirs:
        theirs.send(json.dumps(start).encode() + b"\n")
        for number in range(1, _ACKNOWLEDGED + 1):
            theirs.send(b'{"t":"ack","n":%d}\n' % number)
        try:
            module = _loader.load(_FILE, source, _loader.unpack(code))
            _session.serve(ours, _loader.entry_of(module, None))
        finally:
            _clear()
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        ours.shutdown(socket.SHUT_WR)
        return list(iter(lambda: theirs.recv(_frames.LINE_BYTES_MAX), b""))


@functools.cache
def _file(is_async: bool) -> tuple[str, str]:
    """Its source, and that compiled as a process is given it."""
    words = ("async def", "await", ".aio") if is_async else ("def", "", "")
    source = _SOURCE.format(**dict(zip(("define", "wait", "aio"), words, strict=True)))
    return source, _loader.pack(_loader.compile_ahead(_FILE, source))


def _clear() -> None:
    _alarm.release()
    engine = _engine.active()
    if engine is not None:
        _engine.deactivate(engine)
    _declared.declared.pop(FLOW_MODULE, None)
    sys.modules.pop(FLOW_MODULE, None)
    linecache.cache.pop(_FILE, None)
