import math
import re
from collections import Counter
from pathlib import Path

from hero_tracing import flow


def passages(folder: str) -> list[tuple[str, str]]:
    files = Path(folder).rglob("*.md")
    return [(path.name, part) for path in files for part in path.read_text().split("\n\n") if len(part) > 60]


def rank(question: str, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    words = set(re.findall(r"\w+", question.lower()))
    counts = Counter(word for _, part in found for word in set(re.findall(r"\w+", part.lower())))

    def score(part: str) -> float:
        return sum(
            math.log(1 + len(found) / counts[word]) for word in words if word in part.lower() and counts[word]
        )

    return sorted(found, key=lambda item: -score(item[1]))


@flow
def main(question: str, folder: str) -> dict[str, str | list[str]]:
    """Answers a question from a folder of documentation and names the pages it relied on."""
    best = rank(question, passages(folder))[:5]
    context = "\n---\n".join(part for _, part in best)
    answer: str = flow.invoke("complete", prompt=f"Answer only from this:\n{context}\n\nQuestion: {question}")
    return {"answer": answer, "sources": sorted({name for name, _ in best})}
