import json

from hero_tracing import flow


@flow
def main(
    transcript: list[dict[str, str | float]], minimum_minutes: float = 3.0
) -> list[dict[str, str | float]]:
    """Chapter marks with titles for a podcast episode, from its timed transcript."""
    script = "\n".join(f"[{line['start']:.0f}] {line['text']}" for line in transcript)
    prompt = f"Where does the topic change? JSON list of start (seconds) and title.\n{script}"
    chapters = json.loads(flow.invoke("complete", prompt=prompt))
    kept = chapters[:1]
    for chapter in chapters[1:]:
        if chapter["start"] - kept[-1]["start"] >= minimum_minutes * 60:
            kept.append(chapter)
    return kept
