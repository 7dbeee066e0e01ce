"""Takes all that it can get of one thing, says why it got no more, and keeps it."""

import contextlib
import errno
import mmap
import os
import signal
import threading
import time

from hero_tracing import flow

SANDBOX: dict[str, object] = {"subprocess": True}
CHUNK = bytes(1 << 20)
# Far more than is allowed, and little enough for a machine where nothing stops it.
CHUNKS_MAX = 300
kept: list[object] = []


def heap() -> None:
    for _ in range(CHUNKS_MAX):
        kept.append(bytearray(CHUNK))


def private_map() -> None:
    for _ in range(CHUNKS_MAX):
        memory = mmap.mmap(-1, len(CHUNK), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        memory.write(CHUNK)
        kept.append(memory)


def fill(descriptor: int) -> None:
    for _ in range(CHUNKS_MAX):
        written = 0
        while written < len(CHUNK):
            written += os.write(descriptor, CHUNK[written:])


def file(path: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR)
    kept.append(descriptor)
    fill(descriptor)


def files(directory: str) -> None:
    for number in range(10):
        with contextlib.suppress(OSError):
            file(f"{directory}/{number}")
    file(f"{directory}/last")


def nameless() -> None:
    fill(os.memfd_create("hostile"))


def processes() -> None:
    for _ in range(1000):
        if os.fork() == 0:
            while True:
                signal.pause()


def breeding() -> None:
    """A child of each child, for ever, and no more when there can be none."""
    if os.fork() == 0:
        while True:
            with contextlib.suppress(OSError):
                os.fork()
    for _ in range(1000):
        os.fork()


def threads() -> None:
    for _ in range(1000):
        threading.Thread(target=lambda: time.sleep(3600), daemon=True).start()


FLOODS = {
    "heap": heap,
    "private map": private_map,
    "file": lambda: file("large"),
    "temporary file": lambda: file("/tmp/large"),
    "temporary files": lambda: files("/tmp"),
    "shared memory": lambda: files("/dev/shm"),
    "nameless file": nameless,
    "processes": processes,
    "breeding": breeding,
    "threads": threads,
}


@flow(sandbox=SANDBOX)  # type: ignore[arg-type]
def main(flood: str) -> None:
    if flood == "processor":
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        while True:
            pass
    first = os.getpid()
    try:
        FLOODS[flood]()
        said = "no end"
    except OSError as error:
        said = errno.errorcode[error.errno or 0]
    except (MemoryError, RuntimeError) as error:
        said = type(error).__name__
    kept[:] = kept if flood != "heap" else []  # so that there is memory to say it
    while os.getpid() != first:
        with contextlib.suppress(OSError):
            os.fork()
    descriptor = os.open("said", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    os.write(descriptor, said.encode())
    os.close(descriptor)
    os.rename("said", "settled")
    while True:
        time.sleep(3600)
