"""Turns a month of tracked time into an invoice draft."""

from dataclasses import dataclass
from datetime import date, timedelta

from hero_tracing import flow


@dataclass
class InvoiceDraft:
    number: str
    client: str
    due: date
    positions: list[str]
    amount: float


@flow
def group_by_project(entries: list[dict[str, str]]) -> dict[str, float]:
    hours: dict[str, float] = {}
    for entry in entries:
        hours[entry["project"]] = hours.get(entry["project"], 0.0) + float(entry["hours"])
    return hours


@flow
def main(client: str, timesheet: list[dict[str, str]], hourly_rate: float, number: str) -> InvoiceDraft:
    """Creates an invoice from a freelancer's timesheet, one position per project, payable within 14 days."""
    hours = group_by_project(timesheet)
    positions = [f"{project}: {spent:.2f} h at {hourly_rate:.2f}" for project, spent in sorted(hours.items())]
    due = flow.now().date() + timedelta(days=14)
    return InvoiceDraft(number, client, due, positions, round(sum(hours.values()) * hourly_rate, 2))
