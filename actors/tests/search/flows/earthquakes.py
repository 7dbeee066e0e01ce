import json
from typing import TypedDict
from urllib.request import urlopen

from hero_tracing import flow


class Quake(TypedDict):
    place: str
    magnitude: float
    depth_km: float


@flow(retries=2)
def main(
    latitude: float, longitude: float, radius_km: int = 300, minimum_magnitude: float = 3.0
) -> list[Quake]:
    """Recent earthquakes around a position, from the USGS catalogue."""
    url = (
        f"https://earthquake.usgs.gov/fdsnws/event/1/query?format=geojson&latitude={latitude}&longitude={longitude}"
        f"&maxradiuskm={radius_km}&minmagnitude={minimum_magnitude}"
    )
    return [
        Quake(
            place=item["properties"]["place"],
            magnitude=item["properties"]["mag"],
            depth_km=item["geometry"]["coordinates"][2],
        )
        for item in json.load(urlopen(url))["features"]
    ]
