from hero_tracing import flow


@flow
def main(start: float, monthly: float, yearly_percent: float, years: int) -> dict[str, float]:
    """Savings plan: how a deposit grows with monthly contributions and compound interest."""
    balance = start
    for _ in range(years * 12):
        balance = balance * (1 + yearly_percent / 1200) + monthly
    paid_in = start + monthly * 12 * years
    return {
        "final_balance": round(balance, 2),
        "paid_in": paid_in,
        "interest_earned": round(balance - paid_in, 2),
    }
