from typing import TypedDict

from hero_tracing import flow


class Instalment(TypedDict):
    month: int
    interest: float
    principal: float
    remaining: float


@flow
def main(principal: float, annual_rate_percent: float, months: int) -> list[Instalment]:
    """Amortisation table of an annuity loan: interest, repayment and remaining debt for each month."""
    rate = annual_rate_percent / 1200
    payment = principal / months if rate == 0 else principal * rate / (1 - (1 + rate) ** -months)
    remaining, table = principal, []
    for month in range(1, months + 1):
        interest = remaining * rate
        remaining -= payment - interest
        table.append(
            Instalment(
                month=month,
                interest=round(interest, 2),
                principal=round(payment - interest, 2),
                remaining=round(max(remaining, 0), 2),
            )
        )
    return table
