from hero_tracing import flow


@flow
def nps(scores: list[int]) -> dict[str, float]:
    """Net promoter score from ratings of 0 to 10."""
    promoters = sum(score >= 9 for score in scores)
    detractors = sum(score <= 6 for score in scores)
    total = len(scores)
    return {
        "nps": round(100 * (promoters - detractors) / total, 1),
        "promoters": promoters,
        "passives": total - promoters - detractors,
        "detractors": detractors,
    }
