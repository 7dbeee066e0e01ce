from hero_tracing import flow


@flow
def polarity(review: str) -> float:
    from transformers import pipeline

    result = pipeline("sentiment-analysis")(review[:512])[0]
    return result["score"] if result["label"] == "POSITIVE" else -result["score"]


@flow
def main(reviews: list[str]) -> dict[str, float]:
    """Sentiment of many customer reviews at once: mean score and the share of positive and negative ones."""
    scores = flow.map(polarity, reviews, concurrency=4)
    count = max(len(scores), 1)
    return {
        "mean": sum(scores) / count,
        "positive_share": sum(score > 0.2 for score in scores) / count,
        "negative_share": sum(score < -0.2 for score in scores) / count,
    }
