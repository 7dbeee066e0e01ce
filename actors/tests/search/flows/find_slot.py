from datetime import datetime, timedelta

from hero_tracing import flow


@flow
def main(
    busy: dict[str, list[tuple[datetime, datetime]]], minutes: int, earliest: datetime, latest: datetime
) -> datetime | None:
    """Finds the first time at which all participants are free for a meeting of the given length.

    Only working hours count, 9 to 17, Monday to Friday.
    """
    length, start = timedelta(minutes=minutes), earliest
    taken = sorted(interval for intervals in busy.values() for interval in intervals)
    while start + length <= latest:
        end = start + length
        clash = next((stop for begin, stop in taken if begin < end and stop > start), None)
        office = start.weekday() < 5 and start.hour >= 9 and (end.hour, end.minute) <= (17, 0)
        if clash is None and office:
            return start
        start = clash if clash else start + timedelta(minutes=15)
    return None
