from statistics import fmean

from hero_tracing import flow


@flow
def holt_winters(
    series: list[float], season: int, ahead: int, alpha: float, beta: float, gamma: float
) -> list[float]:
    level, trend = (
        fmean(series[:season]),
        (fmean(series[season : 2 * season]) - fmean(series[:season])) / season,
    )
    seasonal = [value - level for value in series[:season]]
    for index, value in enumerate(series):
        last = level
        level = alpha * (value - seasonal[index % season]) + (1 - alpha) * (level + trend)
        trend = beta * (level - last) + (1 - beta) * trend
        seasonal[index % season] = gamma * (value - level) + (1 - gamma) * seasonal[index % season]
    return [
        level + step * trend + seasonal[(len(series) + step - 1) % season] for step in range(1, ahead + 1)
    ]


@flow
def main(monthly_units: list[float], ahead: int = 6) -> list[float]:
    """Predicts the demand of the coming months from the last years, with trend and season."""
    if len(monthly_units) < 24:
        raise flow.Failed("two years are needed")
    return [max(0.0, round(v, 1)) for v in holt_winters(monthly_units, 12, ahead, 0.4, 0.1, 0.3)]
