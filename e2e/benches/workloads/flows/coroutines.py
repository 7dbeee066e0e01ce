"""The flows of the workloads that are coroutines, in a file of their own: whoever imports asyncio pays for it."""

from __future__ import annotations

import asyncio

from hero_tracing import flow


@flow
async def add(number: int) -> int:
    """One recorded step."""
    return number + 1


@flow
async def one_step(number: int = 0) -> int:
    """One step."""
    return await add(number)


@flow
async def stand_still() -> None:
    """Runs and does nothing, until it is cancelled."""
    await asyncio.sleep(1_000_000)
