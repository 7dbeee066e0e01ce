"""A machine that has no process left for a while: whoever asks is told, and the fork server and its plays live on."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hero_tracing import _confine, _fork_server

SETUP = {"read": [], "granted": [], "uids": None, "temporary_mb": 1, "filters": {}, "without": [], "level": "off"}


class Launcher:
    """Our end of a fork server that cannot fork while the file `shortage` is there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(60)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.control.close()
                self._serve(theirs)
            finally:
                os._exit(1)
        theirs.close()
        assert self.receive()["op"] == "ready"

    def _serve(self, control: socket.socket) -> None:
        server = _fork_server._Server(control, _confine.Confinement({**SETUP, "plays": str(self.directory)}))
        fork = server.fork

        def forks() -> int:
            if (self.directory / "shortage").exists():
                raise BlockingIOError(11, "Resource temporarily unavailable")
            return fork()

        server.fork = forks
        try:
            server.loop()
        finally:
            server.end()
        os._exit(0)

    def receive(self) -> dict[str, object]:
        data, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, 1)
        for descriptor in descriptors:
            os.close(descriptor)
        found: dict[str, object] = json.loads(data)
        return found

    def spawn(self, number: int) -> socket.socket:
        """Ask for a child; our end of its socket."""
        ours, theirs = socket.socketpair()
        request = {"op": "spawn", "id": number, "imports": [], "home": None, "lends": False}
        order = {"workdir": str(self.directory), "home": None, "output": None}
        packet = json.dumps(request).encode() + b"\n" + json.dumps(order).encode()
        with theirs:
            socket.send_fds(self.control, [packet], [theirs.fileno()])
        return ours


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    made = Launcher(tmp_path)
    yield made
    made.control.close()
    assert os.waitpid(made.pid, 0)[1] == 0


def test_who_asks_in_a_shortage_is_told_and_the_others_live_on(launcher: Launcher) -> None:
    with launcher.spawn(1):
        assert launcher.receive() == {"op": "spawned", "id": 1}
        (launcher.directory / "shortage").touch()
        asked = 1
        # The spares that there are go first.
        told: dict[str, object] = {"op": "spawned"}
        kept = []
        while told["op"] == "spawned":
            asked += 1
            kept.append(launcher.spawn(asked))
            told = launcher.receive()
        assert told["op"] == "failed"
        assert "Resource temporarily unavailable" in str(told["message"])
        (launcher.directory / "shortage").unlink()
        kept.append(launcher.spawn(asked + 1))
        assert launcher.receive() == {"op": "spawned", "id": asked + 1}
        for each in kept:
            each.close()
    exited = {launcher.receive()["id"] for _ in range(asked)}
    assert exited == set(range(1, asked + 2)) - {asked}
