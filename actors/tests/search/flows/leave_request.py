from datetime import date, timedelta

from hero_tracing import ask_user, flow


def workdays(first: date, last: date) -> int:
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return sum(day.weekday() < 5 for day in span)


@flow
def main(employee: str, first: date, last: date, days_left: int) -> dict[str, str | int]:
    """Vacation request: checks the remaining days and asks the line manager to approve or reject."""
    wanted = workdays(first, last)
    if wanted > days_left:
        return {"status": "refused", "reason": f"{wanted} days wanted, {days_left} left"}
    approved = ask_user.confirm(f"{employee} wants {first} to {last} off, {wanted} days.", name="manager")
    return {"status": "approved" if approved else "refused", "days_left": days_left - wanted * approved}
