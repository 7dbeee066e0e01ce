"""Does plainly what is denied, and keeps what it is told."""

import os
import socket
import subprocess
from collections.abc import Callable
from typing import Any

from hero_tracing import flow

SANDBOX: dict[str, object] = {"subprocess": False, "network": False}


def told(action: Callable[[], Any]) -> str:
    try:
        action()
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def read(path: str) -> None:
    with open(path) as file:
        file.read()


def write(path: str) -> None:
    with open(path, "a"):
        pass


def listen() -> None:
    with socket.create_server(("127.0.0.1", 0)):
        pass


@flow(sandbox=SANDBOX)  # type: ignore[arg-type]
def main(directory: str, port: int) -> dict[str, str]:
    actions: dict[str, Callable[[], Any]] = {
        "read": lambda: read(f"{directory}/secret"),
        "write": lambda: write(f"{directory}/target"),
        "create": lambda: write(f"{directory}/new"),
        "list": lambda: os.listdir(directory),
        "make a directory": lambda: os.mkdir(f"{directory}/made"),
        "remove": lambda: os.remove(f"{directory}/program"),
        "start a program": lambda: subprocess.run(["/bin/true"], check=True),
        "fork": lambda: os.waitpid(os.fork() or os._exit(0), 0),
        "connect": lambda: socket.create_connection(("127.0.0.1", port)).close(),
        "look a name up": lambda: socket.getaddrinfo("localhost", 80),
        "reach a Unix socket": lambda: socket.socket(socket.AF_UNIX).connect(f"{directory}/stream"),
        "rename": lambda: os.rename(f"{directory}/secret", f"{directory}/secret"),
        "look for what is not there": lambda: read(f"{directory}/not_there"),
    }
    return {name: told(action) for name, action in actions.items()}
