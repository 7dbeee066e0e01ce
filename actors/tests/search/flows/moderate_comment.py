from hero_tracing import ask_user, flow


@flow
def flags(comment: str) -> dict[str, float]:
    from openai import OpenAI

    scores = OpenAI().moderations.create(input=comment).results[0].category_scores
    return {name: score for name, score in scores.model_dump().items() if score > 0.3}


@flow
def main(comment: str) -> str:
    """Decides whether a reader's comment is published, hidden or shown to a moderator: hate, threats,
    harassment.
    """
    found = flags(comment)
    if not found:
        return "publish"
    if max(found.values()) > 0.9:
        return "hide"
    return ask_user.choice(f"{comment}\n{found}", ["publish", "hide"], name="moderator")
