import math

from hero_tracing import flow


def histogram(values: list[float], edges: list[float]) -> list[float]:
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[sum(value > edge for edge in edges)] += 1
    return [max(count / len(values), 1e-4) for count in counts]


@flow
def psi(expected: list[float], actual: list[float], bins: int = 10) -> float:
    ordered = sorted(expected)
    edges = [ordered[len(ordered) * i // bins] for i in range(1, bins)]
    pairs = zip(histogram(expected, edges), histogram(actual, edges), strict=True)
    return sum((a - e) * math.log(a / e) for e, a in pairs)


@flow
def main(
    training: dict[str, list[float]], live: dict[str, list[float]], limit: float = 0.2
) -> dict[str, float]:
    """Features whose distribution in production has moved away from the training data, so the model may need
    retraining.
    """
    scores = {name: psi(values, live[name]) for name, values in training.items() if live.get(name)}
    return {name: round(score, 3) for name, score in scores.items() if score > limit}
