from datetime import datetime, timedelta

from hero_tracing import ask_user, flow

LIMITS = {"mastodon": 500, "bluesky": 300, "linkedin": 3000}
BEST_HOUR = {"mastodon": 18, "bluesky": 19, "linkedin": 8}


@flow
def enqueue(network: str, text: str, at: datetime) -> str:
    print(f"{network} at {at:%a %H:%M}: {text[:40]}")
    return str(flow.uuid())


@flow
def main(text: str, networks: list[str]) -> dict[str, str]:
    """Plans a post for several social networks at the hour their followers read, cut to each one's length."""
    planned = {}
    for network in networks:
        version = text if len(text) <= LIMITS[network] else text[: LIMITS[network] - 1] + "…"
        if version != text:
            version = ask_user.text(f"Too long for {network}. Edit:", default=version, multiline=True)
        at = flow.now().replace(hour=BEST_HOUR[network], minute=0) + timedelta(days=1)
        planned[network] = enqueue(network, version, at)
    return planned
