from statistics import quantiles

from hero_tracing import flow


@flow
def main(values: list[float], factor: float = 1.5) -> list[float]:
    """Values that lie far from the rest, by Tukey's fences on the interquartile range."""
    if len(values) < 4:
        return []
    lower, _, upper = quantiles(values, n=4)
    spread = factor * (upper - lower)
    return [value for value in values if value < lower - spread or value > upper + spread]
