import subprocess

from hero_tracing import ask_user, flow


@flow
def revisions(deployment: str, namespace: str) -> str:
    command = ["kubectl", "rollout", "history", f"deployment/{deployment}", "-n", namespace]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@flow
def main(deployment: str, namespace: str = "default", revision: int | None = None) -> str:
    """Takes a deployment back to an earlier revision after a bad release."""
    if revision is None:
        revision = int(ask_user.number(f"{revisions(deployment, namespace)}\nBack to which?", integer=True))
    undo = [
        "kubectl",
        "rollout",
        "undo",
        f"deployment/{deployment}",
        f"--to-revision={revision}",
        "-n",
        namespace,
    ]
    return subprocess.run(undo, check=True, capture_output=True, text=True).stdout.strip()
