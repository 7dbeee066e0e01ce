import random

from hero_tracing import flow


@flow
def switch(lamp: str, on: bool, at: str) -> str:
    return f"{at} {lamp} {'on' if on else 'off'}"


@flow
def main(lamps: list[str], evenings: int, seed: int = 0) -> list[str]:
    """Lights go on and off at random in the evening so that burglars think somebody is in."""
    dice, plan = random.Random(seed), []
    for evening in range(evenings):
        for lamp in dice.sample(lamps, k=min(2, len(lamps))):
            start = dice.randint(18 * 60, 21 * 60)
            stop = start + dice.randint(20, 120)
            plan.append(switch(lamp, True, f"day {evening} {start // 60:02d}:{start % 60:02d}"))
            plan.append(switch(lamp, False, f"day {evening} {stop // 60:02d}:{stop % 60:02d}"))
    return plan
