from hero_tracing import flow


def ray_cast(x: float, y: float, ring: list[list[float]]) -> bool:
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


@flow
def main(points: dict[str, list[float]], zones: dict[str, list[list[float]]]) -> dict[str, str | None]:
    """Which delivery zone each customer lies in. Zones are rings of longitude and latitude."""
    found = {}
    for customer, (x, y) in points.items():
        found[customer] = next((name for name, ring in zones.items() if ray_cast(x, y, ring)), None)
    return found
