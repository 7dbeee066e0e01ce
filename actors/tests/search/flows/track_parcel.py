import json
import urllib.request

from hero_tracing import flow


@flow(retries=3, backoff=2)
def query_carrier(number: str) -> list[dict]:
    url = f"https://api-eu.dhl.com/track/shipments?trackingNumber={number}"
    request = urllib.request.Request(url, headers={"DHL-API-Key": flow.secret("DHL_KEY")})
    return json.load(urllib.request.urlopen(request, timeout=15))["shipments"][0]["events"]


@flow(secrets=["DHL_KEY"])
def main(tracking_number: str) -> dict[str, str | bool]:
    """Where is my parcel: latest status, place and time from DHL."""
    newest = query_carrier(tracking_number)[0]
    place = newest.get("location", {}).get("address", {}).get("addressLocality", "")
    return {
        "status": newest["description"],
        "place": place,
        "when": newest["timestamp"],
        "delivered": newest["statusCode"] == "delivered",
    }
