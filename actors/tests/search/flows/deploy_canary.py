import time

from hero_tracing import ask_user, flow


@flow
def shift_traffic(service: str, version: str, percent: int) -> None:
    print(f"{service}: {percent} % now go to {version}")


@flow
def error_rate(service: str, version: str) -> float:
    import json
    from urllib.request import urlopen

    query = f"sum(rate(http_errors{{service='{service}',version='{version}'}}[5m]))"
    answer = json.load(urlopen(f"http://prometheus:9090/api/v1/query?query={query}"))
    return float(answer["data"]["result"][0]["value"][1])


@flow
def main(
    service: str, version: str, steps: list[int] = [5, 25, 50, 100], max_error_rate: float = 0.01
) -> str:
    """Rolls a new version out step by step and goes back if the error rate rises; asks before full traffic."""
    for percent in steps:
        if percent == 100 and not ask_user.confirm(f"All traffic to {version}?"):
            shift_traffic(service, version, 0)
            return "held"
        shift_traffic(service, version, percent)
        time.sleep(60)
        if error_rate(service, version) > max_error_rate:
            shift_traffic(service, version, 0)
            return "rolled back"
    return "done"
