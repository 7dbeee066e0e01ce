from datetime import date
from typing import TypedDict

from hero_tracing import ask_user, flow


class Plant(TypedDict):
    name: str
    every_days: int
    watered: date


@flow
def main(plants: list[Plant], soil_moisture: dict[str, float] = {}) -> list[Plant]:
    """Reminds you which house plants are thirsty and remembers which ones you have taken care of."""
    today = flow.now().date()
    thirsty = [p["name"] for p in plants if (today - p["watered"]).days >= p["every_days"]]
    thirsty += [name for name, level in soil_moisture.items() if level < 0.2 and name not in thirsty]
    done = ask_user.multi_choice("Which ones did you water?", thirsty) if thirsty else []
    return [{**plant, "watered": today} if plant["name"] in done else plant for plant in plants]
