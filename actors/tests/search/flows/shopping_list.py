from collections import defaultdict

from hero_tracing import flow

AISLES = {"milk": "dairy", "butter": "dairy", "flour": "baking", "apple": "fruit", "tomato": "vegetables"}


@flow
def main(recipes: list[dict[str, float]], pantry: dict[str, float] = {}) -> dict[str, dict[str, float]]:
    """Combines the ingredients of several recipes into one shopping list, less what is in the pantry, by
    aisle.
    """
    needed: dict[str, float] = defaultdict(float)
    for recipe in recipes:
        for ingredient, amount in recipe.items():
            needed[ingredient] += amount
    cart: dict[str, dict[str, float]] = defaultdict(dict)
    for ingredient, amount in needed.items():
        missing = amount - pantry.get(ingredient, 0)
        if missing > 0:
            cart[AISLES.get(ingredient, "other")][ingredient] = missing
    return dict(cart)
