from hero_tracing import ask_user, flow

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@flow
def propose(dishes: list[dict], avoid: list[str], minutes: int) -> list[dict]:
    fitting = [d for d in dishes if d["minutes"] <= minutes and not set(avoid) & set(d["ingredients"])]
    return sorted(fitting, key=lambda dish: dish["last_cooked"])


@flow
def main(dishes: list[dict], avoid: list[str] = [], weekday_minutes: int = 40) -> dict[str, str]:
    """Plans dinner for the week from dishes the family likes, nothing twice, quick ones on weekdays."""
    plan: dict[str, str] = {}
    for day in DAYS:
        quick = weekday_minutes if day not in DAYS[5:] else 180
        free = [d["name"] for d in propose(dishes, avoid, quick) if d["name"] not in plan.values()]
        plan[day] = ask_user.choice(f"{day}?", free[:3], name=day.lower())
    return plan
