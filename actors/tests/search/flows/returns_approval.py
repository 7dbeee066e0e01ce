from datetime import date

from hero_tracing import ask_user, flow


@flow
def within_policy(bought: date, opened: bool, category: str) -> bool:
    days = {"electronics": 30, "clothing": 60, "hygiene": 14}.get(category, 30)
    in_time = (flow.now().date() - bought).days <= days
    return in_time and not (opened and category == "hygiene")


@flow
def main(
    order: str, bought: date, category: str, opened: bool, photo_url: str | None = None
) -> dict[str, str]:
    """Customer wants to send something back: checks the policy, lets support decide edge cases, issues a
    label.
    """
    if not within_policy(bought, opened, category):
        generous = ask_user.choice(f"{order} is outside the policy. {photo_url or ''}", ["accept", "reject"])
        if generous == "reject":
            return {"status": "rejected", "label": ""}
    return {"status": "accepted", "label": f"RET-{flow.uuid().hex[:10].upper()}"}
