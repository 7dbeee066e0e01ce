"""The life of one forked child: rehearse, wait for a play, be confined to it, run it, end.

It never returns to the fork server's loop: whatever happens, it ends by `os._exit`, so that no handler or buffer
that the fork server had registered runs twice.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import sys
from typing import NoReturn

from . import _confine, _rehearsal, _scheduling, _session

# A request holds paths and a few variables; 64 KiB is far above any of them.
REQUEST_BYTES_MAX = 65536
# Exit code when confinement or the hand-over fails: EX_SOFTWARE of sysexits.h.
EXIT_BROKEN = 70


def run(orders: socket.socket, fork_server: int, *, rehearses: bool) -> NoReturn:
    """Wait on `orders` for one request with the span socket attached, serve it, and exit."""
    code = EXIT_BROKEN
    try:
        _confine.spare(fork_server)
        if rehearses:
            _scheduling.give_way()
            with contextlib.suppress(Exception):  # it is for speed only: what fails here fails in the play, and is told
                _rehearsal.rehearse()
            gc.collect()
            _scheduling.take_part()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        gc.freeze()  # nothing counts towards the play's first collection but what is its own
        data, descriptors, _, _ = socket.recv_fds(orders, REQUEST_BYTES_MAX, 1)
        orders.close()
        if data and descriptors:
            request = json.loads(data)
            with socket.socket(fileno=descriptors[0]) as spans:
                _confine.play(request["workdir"], request["output"])
                for name, value in request["env"].items():
                    os.environ[name] = value
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
