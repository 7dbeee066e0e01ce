import json
from urllib.request import urlopen

from hero_tracing import flow


@flow(retries=3, backoff=0.5)
def ecb_rate(base: str, quote: str) -> float:
    with urlopen(f"https://api.frankfurter.app/latest?from={base}&to={quote}", timeout=10) as response:
        return json.load(response)["rates"][quote]


@flow
def main(amount: float, base: str = "USD", quote: str = "EUR") -> float:
    """Converts an amount of money from one currency to another at today's ECB rate."""
    if base == quote:
        return amount
    return round(amount * ecb_rate(base, quote), 2)
