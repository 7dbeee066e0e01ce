import math

from hero_tracing import flow

EARTH_RADIUS_KM = 6371.0088


@flow
def haversine(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """As the crow flies."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    dp, dl = p2 - p1, math.radians(lon2 - lon1)
    h = math.sin(dp / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(dl / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))
