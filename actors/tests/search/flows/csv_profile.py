import csv
from statistics import fmean
from typing import TypedDict

from hero_tracing import flow


class Column(TypedDict):
    filled: float
    distinct: int
    minimum: float | None
    maximum: float | None
    mean: float | None


def as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@flow
def main(path: str) -> dict[str, Column]:
    """Profiles a CSV file before it is used: fill rate, distinct values and range of every column."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    profile = {}
    for name in rows[0] if rows else []:
        values = [row[name] for row in rows if row[name]]
        numbers = [n for n in map(as_number, values) if n is not None]
        numeric = bool(values) and len(numbers) == len(values)
        profile[name] = Column(
            filled=len(values) / len(rows),
            distinct=len(set(values)),
            minimum=min(numbers) if numeric else None,
            maximum=max(numbers) if numeric else None,
            mean=fmean(numbers) if numeric else None,
        )
    return profile
