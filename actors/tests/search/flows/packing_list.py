from hero_tracing import ask_user, flow

BASE = ["passport", "charger", "toothbrush", "medicine"]
EXTRA = {
    "beach": ["swimsuit", "sunscreen", "towel"],
    "hiking": ["boots", "rain jacket", "water bottle"],
    "business": ["suit", "laptop", "business cards"],
    "skiing": ["gloves", "goggles", "thermals"],
}


@flow
def main(nights: int, coldest: float, activities: list[str]) -> list[str]:
    """What to put in the suitcase, by length of the trip, temperature and plans."""
    items = [*BASE, f"{min(nights, 7) + 1} x underwear and socks", f"{min(nights, 6)} shirts"]
    for activity in activities:
        items += EXTRA.get(activity, [])
    if coldest < 8:
        items += ["warm coat", "hat"]
    forgotten = ask_user.text("Anything else to take along?", default="")
    return items + [word.strip() for word in forgotten.split(",") if word.strip()]
