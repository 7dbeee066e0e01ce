from typing import TypedDict

from hero_tracing import flow


class Lead(TypedDict):
    company_size: int
    title: str
    visits: int
    opened_mails: int
    asked_for_demo: bool


@flow
def main(lead: Lead) -> dict[str, int | str]:
    """Rates a prospect from 0 to 100 by fit and behaviour, so that sales calls the warm ones first."""
    fit = 20 * (lead["company_size"] >= 50) + 20 * any(
        w in lead["title"].lower() for w in ("head", "chief", "vp")
    )
    behaviour = min(lead["visits"] * 3, 20) + min(lead["opened_mails"] * 2, 10) + 30 * lead["asked_for_demo"]
    score = fit + behaviour
    return {"score": score, "grade": "hot" if score >= 60 else "warm" if score >= 30 else "cold"}
