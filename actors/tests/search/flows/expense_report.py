from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from hero_tracing import flow


@dataclass
class Receipt:
    day: date
    category: str
    amount: float
    paid_privately: bool = True


@dataclass
class Report:
    by_category: dict[str, float]
    to_reimburse: float
    missing_days: list[date]


@flow
def main(receipts: list[Receipt], first_day: date, last_day: date) -> Report:
    """Expense report of a business trip: sums per category, what the employee gets back, and days with no
    receipt.
    """
    sums: dict[str, float] = defaultdict(float)
    for receipt in receipts:
        sums[receipt.category] += receipt.amount
    days = {receipt.day for receipt in receipts}
    span = [date.fromordinal(n) for n in range(first_day.toordinal(), last_day.toordinal() + 1)]
    private = sum(receipt.amount for receipt in receipts if receipt.paid_privately)
    return Report(dict(sums), round(private, 2), [day for day in span if day not in days])
