from datetime import UTC, datetime

from hero_tracing import flow


@flow
def unix_timestamp_to_iso(timestamp: float) -> str:
    if timestamp > 1e11:  # milliseconds, as JavaScript has them
        timestamp /= 1000
    return datetime.fromtimestamp(timestamp, UTC).isoformat()
