from hero_tracing import flow

TARIFFS = {
    "post": [(2, 4.99), (5, 7.49), (10, 10.49), (31, 19.99)],
    "express": [(1, 11.90), (5, 17.50), (20, 32.00)],
}


@flow
def main(
    weight_kg: float, length_cm: float, width_cm: float, height_cm: float, surcharge: float = 0.0
) -> dict[str, float]:
    """Compares carriers' prices for a package by billable weight, the greater of actual and volumetric
    weight.
    """
    volumetric = length_cm * width_cm * height_cm / 5000
    billable = max(weight_kg, volumetric)
    quotes = {}
    for carrier, steps in TARIFFS.items():
        price = next((price for limit, price in steps if billable <= limit), None)
        if price is not None:
            quotes[carrier] = round(price + surcharge, 2)
    return dict(sorted(quotes.items(), key=lambda item: item[1]))
