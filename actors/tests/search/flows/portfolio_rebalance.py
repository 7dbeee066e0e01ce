from hero_tracing import flow


@flow
def plan_trades(holdings: dict[str, float], targets: dict[str, float], tolerance: float) -> dict[str, float]:
    total = sum(holdings.values())
    trades = {}
    for asset, weight in targets.items():
        drift = total * weight - holdings.get(asset, 0.0)
        if abs(drift) > tolerance * total:
            trades[asset] = round(drift, 2)
    return trades


@flow
def main(holdings: dict[str, float], targets: dict[str, float], tolerance: float = 0.02) -> dict[str, float]:
    """Works out what to buy and sell so that a portfolio returns to its target allocation.

    Positions within the tolerance are left alone. Positive amounts are purchases.
    """
    if abs(sum(targets.values()) - 1) > 1e-6:
        raise flow.Failed("the target weights must add up to 1")
    return plan_trades(holdings, targets, tolerance)
