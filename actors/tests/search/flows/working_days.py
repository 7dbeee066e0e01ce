from datetime import date, timedelta

from hero_tracing import flow


def easter(year: int) -> date:
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def closed(day: date) -> bool:
    fixed = {(1, 1), (5, 1), (12, 25), (12, 26)}
    return (
        day.weekday() > 4
        or (day.month, day.day) in fixed
        or day - easter(day.year) in map(timedelta, (-2, 1, 39, 50))
    )


@flow
def main(start: date, count: int) -> date:
    """The date that lies so many business days ahead, public holidays left out. For deadlines."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= not closed(day)
    return day
