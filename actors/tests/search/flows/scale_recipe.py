from fractions import Fraction

from hero_tracing import flow


@flow
def main(ingredients: dict[str, str], servings: int, wanted: int) -> dict[str, str]:
    """Adapts the quantities of a recipe to another number of servings, in kitchen-friendly fractions."""
    scaled = {}
    for name, quantity in ingredients.items():
        number, _, unit = quantity.partition(" ")
        try:
            value = Fraction(number) * wanted / servings
        except ValueError:
            scaled[name] = quantity
            continue
        whole, rest = divmod(value.limit_denominator(4), 1)
        text = f"{whole} {rest}" if whole and rest else str(whole or rest)
        scaled[name] = f"{text} {unit}".strip()
    return scaled
