import json
from urllib.request import Request, urlopen

from hero_tracing import flow


@flow(retries=2, backoff=1.0)
def main(latitude: float, longitude: float) -> dict[str, str]:
    """Looks up a place with Nominatim: street, town, postcode and country."""
    url = f"https://nominatim.openstreetmap.org/reverse?format=json&lat={latitude}&lon={longitude}"
    address = json.load(urlopen(Request(url, headers={"User-Agent": "hero"}), timeout=10))["address"]
    town = address.get("city") or address.get("town") or address.get("village", "")
    return {
        "street": address.get("road", ""),
        "town": town,
        "postcode": address.get("postcode", ""),
        "country": address.get("country", ""),
    }
