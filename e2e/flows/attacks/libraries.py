"""Uses libraries as flows do, each for real; what comes of each is told beside its name."""

import asyncio
import concurrent.futures
import hashlib
import importlib
import locale
import logging
import multiprocessing
import multiprocessing.shared_memory
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request
import uuid
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hero_tracing import flow

SANDBOX: dict[str, object] = {"subprocess": True}
World = dict[str, Any]


def numbers(_world: World) -> float:
    import numpy

    matrix = numpy.arange(250_000.0).reshape(500, 500)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        products = list(pool.map(lambda _: matrix @ matrix.T, range(4)))
    assert all(numpy.array_equal(product, products[0]) for product in products)
    numpy.save("matrix.npy", matrix)
    return float(numpy.load("matrix.npy", mmap_mode="r").sum())


def tables(_world: World) -> int:
    import pandas

    frame = pandas.DataFrame({"name": ["a", "b", "a"], "amount": [1, 2, 3]})
    frame.to_csv("table.csv", index=False)
    frame.to_pickle("table.pickle")
    read = pandas.read_csv("table.csv")
    assert read.equals(pandas.read_pickle("table.pickle"))
    when = pandas.Timestamp("2026-06-01 12:00", tz="Europe/Vienna")
    assert when.tz_convert("UTC").hour == 10
    return int(read.groupby("name")["amount"].sum()["a"])


def database(_world: World) -> int:
    with sqlite3.connect("store.sqlite") as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table numbers (number integer)")
        connection.executemany("insert into numbers values (?)", [(number,) for number in range(100)])
    with sqlite3.connect("store.sqlite") as connection:
        return int(connection.execute("select sum(number) from numbers").fetchone()[0])


def client(world: World) -> list[str]:
    import httpx

    context = ssl.create_default_context(cadata=world["authority"])
    with httpx.Client(verify=context, trust_env=False) as plain:
        got = [plain.get(world[name]).text for name in ("http", "https")]

    async def several() -> list[str]:
        async with httpx.AsyncClient(verify=context, trust_env=False) as others:
            return [answer.text for answer in await asyncio.gather(*(others.get(world["https"]) for _ in range(5)))]

    assert asyncio.run(several()) == ["hello"] * 5
    return got


def opened(world: World) -> str:
    context = ssl.create_default_context(cadata=world["authority"])
    with urllib.request.urlopen(world["https"], context=context) as answer:
        return str(answer.read().decode())


def authorities(_world: World) -> bool:
    return len(ssl.create_default_context().get_ca_certs()) > 0 or not os.path.exists(
        ssl.get_default_verify_paths().cafile or "/none"
    )


def programs(_world: World) -> str:
    sort = subprocess.run(["sort"], input="b\na\n", capture_output=True, text=True, check=True).stdout
    first = subprocess.Popen(["printf", "1\\n2\\n"], stdout=subprocess.PIPE)
    count = subprocess.run(["wc", "-l"], stdin=first.stdout, capture_output=True, text=True, check=True).stdout
    assert first.wait() == 0 and count.strip() == "2"
    return sort.replace("\n", "")


def asynchronous_programs(_world: World) -> str:
    async def talk() -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "print(input()[::-1])", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        said, _ = await process.communicate(b"olleh\n")
        assert process.returncode == 0
        return said.decode().strip()

    return asyncio.run(talk())


def square(number: int) -> int:
    return number * number


def pool(_world: World) -> int:
    with multiprocessing.get_context("fork").Pool(4) as workers:
        return sum(workers.map(square, range(10)))


def executor(_world: World) -> int:
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as workers:
        return sum(workers.map(square, range(10)))


def put(queue: Any, name: str, size: int) -> None:
    memory = multiprocessing.shared_memory.SharedMemory(name=name)
    memory.buf[:size] = bytes(range(size))
    memory.close()
    queue.put("put")


def shared_memory(_world: World) -> int:
    context = multiprocessing.get_context("fork")
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=100)
    try:
        queue = context.Queue()
        process = context.Process(target=put, args=(queue, memory.name, 100))
        process.start()
        assert queue.get(timeout=30) == "put"
        process.join()
        return sum(memory.buf[:100])
    finally:
        memory.close()
        memory.unlink()


def many_threads(_world: World) -> int:
    barrier, arrived = threading.Barrier(40), []
    threads = [threading.Thread(target=lambda: arrived.append(barrier.wait(30))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(arrived)


def temporary(_world: World) -> str:
    with tempfile.TemporaryDirectory() as directory, tempfile.NamedTemporaryFile(dir=directory) as file:
        file.write(b"text")
        file.flush()
        with tempfile.TemporaryFile() as nameless, tempfile.SpooledTemporaryFile(max_size=1) as spooled:
            nameless.write(b"more")
            spooled.write(b"than one")
        with open(file.name) as again:
            return again.read()


def zones(_world: World) -> int:
    here = datetime(2026, 1, 1, tzinfo=UTC).astimezone(zoneinfo.ZoneInfo("Asia/Tokyo"))
    return here.hour


def logs(_world: World) -> str:
    handler = logging.FileHandler("own.log")
    logger = logging.getLogger("libraries")
    logger.addHandler(handler)
    logger.warning("to a file")
    handler.close()
    with open("own.log") as file:
        return file.read().strip()


def odds_and_ends(_world: World) -> str:
    assert uuid.uuid4() != uuid.uuid4() and uuid.uuid1()
    assert locale.setlocale(locale.LC_ALL, "C.UTF-8") and (os.cpu_count() or 0) > 0
    for name in ("ctypes", "curses", "decimal", "dbm", "lzma", "readline", "xml.etree.ElementTree", "zipfile"):
        importlib.import_module(name)
    received: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _frame: received.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    assert received == [signal.SIGUSR1]
    return hashlib.sha256(b"hello").hexdigest()[:8]


USES: tuple[Callable[[World], Any], ...] = (
    numbers,
    tables,
    database,
    client,
    opened,
    authorities,
    programs,
    asynchronous_programs,
    pool,
    executor,
    shared_memory,
    many_threads,
    temporary,
    zones,
    logs,
    odds_and_ends,
)


@flow(sandbox=SANDBOX)  # type: ignore[arg-type]
def main(world: World, uses: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for use in USES:
        if use.__name__ not in uses:
            continue
        try:
            found[use.__name__] = use(world)
        except BaseException as error:
            found[use.__name__] = f"{type(error).__name__}: {error}"
    return found
