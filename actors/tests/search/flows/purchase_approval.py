from hero_tracing import ask_user, flow


@flow
def budget_left(cost_centre: str) -> float:
    return float(flow.invoke("budget_left", cost_centre=cost_centre))


@flow
def main(
    item: str, price: float, cost_centre: str, requester: str, offers: list[str] = []
) -> dict[str, str | bool]:
    """A colleague wants to buy something: needs three offers above 5000, room in the budget and the boss's
    consent.
    """
    if price > 5000 and len(offers) < 3:
        return {"approved": False, "reason": "three offers are needed"}
    if price > budget_left(cost_centre):
        return {"approved": False, "reason": f"{cost_centre} has no budget left"}
    answer = ask_user.choice(f"{requester} wants {item} for {price:.2f}", ["approve", "decline"], name="boss")
    return {"approved": answer == "approve", "reason": ask_user.text("Comment?", default="", name="comment")}
