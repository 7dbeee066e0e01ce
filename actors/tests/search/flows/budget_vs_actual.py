from dataclasses import dataclass

from hero_tracing import flow


@dataclass
class Deviation:
    department: str
    budget: float
    actual: float
    percent: float


@flow
def main(
    budget: dict[str, float], actual: dict[str, float], tolerance_percent: float = 10.0
) -> list[Deviation]:
    """Departments that spent noticeably more or less than planned, the worst first."""
    found = []
    for department, planned in budget.items():
        spent = actual.get(department, 0.0)
        percent = (spent - planned) / planned * 100 if planned else 100.0
        if abs(percent) > tolerance_percent:
            found.append(Deviation(department, planned, spent, round(percent, 1)))
    return sorted(found, key=lambda deviation: -abs(deviation.percent))
