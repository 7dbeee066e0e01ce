from datetime import UTC, datetime

from hero_tracing import flow


@flow
def unix_timestamp_to_iso(value: float) -> str:
    if value > 1e11:  # milliseconds, as JavaScript has them
        value /= 1000
    return datetime.fromtimestamp(value, UTC).isoformat()
