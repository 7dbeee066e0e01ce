"""A listener in front of the server's, which cuts connections where a test wants it to."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

# How much of what the server has sent so far may pass, of the so-many-th connection; None for everything.
Cut = Callable[[int, bytes], int | None]


def first_events(quiet: int) -> Cut:
    """Cuts after the first event that comes over a connection; over every other one in its middle.

    Events of up to so many bytes pass.
    """

    def cut(number: int, seen: bytes) -> int | None:
        head, _, body = seen.partition(b"\r\n\r\n")
        begin = len(head) + 4
        *events, _ = body.split(b"\n\n")
        for event in events if b"text/event-stream" in head else []:
            if len(event) > quiet:
                return begin + (len(event) + 2 if number % 2 == 0 else len(event) // 2)
            begin += len(event) + 2
        return None

    return cut


class Cutter:
    """Listens at `place` while it is entered. A connection that is cut is closed on both sides.

    In front of a server's URL it listens on TCP, and calls the server by the name that it knows, as proxies do; else it
    is a socket in front of that of this home.
    """

    def __init__(self, cut: Cut, url: str | None = None) -> None:
        self._cut = cut
        self._directory = tempfile.TemporaryDirectory()
        self._server = urlsplit(url).netloc if url else None
        if self._server is None:
            self.place = self._name = os.path.join(self._directory.name, "rpc.sock")
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(self.place)
        else:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self._name = f"127.0.0.1:{self._listener.getsockname()[1]}"
            self.place = f"http://{self._name}"
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self.cuts = threading.Semaphore(0)  # one more for each cut that was made

    def __enter__(self) -> Cutter:
        self._listener.listen()
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()
        self._directory.cleanup()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = self._connected()
            number, self.connections = self.connections, self.connections + 1
            self._start(self._ask, client, server)
            self._start(self._answer, client, server, number)

    def _connected(self) -> socket.socket:
        if self._server is not None:
            host, _, port = self._server.rpartition(":")
            return socket.create_connection((host, int(port)))
        server = socket.socket(socket.AF_UNIX)
        server.connect(os.path.join(os.environ["HERO_HOME"], "hero/var/sockets/hero_logic/rpc.sock"))
        return server

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):  # the other side was faster
            while data := client.recv(1 << 16):
                named = data if self._server is None else data.replace(self._name.encode(), self._server.encode())
                server.sendall(named)
            server.shutdown(socket.SHUT_RDWR)

    def _answer(self, client: socket.socket, server: socket.socket, number: int) -> None:
        seen = b""
        passed = 0
        was_cut = False
        with suppress(OSError):  # the other side was faster
            while not was_cut and (data := server.recv(1 << 16)):
                seen += data
                end = self._cut(number, seen)
                client.sendall(seen[passed : len(seen) if end is None else max(passed, end)])
                passed, was_cut = len(seen), end is not None
        for side in (client, server):
            with suppress(OSError):  # the other side was faster
                side.shutdown(socket.SHUT_RDWR)
            side.close()
        if was_cut:
            self.cuts.release()
