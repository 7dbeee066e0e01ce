import json
from pathlib import Path

from hero_tracing import flow


@flow
def main(report: str, baseline: float, margin: float = 0.5) -> float:
    """Fails the build if test coverage dropped by more than the margin against the main branch."""
    percent = json.loads(Path(report).read_text())["totals"]["percent_covered"]
    if percent < baseline - margin:
        raise flow.Failed(f"coverage fell from {baseline:.1f} % to {percent:.1f} %")
    return percent
