import re
from typing import TypedDict

from hero_tracing import flow


class Rule(TypedDict):
    column: str
    required: bool
    pattern: str | None


class Violation(TypedDict):
    row: int
    column: str
    problem: str


@flow
def main(rows: list[dict[str, str]], rules: list[Rule]) -> list[Violation]:
    """Checks records against rules before an import and lists each violation with its row number."""
    found: list[Violation] = []
    for number, row in enumerate(rows, 1):
        for rule in rules:
            value = row.get(rule["column"], "")
            if not value and rule["required"]:
                found.append(Violation(row=number, column=rule["column"], problem="missing"))
            elif value and rule["pattern"] and not re.fullmatch(rule["pattern"], value):
                found.append(Violation(row=number, column=rule["column"], problem=f"{value!r} is malformed"))
    return found
