from datetime import datetime, timedelta

from hero_tracing import flow


@flow
def forgotten(carts: list[dict], now: datetime, hours: int) -> list[dict]:
    limit = now - timedelta(hours=hours)
    return [
        c for c in carts if not c["ordered"] and datetime.fromisoformat(c["updated"]) < limit and c["items"]
    ]


@flow
def compose(cart: dict, coupon: str | None) -> str:
    things = ", ".join(cart["items"][:3])
    extra = f" Take 10 % off with {coupon}." if coupon else ""
    return f"Hello {cart['name']}, your {things} are still waiting.{extra}"


@flow
def main(carts: list[dict], hours: int = 24, coupon_above: float = 80.0) -> dict[str, str]:
    """Writes to shoppers who left without checking out, with a coupon for valuable baskets."""
    messages = {}
    for cart in forgotten(carts, flow.now().replace(tzinfo=None), hours):
        coupon = f"BACK{flow.random() * 10_000:04.0f}" if cart["value"] >= coupon_above else None
        messages[cart["email"]] = compose(cart, coupon)
    return messages
