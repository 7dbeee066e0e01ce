from hero_tracing import ask_user, flow


@flow
def signers(amount: float) -> list[str]:
    people = ["department head"]
    if amount > 1_000:
        people.append("controller")
    if amount > 25_000:
        people.append("managing director")
    return people


@flow
def main(supplier: str, amount: float, cost_centre: str) -> dict[str, str | bool]:
    """Passes a supplier's invoice round for sign-off before it is paid.

    The higher the amount, the more people have to agree. The first objection ends it.
    """
    for person in signers(amount):
        if not ask_user.confirm(
            f"{supplier}: {amount:.2f} on {cost_centre}. Pay?", name=person.replace(" ", "_")
        ):
            why = ask_user.text("Why not?", name="objection")
            return {"approved": False, "by": person, "reason": why}
    return {"approved": True, "by": person, "reason": ""}
