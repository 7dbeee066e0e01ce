from datetime import date, timedelta
from typing import TypedDict

from hero_tracing import ask_user, flow


class Card(TypedDict):
    front: str
    back: str
    ease: float
    interval: int
    due: date


@flow
def sm2(card: Card, grade: int, today: date) -> Card:
    ease = max(1.3, card["ease"] + 0.1 - (5 - grade) * (0.08 + (5 - grade) * 0.02))
    interval = 1 if grade < 3 else 6 if card["interval"] == 1 else max(1, round(card["interval"] * ease))
    return {**card, "ease": ease, "interval": interval, "due": today + timedelta(days=interval)}


@flow
def main(cards: list[Card], limit: int = 20) -> list[Card]:
    """Vocabulary trainer with spaced repetition: asks what is due today and plans when each card comes again."""
    today = flow.now().date()
    due = [card for card in cards if card["due"] <= today][:limit]
    rest = [card for card in cards if card not in due]
    for number, card in enumerate(due):
        typed = ask_user.text(card["front"], name=f"card_{number}")
        rest.append(sm2(card, 5 if typed.strip().lower() == card["back"].lower() else 1, today))
    return rest
