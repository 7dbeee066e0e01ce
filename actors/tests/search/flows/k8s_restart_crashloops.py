import json
import subprocess

from hero_tracing import flow


@flow
def pods(namespace: str) -> list[dict]:
    raw = subprocess.run(
        ["kubectl", "get", "pods", "-n", namespace, "-o", "json"], check=True, capture_output=True
    )
    return json.loads(raw.stdout)["items"]


def is_stuck(pod: dict) -> bool:
    waiting = [c["state"].get("waiting", {}) for c in pod["status"].get("containerStatuses", [])]
    return any(state.get("reason") == "CrashLoopBackOff" for state in waiting)


@flow
def main(namespace: str) -> list[str]:
    """Deletes pods in CrashLoopBackOff so that their controller starts them afresh."""
    stuck = [pod["metadata"]["name"] for pod in pods(namespace) if is_stuck(pod)]
    for name in stuck:
        subprocess.run(["kubectl", "delete", "pod", name, "-n", namespace], check=True)
    return stuck
