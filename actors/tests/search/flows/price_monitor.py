import json
import re
from urllib.request import Request, urlopen

from hero_tracing import flow


@flow(retries=2, backoff=3)
def price_on(page: str) -> float | None:
    html = (
        urlopen(Request(page, headers={"User-Agent": "Mozilla/5.0"}), timeout=15)
        .read()
        .decode(errors="replace")
    )
    for block in re.findall(r'(?s)<script type="application/ld\+json">(.*?)</script>', html):
        offers = json.loads(block).get("offers") or {}
        if "price" in offers:
            return float(offers["price"])
    return None


@flow
def main(our_price: float, competitors: dict[str, str]) -> dict[str, float]:
    """Competitors that are cheaper than we are for the same product, from their shop pages."""
    found = {name: price_on(page) for name, page in competitors.items()}
    return {name: price for name, price in found.items() if price is not None and price < our_price}
