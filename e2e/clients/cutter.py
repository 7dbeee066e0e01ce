"""A socket in front of the server's, which cuts connections where a test wants it to."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress

# How much of what the server has sent so far may pass, of the so-many-th connection; None for everything.
Cut = Callable[[int, bytes], int | None]


class Cutter:
    """Listens at `path` while it is entered. A connection that is cut is closed on both sides."""

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._directory = tempfile.TemporaryDirectory()
        self.path = os.path.join(self._directory.name, "rpc.sock")
        self._listener = socket.socket(socket.AF_UNIX)
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self.cuts = threading.Semaphore(0)  # one more for each cut that was made

    def __enter__(self) -> Cutter:
        self._listener.bind(self.path)
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
            server = socket.socket(socket.AF_UNIX)
            server.connect(os.path.join(os.environ["HERO_HOME"], "hero/var/sockets/hero_logic/rpc.sock"))
            self._start(self._ask, client, server)
            self._start(self._answer, client, server, self.connections)
            self.connections += 1

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):  # the other side was faster
            while data := client.recv(1 << 16):
                server.sendall(data)
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
