"""Says when it is, so that whoever hears of it knows how late it is."""

from __future__ import annotations

import time

from hero_tracing import flow


@flow
def now() -> float:
    """Seconds since the epoch, of this machine, when the step ends."""
    return time.time()


@flow
def tick(ticks: int, every_s: float) -> int:
    """So many steps, with a rest before each."""
    for _ in range(ticks):
        time.sleep(every_s)
        now()
    return ticks
