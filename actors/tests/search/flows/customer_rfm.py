from collections import defaultdict
from datetime import date
from typing import TypedDict

from hero_tracing import flow


class Order(TypedDict):
    customer: str
    day: date
    value: float


def thirds(values: dict[str, float], reverse: bool = False) -> dict[str, int]:
    ranked = sorted(values, key=values.__getitem__, reverse=reverse)
    return {name: 1 + 3 * place // len(ranked) for place, name in enumerate(ranked)}


@flow
def main(orders: list[Order]) -> dict[str, list[str]]:
    """RFM segmentation: who are our best customers, who is new, who is about to leave."""
    grouped: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        grouped[order["customer"]].append(order)
    today = flow.now().date()
    recency = thirds({c: (today - max(o["day"] for o in os)).days for c, os in grouped.items()}, reverse=True)
    frequency = thirds({c: len(os) for c, os in grouped.items()})
    money = thirds({c: sum(o["value"] for o in os) for c, os in grouped.items()})
    segments: dict[str, list[str]] = defaultdict(list)
    for c in grouped:
        best = recency[c] == frequency[c] == money[c] == 3
        leaving = recency[c] == 1 and frequency[c] >= 2
        segments[
            "champions" if best else "at risk" if leaving else "new" if frequency[c] == 1 else "regular"
        ].append(c)
    return dict(segments)
