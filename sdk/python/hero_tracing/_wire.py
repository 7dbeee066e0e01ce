"""The span socket: frames out, acknowledgements and answers in.

No thread of its own: whoever waits reads. One thread leads and reads the socket for all, the others follow and
take over when it leaves. Numbers are given and frames written under one lock, so numbers rise along the stream.
Must not know what a frame means beyond `ack`; the rest goes to `receive`.
"""

from __future__ import annotations

import json
import select
import threading
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any

_ACK = b'{"t":"ack","n":'
_READ_BYTES = 65536
_DONT_WAIT = 0x40  # MSG_DONTWAIT of Linux, without the enum that `socket` builds


class Closed(Exception):
    """The runtime has closed its end."""


class Wire:
    """One attempt's connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.number = 0  # of the last numbered frame
        self.acked = 0
        self.closed = False
        # Of writing. Reentrant, as the others are: the collector may run a finaliser that prints at any moment.
        self.lock = threading.RLock()
        self.receive: Callable[[dict[str, Any]], None] = _ignore  # any frame but `ack`
        self.acknowledged: Callable[[int], None] | None = None  # told of each step of `acked`
        self.waiting = 0
        self._reading = threading.Lock()  # held by the leader
        self._arrived = threading.Condition()
        self._buffer = b""
        self._frames: deque[bytes] = deque()
        self._poll: Any = None

    def send(self, frame: str) -> None:
        """Write a frame that needs no acknowledgement. `frame` lacks its closing brace."""
        data = _bytes(frame + "}\n")
        with self.lock:
            self._write(data)

    def send_numbered(self, frame: str, then: Callable[[int], None] | None = None) -> int:
        """Write a frame that asks for an acknowledgement; `then` is told its number before any other is given."""
        with self.lock:
            self.number = number = self.number + 1
            if then is not None:
                then(number)
            self._write(_bytes(f'{frame},"n":{number}}}\n'))
        return number

    def _write(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError:  # the runtime has gone: noticed by whoever reads
            self.closed = True

    def unplug(self) -> None:
        """In a forked child, which has no right to the socket: nothing goes out any more, and waiting ends at once.

        Only the child's copy is closed. Its locks are made anew: their holders may be threads that were not copied.
        """
        self.closed = True
        self.socket.close()
        self.lock = threading.RLock()
        self._reading, self._arrived = threading.Lock(), threading.Condition()

    def wait(self, number: int) -> None:
        """Return once this number is acknowledged. Raises Closed."""
        if self.acked < number:
            self.wait_until(lambda: self.acked >= number)

    def wait_until(self, ready: Callable[[], bool], timeout: float | None = None) -> bool:
        """Read until `ready()`; False if that has not come within `timeout` seconds. Raises Closed."""
        first = True
        while not ready():
            if self.closed:
                raise Closed
            if not first and timeout is not None:
                return False
            first = False
            if self._reading.acquire(blocking=False):
                try:
                    if not ready():
                        self._read(timeout)
                finally:
                    self._reading.release()
                    if self.waiting:
                        with self._arrived:
                            self._arrived.notify_all()
            else:
                self._follow(ready, timeout)
        return True

    def _follow(self, ready: Callable[[], bool], timeout: float | None) -> None:
        with self._arrived:
            self.waiting += 1
            try:
                if not ready() and not self.closed and self._reading.locked():
                    self._arrived.wait(timeout)
            finally:
                self.waiting -= 1

    def wake(self) -> None:
        """Let every follower look again at what it waits for."""
        with self._arrived:
            self._arrived.notify_all()

    def take(self) -> None:
        """Read what is there, without waiting."""
        if self._reading.acquire(blocking=False):
            try:
                self._receive(_DONT_WAIT)
            finally:
                self._reading.release()
                if self.waiting:
                    self.wake()

    def _read(self, timeout: float | None) -> None:
        if timeout is None:
            self._receive(0)
        elif self.readable(timeout):
            self._receive(_DONT_WAIT)

    def readable(self, timeout: float) -> bool:
        """Whether something comes within `timeout` seconds."""
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.socket, select.POLLIN)
        return bool(self._poll.poll(timeout * 1000))

    def _receive(self, flags: int) -> None:
        try:
            data = self.socket.recv(_READ_BYTES, flags)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return
        lines = (self._buffer + data).split(b"\n") if self._buffer else data.split(b"\n")
        self._buffer = lines.pop()
        for line in lines:
            if line.startswith(_ACK):
                self.acked = number = int(line[len(_ACK) : -1])
                if self.acknowledged is not None:
                    self.acknowledged(number)
            else:
                self._dispatch(line)

    def _dispatch(self, line: bytes) -> None:
        frame = json.loads(line)
        if frame["t"] == "ack":
            self.acked = frame["n"]
            if self.acknowledged is not None:
                self.acknowledged(self.acked)
        else:
            self.receive(frame)

    def first_frame(self) -> dict[str, Any]:
        """The frame by which the runtime begins: `describe` or `start`. Raises Closed."""
        chunks: list[bytes] = []
        while True:
            data = self.socket.recv(_READ_BYTES)
            if not data:
                raise Closed
            head, newline, tail = data.partition(b"\n")
            chunks.append(head)
            if newline:
                self._buffer = tail
                frame: dict[str, Any] = json.loads(b"".join(chunks))
                return frame


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate, in text for people
        return text.encode("utf-8", "replace")


def _ignore(_frame: dict[str, Any]) -> None:
    """Nobody listens yet."""
