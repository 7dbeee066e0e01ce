"""Many steps at once, under asyncio and in threads.

    fan_out [texts]
    ├─ 3 count_words          coroutines, side by side in a TaskGroup
    └─ 3 digest               plain functions, side by side in threads

Nothing here is special to hero_logic. Whatever order the steps finish in, a replay hands out the recorded
results so that each task sees its own again, in the order of the first time.

Run it with `hero_logic run fan_out --input texts='["one", "and two"]'`.
"""

import asyncio
import hashlib
from typing import Any

from hero_tracing import flow

TEXTS = ["the wheel turns", "it turns again", "so it goes round and round"]


@flow
async def count_words(text: str) -> int:
    """A step that waits, as a call of some service would."""
    await asyncio.sleep(len(text) / 1000)
    print(f"counted {text!r}")
    return len(text.split())


@flow
def digest(text: str) -> str:
    """A step that works, in a thread of its own. Its result would be the same in a process of its own."""
    print(f"digesting {text!r}")
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@flow(name="fan_out")
async def main(texts: list[str] = TEXTS) -> dict[str, Any]:
    """Counts the words of several texts at once and finds the text with the most."""
    async with asyncio.TaskGroup() as group:
        counting = [group.create_task(count_words(text)) for text in texts]
    counts = [task.result() for task in counting]
    digests = await asyncio.gather(*(asyncio.to_thread(digest, text) for text in texts))
    longest = max(zip(counts, texts, strict=True), default=(0, ""))[1]
    return {"words": sum(counts), "longest": longest, "digests": digests}
