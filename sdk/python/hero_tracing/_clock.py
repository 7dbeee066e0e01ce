"""The clocks of a play. A test may put another one in their place. Must not know loops."""

from __future__ import annotations

import time


class Clock:
    """The real clocks, in seconds."""

    is_virtual = False  # a virtual one jumps over waits

    def now(self) -> float:
        """Since the Unix epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread."""
        time.sleep(seconds)
