"""Failures: one that passes by itself, and one that the flow handles.

    retry [amount, currency]
    ├─ parse_strictly        fails with a ValueError, which the flow catches
    ├─ parse_kindly          only if that failed
    └─ fetch_rate            fails twice, then works: three tries of one step

A failure is recorded like a result. On replay `parse_strictly` raises the same ValueError without running, so the
flow takes the same branch; and a step that has used two of its tries goes on with the third.

Run it with `hero_logic run retry`.
"""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from hero_tracing import flow

RATES = {"EUR": Decimal("1.08"), "GBP": Decimal("1.27")}


@flow
def parse_strictly(text: str) -> Decimal:
    """Reads `12.50`, nothing else."""
    print(f"reading {text!r}")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None


@flow
def parse_kindly(text: str) -> Decimal:
    """Reads `12,50` too."""
    print(f"reading {text!r} once more, with a comma")
    return Decimal(text.replace(",", "."))


@flow(retries=3, backoff=0.05)
def fetch_rate(currency: str) -> Decimal:
    """Asks a service that is down the first two times. It keeps count in the play's own directory."""
    calls = Path(flow.workdir, "calls")
    count = len(calls.read_text()) + 1 if calls.exists() else 1
    calls.write_text("x" * count)
    if count <= 2:
        raise ConnectionError(f"call {count}: the service is down")
    if currency not in RATES:
        raise flow.Failed(f"no rate for {currency}")  # means "this did not work": never tried again
    return RATES[currency]


@flow(name="retry")
def main(amount: str = "12,50", currency: str = "EUR") -> dict[str, Any]:
    """Converts an amount of money with a service that fails twice before it works."""
    guessed = False
    try:
        value = parse_strictly(amount)
    except ValueError as error:
        print(f"{error}; guessing")
        value, guessed = parse_kindly(amount), True
    usd = (value * fetch_rate(currency)).quantize(Decimal("0.01"))
    return {"amount": str(value), "currency": currency, "usd": str(usd), "guessed": guessed}
