import json
from urllib.request import Request, urlopen

from hero_tracing import flow


@flow(retries=2)
def chances(latitude: float, longitude: float) -> dict[str, int]:
    url = "https://api.open-meteo.com/v1/forecast?hourly=precipitation_probability&forecast_days=1"
    hourly = json.load(urlopen(f"{url}&latitude={latitude}&longitude={longitude}"))["hourly"]
    return dict(zip(hourly["time"], hourly["precipitation_probability"], strict=True))


@flow
def main(latitude: float, longitude: float, topic: str, percent: int = 60) -> bool:
    """Sends a push message in the morning if you will need an umbrella today."""
    wet = [time[-5:] for time, chance in chances(latitude, longitude).items() if chance >= percent]
    if wet:
        urlopen(Request(f"https://ntfy.sh/{topic}", f"Rain around {wet[0]}".encode()))
    return bool(wet)
