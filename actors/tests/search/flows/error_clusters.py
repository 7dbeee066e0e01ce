import re
from collections import Counter, defaultdict

from hero_tracing import flow


def fingerprint(line: str) -> str:
    line = re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b", "<hex>", line)
    line = re.sub(r"\d+", "<n>", line)
    return re.sub(r"'[^']*'|\"[^\"]*\"", "<str>", line)


@flow
def main(log_lines: list[str], top: int = 20) -> list[dict[str, str | int]]:
    """Groups similar error messages of an application log, most frequent first, with one example of each."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = defaultdict(str)
    for line in log_lines:
        if "ERROR" in line or "Traceback" in line:
            key = fingerprint(line)
            counts[key] += 1
            examples.setdefault(key, line)
    return [{"count": count, "example": examples[key]} for key, count in counts.most_common(top)]
