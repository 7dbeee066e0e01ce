import math
from statistics import NormalDist

from hero_tracing import flow


@flow
def main(baseline: float, minimal_uplift: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """How many visitors per variant an experiment needs before it is worth starting."""
    other = baseline * (1 + minimal_uplift)
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
    variance = baseline * (1 - baseline) + other * (1 - other)
    return math.ceil(z**2 * variance / (other - baseline) ** 2)
