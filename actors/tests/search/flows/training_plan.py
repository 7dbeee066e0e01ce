from datetime import date, timedelta

from hero_tracing import flow


@flow
def main(
    race_day: date, longest_run_km: float, race_km: float = 42.2, runs_per_week: int = 4
) -> dict[str, list[str]]:
    """Running schedule up to a marathon: weekly kilometres grow by a tenth, every fourth week is easy, then
    taper.
    """
    today = flow.now().date()
    weeks = max(1, (race_day - today).days // 7)
    long_run, plan = longest_run_km, {}
    for week in range(weeks):
        monday = today + timedelta(days=7 * week - today.weekday())
        tapering = week >= weeks - 2
        distance = long_run * (0.5 if tapering else 0.7 if week % 4 == 3 else 1.0)
        easy = [f"easy {distance * 0.4:.0f} km"] * (runs_per_week - 2)
        plan[monday.isoformat()] = [*easy, f"tempo {distance * 0.3:.0f} km", f"long {distance:.0f} km"]
        if not tapering and week % 4 != 3:
            long_run = min(long_run * 1.1, race_km * 0.78)
    return plan
