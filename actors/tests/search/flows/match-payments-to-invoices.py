import re

from hero_tracing import ask_user, flow


def reference_of(purpose: str) -> str | None:
    found = re.search(r"\b(?:RE|INV)-?\d{4,}\b", purpose)
    return found.group().replace("-", "") if found else None


@flow
def main(payments: list[dict], invoices: dict[str, float]) -> dict[str, list[str]]:
    """Reconciles incoming bank payments with open invoices by reference number and amount; asks about
    doubtful ones.
    """
    settled: list[str] = []
    unclear: list[str] = []
    for payment in payments:
        number = reference_of(payment["purpose"])
        if number in invoices and abs(invoices[number] - payment["amount"]) < 0.01:
            settled.append(number)
            continue
        candidates = [key for key, amount in invoices.items() if abs(amount - payment["amount"]) < 0.01]
        answer = ask_user.choice(f"Which one did {payment['payer']} pay?", [*candidates, "none"])
        (unclear if answer == "none" else settled).append(payment["payer"] if answer == "none" else answer)
    return {"settled": settled, "unclear": unclear}
