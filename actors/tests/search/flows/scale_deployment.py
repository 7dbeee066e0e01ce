import json
import subprocess

from hero_tracing import flow


def kubectl(*arguments: str) -> str:
    return subprocess.run(["kubectl", *arguments], check=True, capture_output=True, text=True).stdout


@flow
def main(deployment: str, target_cpu_percent: float = 60.0, smallest: int = 2, largest: int = 20) -> int:
    """Sets the number of replicas of a deployment by how busy its pods are."""
    spec = json.loads(kubectl("get", "deployment", deployment, "-o", "json"))["spec"]
    request = spec["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"]
    millis = int(request.removesuffix("m")) if request.endswith("m") else int(float(request) * 1000)
    usage = kubectl("top", "pods", "-l", f"app={deployment}", "--no-headers").splitlines()
    used = sum(int(line.split()[1].removesuffix("m")) for line in usage)
    replicas = min(largest, max(smallest, round(used / (millis * target_cpu_percent / 100))))
    kubectl("scale", f"deployment/{deployment}", f"--replicas={replicas}")
    return replicas
