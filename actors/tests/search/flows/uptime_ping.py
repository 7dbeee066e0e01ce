import time
import urllib.request

from hero_tracing import flow


@flow
def measure(url: str) -> tuple[bool, float]:
    started = time.perf_counter()
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            up = response.status < 400
    except OSError:
        up = False
    return up, (time.perf_counter() - started) * 1000


@flow
def main(urls: list[str], attempts: int = 3) -> dict[str, dict[str, float]]:
    """Is it up? Requests each website several times; availability and mean response time in milliseconds."""
    report = {}
    for url in urls:
        samples = [measure(url) for _ in range(attempts)]
        report[url] = {
            "availability": sum(up for up, _ in samples) / attempts,
            "mean_ms": sum(ms for _, ms in samples) / attempts,
        }
    return report
