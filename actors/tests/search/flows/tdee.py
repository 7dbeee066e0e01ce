from typing import Literal

from hero_tracing import flow

ACTIVITY = {"sitting": 1.2, "light": 1.375, "moderate": 1.55, "heavy": 1.725}


@flow
def main(
    weight_kg: float,
    height_cm: float,
    age: int,
    sex: Literal["m", "f"],
    activity: str = "light",
    goal: float = 0.0,
) -> int:
    """Daily calorie needs after Mifflin and St Jeor.

    `goal` is the change of weight per week in kilograms, negative to lose.
    """
    basal = 10 * weight_kg + 6.25 * height_cm - 5 * age + (5 if sex == "m" else -161)
    return round(basal * ACTIVITY[activity] + goal * 7700 / 7)
