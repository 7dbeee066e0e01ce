from datetime import date
from typing import TypedDict

from hero_tracing import flow


class Subscription(TypedDict):
    started: date
    ended: date | None
    monthly: float


@flow
def main(subscriptions: list[Subscription], first: date, last: date) -> dict[str, float]:
    """Churn of a period: share of customers lost, and of monthly recurring revenue."""
    active = [
        s for s in subscriptions if s["started"] < first and (s["ended"] is None or s["ended"] >= first)
    ]
    lost = [s for s in active if s["ended"] is not None and s["ended"] <= last]
    revenue = sum(s["monthly"] for s in active)
    return {
        "customer_churn": len(lost) / len(active) if active else 0.0,
        "mrr_churn": sum(s["monthly"] for s in lost) / revenue if revenue else 0.0,
        "mrr_at_start": revenue,
    }
