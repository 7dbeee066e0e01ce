from hero_tracing import flow


@flow
def main(teams: list[str], home_and_away: bool = False) -> list[list[str]]:
    """Round robin: a match schedule in which everybody plays everybody once, round by round."""
    field = [*teams, "bye"] if len(teams) % 2 else list(teams)
    rounds = []
    for number in range(len(field) - 1):
        half = len(field) // 2
        pairs = zip(field[:half], reversed(field[half:]), strict=True)
        games = [f"{a} - {b}" if number % 2 else f"{b} - {a}" for a, b in pairs if "bye" not in (a, b)]
        rounds.append(games)
        field = [field[0], field[-1], *field[1:-1]]
    if home_and_away:
        rounds += [[" - ".join(reversed(game.split(" - "))) for game in games] for games in rounds]
    return rounds
