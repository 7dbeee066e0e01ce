"""Flows that keep files, and some that try to keep what is not theirs. `NAME.entry` in the tests is a flow here."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from pathlib import Path

from hero_tracing import Artifact, flow


@flow
def write(name: str, content: str) -> Artifact:
    """A step that leaves a file and keeps it; a replay does not need the file."""
    with open("effects.log", "a") as log:
        log.write(f"{flow.attempt} {name}\n")
    Path(name).write_text(content)
    kept = flow.artifact(name)
    Path(name).unlink()
    return kept


@flow
def main() -> list[Artifact]:
    """Keeps a file in each of two steps, and between them one that is kept again on each attempt."""
    first = write("first.csv", "a,b\n1,2\n")
    Path("between").write_bytes(bytes(range(256)))
    between = flow.artifact("between", "all bytes", "application/x-bytes")
    return [first, between, write("second.json", "{}")]


@flow
def replace() -> list[Artifact]:
    """The same name twice: the second takes the first one's place."""
    return [write("out", "old"), write("out", "new")]


@flow
async def count(number: int) -> int:
    return number


@flow
async def side_by_side() -> int:
    """Many files at once, each before a step."""

    async def one(number: int) -> int:
        Path(str(number)).write_text("x" * number)
        return await count((await flow.aio.artifact(str(number))).size)

    return sum(await asyncio.gather(*(one(number) for number in range(12))))


@flow(sandbox={"disk_mb": 2048})
def refused(paths: list[str]) -> list[str]:
    """What cannot be kept is an exception here, and ends nothing."""
    Path("in").mkdir()
    Path("in/file").write_text("x")
    Path("link").symlink_to("/etc/passwd")
    Path("to_in").symlink_to("in")
    os.mkfifo("pipe")
    with open("large", "wb") as file:
        file.truncate((1 << 30) + 1)
    told = []
    for path in paths:
        try:
            told.append(flow.artifact(path).digest)
        except (OSError, ValueError) as error:
            told.append(f"{type(error).__name__}: {error}")
    return told


@flow
def swap(secret: str, rounds: int) -> list[str]:
    """Swaps the file for a link to a secret while it is being kept: the digests that came of it."""
    Path("file").write_text("mine")
    is_over = threading.Event()

    def swaps() -> None:
        while not is_over.is_set():
            os.rename("file", "aside")
            os.symlink(secret, "file")
            os.unlink("file")
            os.rename("aside", "file")

    thread = threading.Thread(target=swaps)
    thread.start()
    kept = set()
    for _ in range(rounds):
        try:
            kept.add(flow.artifact("file", "it").digest)
        except (OSError, ValueError):
            kept.add("refused")
    is_over.set()
    thread.join()
    return sorted(kept)


@flow
def changes() -> str:
    """Another content on each attempt, kept between steps."""
    Path("out").write_text(f"attempt {flow.attempt}")
    return flow.artifact("out").digest


@flow
def fails() -> list[str]:
    """Says what its working directory holds, until a file called `enough` lies beside it."""
    found = sorted(os.listdir())
    Path("left").write_text("x")
    if flow.attempt == 1:
        raise flow.Failed("try me again")
    return found


@flow(sandbox={"disk_mb": 8})
def hoards() -> list[str]:
    """Keeps one file of 3 MB after the other and deletes each, so that its directory never holds more than one."""
    told = []
    for number in range(4):
        Path("large").write_bytes(bytes([number]) * (3 << 20))
        try:
            told.append(flow.artifact("large", f"{number}").name)
        except OSError as error:
            told.append(str(error))
        Path("large").unlink()
    if flow.attempt == 1:
        raise flow.Failed(" ".join(told))
    return told


@flow(sandbox={"disk_mb": 8})
def hoards_at_once() -> list[int]:
    """Ten threads keep 1 MB each, and then the same again: how many of them could, both times."""
    Path("file").write_bytes(b"x" * (1 << 20))

    def keep(number: int) -> bool:
        try:
            flow.artifact("file", f"{number}")
        except OSError:
            return False
        return True

    return [sum(flow.map(keep, range(10))) for _ in range(2)]


@flow(sandbox={"disk_mb": 8})
def replaces_often() -> int:
    """One name, and another content each time: as much as it may have, over and over."""
    for number in range(20):
        Path("large").write_bytes(bytes([number]) * (3 << 20))
        flow.artifact("large")
    return number


@flow
def temporary() -> list[str]:
    """Leaves a temporary file: what there was before, and where."""
    found = os.listdir(tempfile.gettempdir())
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(b"left")
    if flow.attempt == 1:
        raise flow.Failed("try me again")
    return found
