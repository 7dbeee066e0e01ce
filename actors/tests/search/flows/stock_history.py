import csv
import io
import urllib.request
from typing import TypedDict

from hero_tracing import flow


class Day(TypedDict):
    date: str
    close: float
    volume: int


@flow
def main(symbol: str, days: int = 30) -> list[Day]:
    """Daily closing prices of a share over the last days, oldest first."""
    url = f"https://stooq.com/q/d/l/?s={symbol.lower()}&i=d"
    with urllib.request.urlopen(url, timeout=20) as response:
        rows = list(csv.DictReader(io.StringIO(response.read().decode())))
    return [
        Day(date=row["Date"], close=float(row["Close"]), volume=int(row["Volume"])) for row in rows[-days:]
    ]
