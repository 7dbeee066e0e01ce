from typing import TypedDict

from hero_tracing import flow


class Week(TypedDict):
    week: int
    inflow: float
    outflow: float
    balance: float


@flow
def main(
    opening_balance: float, receivables: dict[int, float], payables: dict[int, float], weeks: int = 13
) -> list[Week]:
    """Thirteen-week cash flow forecast from expected receipts and planned payments.

    Stops with an error in the first week in which the balance would fall below zero.
    """
    balance, plan = opening_balance, []
    for number in range(1, weeks + 1):
        inflow, outflow = receivables.get(number, 0.0), payables.get(number, 0.0)
        balance += inflow - outflow
        if balance < 0:
            raise flow.Failed(f"illiquid in week {number}: {balance:.2f}")
        plan.append(Week(week=number, inflow=inflow, outflow=outflow, balance=round(balance, 2)))
    return plan
