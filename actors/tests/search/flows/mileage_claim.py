from typing import TypedDict

from hero_tracing import flow


class Drive(TypedDict):
    date: str
    purpose: str
    kilometres: float


@flow
def main(drives: list[Drive], rate_first_20: float = 0.30, rate_beyond: float = 0.38) -> float:
    """Allowance for business trips with the private car."""
    total = 0.0
    for drive in drives:
        near = min(drive["kilometres"], 20)
        total += near * rate_first_20 + (drive["kilometres"] - near) * rate_beyond
    return round(total, 2)
