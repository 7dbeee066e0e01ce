import json
from typing import TypedDict
from urllib.request import urlopen

from hero_tracing import flow


class Forecast(TypedDict):
    temperature_c: float
    wind_kmh: float
    precipitation_mm: float


@flow(retries=2)
def main(latitude: float, longitude: float, hours_ahead: int = 0) -> Forecast:
    """Weather forecast for a position, for one hour: temperature, wind and precipitation."""
    fields = "temperature_2m,wind_speed_10m,precipitation"
    base = "https://api.open-meteo.com/v1/forecast"
    hourly = json.load(urlopen(f"{base}?latitude={latitude}&longitude={longitude}&hourly={fields}"))["hourly"]
    index = flow.now().hour + hours_ahead
    return Forecast(
        temperature_c=hourly["temperature_2m"][index],
        wind_kmh=hourly["wind_speed_10m"][index],
        precipitation_mm=hourly["precipitation"][index],
    )
