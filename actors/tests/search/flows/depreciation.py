from hero_tracing import flow


@flow
def main(cost: float, useful_life_years: int, salvage: float = 0.0, method: str = "straight") -> list[float]:
    """Book value of an asset at the end of each year, straight-line or declining balance."""
    book, values = cost, []
    rate = 2 / useful_life_years
    for _ in range(useful_life_years):
        fall = (cost - salvage) / useful_life_years if method == "straight" else book * rate
        book = max(book - fall, salvage)
        values.append(round(book, 2))
    return values
