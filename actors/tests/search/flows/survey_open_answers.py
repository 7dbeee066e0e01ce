import json
from collections import Counter

from hero_tracing import flow


@flow
def themes(answers: list[str], count: int) -> list[str]:
    sample = "\n".join(answers[:200])
    return json.loads(
        flow.invoke("complete", prompt=f"At most {count} themes as a JSON list of short names:\n{sample}")
    )


@flow
def code(answer: str, known: list[str]) -> str:
    theme = flow.invoke("complete", prompt=f"One of {known}, only the name:\n{answer}").strip()
    return theme if theme in known else "other"


@flow
def main(answers: list[str], count: int = 8) -> dict[str, int]:
    """Codes free-text answers of a questionnaire into themes and counts how often each comes up."""
    known = themes(answers, count)
    return dict(Counter(code(answer, known) for answer in answers).most_common())
