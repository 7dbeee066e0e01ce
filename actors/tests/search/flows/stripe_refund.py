import json
from base64 import b64encode
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from hero_tracing import ask_user, flow


@flow(retries=3)
def refund(charge: str, cents: int, reason: str) -> str:
    auth = b64encode(f"{flow.secret('STRIPE_KEY')}:".encode()).decode()
    form = urlencode({"charge": charge, "amount": cents, "reason": reason}).encode()
    headers = {"Authorization": f"Basic {auth}", "Idempotency-Key": flow.idempotency_key()}
    return json.load(urlopen(Request("https://api.stripe.com/v1/refunds", form, headers)))["id"]


@flow(secrets=["STRIPE_KEY"])
def main(
    charge: str, amount: float, reason: str = "requested_by_customer", limit: float = 100.0
) -> str | None:
    """Gives a customer the money back through Stripe, never twice. Above the limit a supervisor has to agree."""
    if amount > limit and not ask_user.confirm(f"Refund {amount:.2f} for {charge}?", name="supervisor"):
        return None
    return refund(charge, round(amount * 100), reason)
