"""A small play that a spare child plays to itself, so that the real one finds its memory and code warm.

A forked child shares its memory until it writes to it, and Python writes wherever it reads: the first run of anything
is slow. Nothing of the rehearsal is left when it is over.
"""

from __future__ import annotations

import json
import linecache
import os
import socket
import sys

from . import _alarm, _declared, _engine, _frames, _loader, _session
from ._codec import FLOW_MODULE

_FILE = "<rehearsal>"
_SOURCE = """
from hero_tracing import flow

@flow
def step(number: int) -> int:
    return number + 1

@flow
def main(number: int = 1) -> int:
    return step(number)
"""
# Of the step, and of the end.
_ACKNOWLEDGED = 2


def rehearse() -> None:
    """Play it, with a runtime that has said everything in advance."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    start = {
        "t": "start",
        "v": _frames.VERSION,
        "play_sid": "rehearsal",
        "attempt": 1,
        "inputs": {"number": 1},
        "workdir": os.devnull,
        "blob_dir": os.devnull,
        "records": [],
        "started": [],
    }
    with ours, theirs:
        theirs.send(json.dumps(start).encode() + b"\n")
        for number in range(1, _ACKNOWLEDGED + 1):
            theirs.send(b'{"t":"ack","n":%d}\n' % number)
        try:
            _session.serve(ours, _loader.entry_of(_loader.load(_FILE, _SOURCE), None))
        finally:
            _clear()


def _clear() -> None:
    _alarm.release()
    engine = _engine.active()
    if engine is not None:
        _engine.deactivate(engine)
    _declared.declared.pop(FLOW_MODULE, None)
    sys.modules.pop(FLOW_MODULE, None)
    linecache.cache.pop(_FILE, None)
