import re
from datetime import date
from pathlib import Path

from hero_tracing import flow


@flow
def to_keep(days: list[date], daily: int, weekly: int, monthly: int) -> set[date]:
    newest = sorted(days, reverse=True)
    weeks = {day.isocalendar()[:2]: day for day in reversed(newest)}
    months = {(day.year, day.month): day for day in reversed(newest)}
    return {*newest[:daily], *sorted(weeks.values())[-weekly:], *sorted(months.values())[-monthly:]}


@flow
def main(directory: str, daily: int = 7, weekly: int = 4, monthly: int = 12) -> list[str]:
    """Grandfather, father, son: deletes old dumps but keeps some daily, weekly and monthly ones."""
    dumps = {}
    for path in Path(directory).glob("*.gz"):
        if found := re.search(r"(\d{4})(\d{2})(\d{2})", path.name):
            dumps[date(*map(int, found.groups()))] = path
    keep = to_keep(list(dumps), daily, weekly, monthly)
    gone = [path for day, path in dumps.items() if day not in keep]
    for path in gone:
        path.unlink()
    return [path.name for path in gone]
