from hero_tracing import flow

GOOD = {"good", "great", "love", "excellent", "happy", "fast", "helpful", "perfect"}
BAD = {"bad", "terrible", "hate", "broken", "slow", "angry", "awful", "refund"}


@flow
def main(text: str) -> str:
    """Tells whether a text is positive, negative or neutral, by a small word list."""
    words = [word.strip(".,!?").lower() for word in text.split()]
    score = sum((word in GOOD) - (word in BAD) for word in words)
    return "positive" if score > 0 else "negative" if score < 0 else "neutral"
