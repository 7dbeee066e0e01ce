import math
from statistics import NormalDist

from hero_tracing import flow


@flow
def main(
    visitors_a: int, conversions_a: int, visitors_b: int, conversions_b: int, alpha: float = 0.05
) -> dict:
    """Two-proportion z-test of an A/B experiment: uplift, p-value, confidence interval and a verdict."""
    rate_a, rate_b = conversions_a / visitors_a, conversions_b / visitors_b
    pooled = (conversions_a + conversions_b) / (visitors_a + visitors_b)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / visitors_a + 1 / visitors_b))
    z = (rate_b - rate_a) / spread
    p_value = 2 * (1 - NormalDist().cdf(abs(z)))
    half = NormalDist().inv_cdf(1 - alpha / 2) * spread
    difference = rate_b - rate_a
    return {
        "uplift": difference / rate_a,
        "p_value": p_value,
        "interval": [difference - half, difference + half],
        "verdict": "no difference" if p_value > alpha else "B wins" if difference > 0 else "A wins",
    }
