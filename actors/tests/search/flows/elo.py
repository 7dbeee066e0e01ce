from hero_tracing import flow


@flow
def main(ratings: dict[str, float], games: list[tuple[str, str, float]], k: float = 20) -> dict[str, float]:
    """Updates the table.

    A game is (white, black, result), where the result is 1, 0.5 or 0 from the view of the first player.
    """
    table = dict(ratings)
    for white, black, result in games:
        expected = 1 / (1 + 10 ** ((table.get(black, 1500) - table.get(white, 1500)) / 400))
        change = k * (result - expected)
        table[white] = table.get(white, 1500) + change
        table[black] = table.get(black, 1500) - change
    return {player: round(rating) for player, rating in sorted(table.items(), key=lambda item: -item[1])}
