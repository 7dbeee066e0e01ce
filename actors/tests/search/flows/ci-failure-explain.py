import re

from hero_tracing import flow


def interesting(log: str, around: int = 25) -> str:
    lines = re.sub(r"\x1b\[[0-9;]*m", "", log).splitlines()
    bad = [i for i, line in enumerate(lines) if re.search(r"(?i)error|failed|panicked|assert", line)]
    keep = sorted({j for i in bad for j in range(max(0, i - around), min(len(lines), i + around))})
    return "\n".join(lines[j] for j in keep)[-20_000:]


@flow
def main(job_log: str) -> dict[str, str]:
    """Tells in plain words why a build went red and what to try first."""
    import json

    prompt = "JSON with cause, is_flaky (yes/no), next_step for this CI log:\n" + interesting(job_log)
    return json.loads(flow.invoke("complete", prompt=prompt))
