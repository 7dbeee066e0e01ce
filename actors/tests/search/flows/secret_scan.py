import re
from pathlib import Path
from typing import TypedDict

from hero_tracing import flow

RULES = {
    "aws": r"AKIA[0-9A-Z]{16}",
    "private key": r"-----BEGIN (?:RSA |EC )?PRIVATE KEY-----",
    "slack": r"xox[bap]-[0-9A-Za-z-]{10,}",
    "generic": r"(?i)(?:password|api_key|token)\s*=\s*['\"][^'\"]{12,}['\"]",
}


class Leak(TypedDict):
    file: str
    line: int
    rule: str


@flow
def main(repository: str) -> list[Leak]:
    """Searches a code base for credentials that were committed by mistake."""
    leaks: list[Leak] = []
    for path in Path(repository).rglob("*"):
        if not path.is_file() or ".git" in path.parts or path.stat().st_size > 1_000_000:
            continue
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1):
            leaks += [
                Leak(file=str(path), line=number, rule=rule)
                for rule, p in RULES.items()
                if re.search(p, line)
            ]
    return leaks
