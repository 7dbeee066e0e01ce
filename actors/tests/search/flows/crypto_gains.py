from collections import deque
from datetime import date

from hero_tracing import flow


@flow
def main(trades: list[dict[str, str]], year: int) -> dict[str, float]:
    """Realised gains on coins sold in a year, first in first out; gains on coins held over a year are listed
    apart.
    """
    lots: dict[str, deque[list]] = {}
    taxable = exempt = 0.0
    for trade in sorted(trades, key=lambda t: t["day"]):
        day, coin = date.fromisoformat(trade["day"]), trade["coin"]
        units, price = float(trade["units"]), float(trade["price"])
        queue = lots.setdefault(coin, deque())
        if trade["side"] == "buy":
            queue.append([day, units, price])
            continue
        while units > 1e-9 and queue:
            bought, held, cost = queue[0]
            used = min(units, held)
            if day.year == year:
                gain = used * (price - cost)
                if (day - bought).days > 365:
                    exempt += gain
                else:
                    taxable += gain
            queue[0][1] -= used
            units -= used
            if queue[0][1] <= 1e-9:
                queue.popleft()
    return {"taxable": round(taxable, 2), "tax_free": round(exempt, 2)}
