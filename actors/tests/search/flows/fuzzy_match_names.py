import re
from difflib import SequenceMatcher

from hero_tracing import flow

LEGAL_FORMS = r"\b(gmbh|ag|ltd|limited|inc|llc|sa|sarl|bv|nv|plc|co|kg)\b"


def normalised(name: str) -> str:
    return " ".join(sorted(re.sub(LEGAL_FORMS, "", re.sub(r"[^\w ]", "", name.lower())).split()))


@flow
def main(ours: list[str], theirs: list[str], cutoff: float = 0.85) -> dict[str, str | None]:
    """Matches company names of two lists although they are spelt differently."""
    matches: dict[str, str | None] = {}
    for name in ours:
        scored = [
            (SequenceMatcher(None, normalised(name), normalised(other)).ratio(), other) for other in theirs
        ]
        score, best = max(scored, default=(0.0, ""))
        matches[name] = best if score >= cutoff else None
    return matches
