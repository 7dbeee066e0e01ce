import math

from hero_tracing import flow

Point = tuple[float, float]


def kilometres(a: Point, b: Point) -> float:
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, p)) for p in (a, b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 12_742 * math.asin(math.sqrt(h))


@flow
def main(depot: Point, stops: dict[str, Point]) -> dict[str, list[str] | float]:
    """Best order to visit the customers of a day: nearest neighbour first, then improved by 2-opt."""
    order, here, rest = [], depot, dict(stops)
    while rest:
        nearest = min(rest, key=lambda name: kilometres(here, rest[name]))
        order.append(nearest)
        here = rest.pop(nearest)

    def length(tour: list[str]) -> float:
        points = [depot, *(stops[name] for name in tour), depot]
        return sum(kilometres(a, b) for a, b in zip(points, points[1:], strict=False))

    for i in range(len(order)):
        for j in range(i + 2, len(order) + 1):
            turned = order[:i] + order[i:j][::-1] + order[j:]
            if length(turned) < length(order):
                order = turned
    return {"order": order, "kilometres": round(length(order), 1)}
