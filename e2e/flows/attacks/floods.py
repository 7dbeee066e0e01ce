"""Takes all that it can get of one thing, says why it got no more, and keeps it."""

import contextlib
import ctypes
import errno
import mmap
import os
import signal
import socket
import threading
import time

from hero_tracing import flow

SANDBOX: dict[str, object] = {"subprocess": True}
CHUNK = bytes(1 << 20)
# Far more than is allowed, and little enough for a machine where nothing stops it.
CHUNKS_MAX = 300
# Megabytes of a file: less than is allowed, and two of them are more.
SOME = 12
libc = ctypes.CDLL(None, use_errno=True)
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


def descriptors() -> None:
    try:
        for _ in range(10_000):
            kept.extend(socket.socketpair())
    finally:
        del kept[-2:]  # so that there is one to say it


def checked(result: int) -> int:
    if result == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def semaphores() -> None:
    for _ in range(100):
        checked(libc.semget(0, 1000, 0o600))


def queues() -> None:
    for _ in range(100):
        checked(libc.msgget(0, 0o600))


def asynchronous() -> None:
    number = 206 if os.uname().machine == "x86_64" else 0
    checked(libc.syscall(number, 100, ctypes.create_string_buffer(8)))


# -- what no limit of the kernel holds, and the watch must see --


def shared_map() -> None:
    """Shared memory that the process has written, and that is not resident."""
    memory = mmap.mmap(-1, len(CHUNK) * CHUNKS_MAX // 2)
    for place in range(0, len(memory), len(CHUNK)):
        memory[place : place + len(CHUNK)] = CHUNK
        memory.madvise(mmap.MADV_DONTNEED, place, len(CHUNK))
    kept.append(memory)


def fill_when_alone() -> None:
    while "Z" not in open(f"/proc/{os.getpid()}/stat").read().rpartition(")")[2]:  # noqa: SIM115
        time.sleep(0.01)
    kept.append(CHUNK * 64)
    time.sleep(3600)


def first_thread_gone() -> None:
    """Memory of a process whose first thread has ended; it is not shared, and less for each than is allowed."""
    for _ in range(3):
        if os.fork() == 0:
            threading.Thread(target=fill_when_alone).start()
            libc.syscall(60 if os.uname().machine == "x86_64" else 93, 0)  # exit, of this thread


def page_tables() -> None:
    """A page of them for each two megabytes, of which nothing is ever written."""
    no_reserve = 0x4000
    memory = mmap.mmap(-1, 1 << 36, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve, mmap.PROT_READ)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    for place in range(0, len(memory), 2 << 20):
        memory[place]
    kept.append(memory)


def write_some(descriptor: int) -> None:
    for _ in range(SOME):
        os.write(descriptor, CHUNK)


def deleted_files() -> None:
    for _ in range(2):
        descriptor = os.open("deleted", os.O_CREAT | os.O_RDWR)
        kept.append(descriptor)
        write_some(descriptor)
        os.unlink("deleted")


def unnamed_files() -> None:
    for _ in range(2):
        descriptor = os.open(".", os.O_TMPFILE | os.O_RDWR)
        kept.append(descriptor)
        write_some(descriptor)


def mapped_files() -> None:
    for _ in range(2):
        descriptor = os.open("mapped", os.O_CREAT | os.O_RDWR)
        write_some(descriptor)
        # Past Python, whose map would keep a descriptor.
        libc.mmap(None, SOME << 20, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
        os.close(descriptor)
        os.unlink("mapped")


def empty_files() -> None:
    for number in range(6_000):
        os.close(os.open(str(number), os.O_CREAT | os.O_WRONLY))


def beyond_size() -> None:
    for number in range(2):
        descriptor = os.open(str(number), os.O_CREAT | os.O_RDWR)
        checked(libc.fallocate(descriptor, 1, ctypes.c_long(0), ctypes.c_long(SOME << 20)))
        os.close(descriptor)


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
    "descriptors": descriptors,
    "semaphores": semaphores,
    "queues": queues,
    "asynchronous I/O": asynchronous,
    "shared map": shared_map,
    "first thread gone": first_thread_gone,
    "page tables": page_tables,
    "deleted files": deleted_files,
    "unnamed files": unnamed_files,
    "mapped files": mapped_files,
    "empty files": empty_files,
    "beyond size": beyond_size,
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
