import json
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from hero_tracing import ask_user, flow


@flow(retries=3, backoff=5)
def cheapest(origin: str, destination: str, day: str) -> tuple[float, str]:
    query = urlencode(
        {"originLocationCode": origin, "destinationLocationCode": destination, "departureDate": day}
    )
    headers = {"Authorization": f"Bearer {flow.secret('AMADEUS_TOKEN')}"}
    request = Request(f"https://api.amadeus.com/v2/shopping/flight-offers?{query}&adults=1", headers=headers)
    offers = json.load(urlopen(request))["data"]
    best = min(offers, key=lambda offer: float(offer["price"]["total"]))
    return float(best["price"]["total"]), best["id"]


@flow(secrets=["AMADEUS_TOKEN"])
def main(origin: str, destination: str, days: list[str], below: float) -> str | None:
    """Checks airfares on several days and asks whether to book as soon as one falls below your price."""
    price, offer, day = min((*cheapest(origin, destination, day), day) for day in days)
    if price < below and ask_user.confirm(f"{origin} to {destination} on {day} for {price:.2f}. Book?"):
        return offer
    return None
