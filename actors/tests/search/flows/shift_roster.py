from itertools import cycle

from hero_tracing import ask_user, flow


@flow
def assign(staff: list[str], days: list[str], unavailable: dict[str, list[str]]) -> dict[str, list[str]]:
    turn = cycle(staff)
    roster: dict[str, list[str]] = {}
    for day in days:
        crew: list[str] = []
        for _ in range(len(staff) * 2):
            person = next(turn)
            if person not in crew and day not in unavailable.get(person, []):
                crew.append(person)
            if len(crew) == 2:
                break
        roster[day] = crew
    return roster


@flow
def main(staff: list[str], days: list[str], unavailable: dict[str, list[str]] = {}) -> dict[str, list[str]]:
    """Draws up a duty roster with two people a day, fair and around their days off; the manager confirms it."""
    roster = assign(staff, days, unavailable)
    if not ask_user.confirm(f"Publish this plan? {roster}"):
        raise flow.Failed("the plan was turned down")
    return roster
