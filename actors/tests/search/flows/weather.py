import json
import urllib.parse
import urllib.request

from hero_tracing import flow


@flow
def locate(city: str) -> tuple[float, float]:
    name = urllib.parse.quote(city)
    found = json.load(
        urllib.request.urlopen(f"https://geocoding-api.open-meteo.com/v1/search?count=1&name={name}")
    )
    return found["results"][0]["latitude"], found["results"][0]["longitude"]


@flow
def main(city: str, days: int = 3) -> list[str]:
    """Weather forecast for a city: temperatures and rain of the coming days."""
    latitude, longitude = locate(city)
    url = (
        f"https://api.open-meteo.com/v1/forecast?latitude={latitude}&longitude={longitude}&forecast_days={days}"
        "&daily=temperature_2m_max,temperature_2m_min,precipitation_sum"
    )
    daily = json.load(urllib.request.urlopen(url))["daily"]
    columns = zip(
        daily["time"],
        daily["temperature_2m_min"],
        daily["temperature_2m_max"],
        daily["precipitation_sum"],
        strict=True,
    )
    return [f"{day}: {low} to {high} °C, {rain} mm" for day, low, high, rain in columns]
