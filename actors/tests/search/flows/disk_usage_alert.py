import shutil

from hero_tracing import flow


@flow
def notify(channel: str, text: str) -> None:
    import json
    import urllib.request

    body = json.dumps({"channel": channel, "text": text}).encode()
    urllib.request.urlopen(urllib.request.Request(flow.secret("SLACK_WEBHOOK"), body))


@flow(secrets=["SLACK_WEBHOOK"])
def main(mounts: list[str], threshold_percent: float = 85.0, channel: str = "#ops") -> list[str]:
    """Warns on Slack when a file system is nearly full."""
    full = []
    for mount in mounts:
        usage = shutil.disk_usage(mount)
        percent = 100 * usage.used / usage.total
        if percent >= threshold_percent:
            full.append(mount)
            notify(channel, f"{mount} is {percent:.0f} % full, {usage.free / 2**30:.1f} GiB left")
    return full
