import json
from datetime import date, timedelta
from urllib.request import urlopen

from hero_tracing import flow


@flow(retries=2)
def payouts(ticker: str) -> list[dict]:
    key = flow.secret("FMP_KEY")
    base = "https://financialmodelingprep.com/api/v3/historical-price-full/stock_dividend"
    return json.load(urlopen(f"{base}/{ticker}?apikey={key}"))["historical"]


@flow(secrets=["FMP_KEY"])
def main(shares: dict[str, float], days: int = 90) -> list[dict[str, str | float]]:
    """When your shares pay out next and how much that is for the number you own."""
    today, plan = flow.now().date(), []
    for ticker, owned in shares.items():
        for payout in payouts(ticker):
            due = date.fromisoformat(payout["paymentDate"])
            if today <= due <= today + timedelta(days=days):
                plan.append(
                    {"ticker": ticker, "on": str(due), "amount": round(owned * payout["dividend"], 2)}
                )
    return sorted(plan, key=lambda entry: entry["on"])
