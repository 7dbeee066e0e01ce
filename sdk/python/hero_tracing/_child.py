"""The life of one forked child: rehearse, wait for a play, be confined to it, run it, end.

It never returns to the fork server's loop: whatever happens, it ends by `os._exit`, so that no handler or buffer
that the fork server had registered runs twice.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import sys

from . import _denials, _limits, _rehearsal, _scheduling, _session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ._confine import Confinement

# A request holds paths and a few variables; 64 KiB is far above any of them.
REQUEST_BYTES_MAX = 65536
# Of a request, for words about errors.
_LIMITS = ("memory_mb", "processes", "disk_mb")
# Exit code when confinement or the hand-over fails: EX_SOFTWARE of sysexits.h.
EXIT_BROKEN = 70


def run(
    orders: socket.socket,
    fork_server: int,
    confinement: Confinement,
    order: tuple[dict[str, Any], int | None] | None,
    *,
    rehearses: bool,
) -> NoReturn:
    """Wait on `orders` for one request with the span socket attached, serve it, and exit.

    The request comes after four bytes: the user id to play as, or 0 for who it is. One that needs more than a child
    has that was confined ahead is known before, in `order`.
    """
    code = EXIT_BROKEN
    try:
        signal.signal(signal.SIGTERM, _end)  # the first process of a namespace ignores what it does not handle
        ruleset = confinement.spare(fork_server, *(order or ()))
        if rehearses:
            _scheduling.give_way()
            with contextlib.suppress(Exception):  # it is for speed only: what fails here fails in the play, and is told
                _rehearsal.rehearse()
            gc.collect(0)  # there is nothing older; and a full one writes to all the free memory of Python
            _scheduling.take_part()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        gc.freeze()  # nothing counts towards the play's first collection but what is its own
        data, descriptors, _, _ = socket.recv_fds(orders, REQUEST_BYTES_MAX, 1)
        orders.close()
        if data and descriptors:
            uid, request = int.from_bytes(data[:4], "big"), json.loads(data[4:])
            with socket.socket(fileno=descriptors[0]) as spans:
                confinement.play(request, uid or None, ruleset, fork_server)
                if confinement.layers:
                    _denials.explain(confinement.allowed(request))
                    _limits.of_process.update((name, request[name]) for name in _LIMITS)
                gc.enable()
                code = _session.serve(spans)
    except BaseException as error:
        print(f"hero_logic: a play's process failed before its flow began: {error!r}", file=sys.__stderr__)
    finally:
        for stream in (sys.__stdout__, sys.__stderr__):
            with contextlib.suppress(OSError, ValueError):
                if stream is not None:
                    stream.flush()
        _scheduling.give_way()  # the kernel takes about a millisecond to take the memory apart
        os._exit(code)


def _end(number: int, _frame: object) -> NoReturn:
    os._exit(128 + number)
