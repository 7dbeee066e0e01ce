from datetime import date
from typing import TypedDict

from hero_tracing import ask_user, flow


class Charge(TypedDict):
    id: str
    card: str
    merchant: str
    amount: float
    day: date


@flow
def main(charges: list[Charge], within_days: int = 2) -> list[str]:
    """Finds card payments that look as if they had been charged twice; somebody confirms which ones to
    dispute.
    """
    suspects = []
    for index, one in enumerate(charges):
        for other in charges[index + 1 :]:
            same = (one["card"], one["merchant"], one["amount"]) == (
                other["card"],
                other["merchant"],
                other["amount"],
            )
            if same and abs((one["day"] - other["day"]).days) <= within_days:
                suspects.append(f"{other['id']}: {other['merchant']} {other['amount']:.2f}")
    if not suspects:
        return []
    return [line.split(":")[0] for line in ask_user.multi_choice("Dispute which?", suspects)]
