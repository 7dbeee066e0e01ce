import json
from datetime import datetime
from urllib.request import Request, urlopen

from hero_tracing import flow


@flow(retries=2)
def set_thermostat(entity: str, celsius: float) -> None:
    body = json.dumps({"entity_id": entity, "temperature": celsius}).encode()
    headers = {"Authorization": f"Bearer {flow.secret('HASS_TOKEN')}", "Content-Type": "application/json"}
    urlopen(Request("http://homeassistant.local:8123/api/services/climate/set_temperature", body, headers))


def wanted(now: datetime, home: bool) -> float:
    if not home:
        return 16.0
    return 18.0 if now.hour < 6 or now.hour >= 22 else 21.0


@flow(secrets=["HASS_TOKEN"])
def main(rooms: list[str], somebody_home: bool, boost: dict[str, float] = {}) -> dict[str, float]:
    """Keeps the flat warm when people are in, and cooler at night and while they are out."""
    target = wanted(flow.now(), somebody_home)
    chosen = {room: target + boost.get(room, 0.0) for room in rooms}
    for room, celsius in chosen.items():
        set_thermostat(room, celsius)
    return chosen
