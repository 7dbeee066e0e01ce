import re
from collections import Counter

from hero_tracing import flow


@flow
def main(access_log: str, top: int = 10, status: int | None = None) -> dict[str, int]:
    """Counts the requests per client address in an nginx access log."""
    line_format = re.compile(r'^(\S+) \S+ \S+ \[[^\]]+\] "[^"]*" (\d{3})')
    hits: Counter[str] = Counter()
    with open(access_log) as lines:
        for line in lines:
            found = line_format.match(line)
            if found and (status is None or int(found[2]) == status):
                hits[found[1]] += 1
    return dict(hits.most_common(top))
