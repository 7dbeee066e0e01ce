import math
from datetime import UTC, datetime

from hero_tracing import flow

NEW_MOON = datetime(2000, 1, 6, 18, 14, tzinfo=UTC)
SYNODIC_MONTH = 29.530588853
NAMES = [
    "new",
    "waxing crescent",
    "first quarter",
    "waxing gibbous",
    "full",
    "waning gibbous",
    "last quarter",
    "waning crescent",
]


@flow
def main(at: datetime | None = None) -> dict[str, str | float]:
    """Phase of the moon and how much of its disc is lit."""
    age = ((at or flow.now()) - NEW_MOON).total_seconds() / 86_400 % SYNODIC_MONTH
    lit = (1 - math.cos(2 * math.pi * age / SYNODIC_MONTH)) / 2
    return {
        "phase": NAMES[round(age / SYNODIC_MONTH * 8) % 8],
        "illumination": round(lit, 3),
        "age_days": round(age, 1),
    }
