import json
import subprocess

from hero_tracing import flow


@flow
def plan(directory: str) -> list[dict]:
    run = ["terraform", f"-chdir={directory}"]
    subprocess.run([*run, "plan", "-refresh-only", "-out=drift.plan"], check=True, capture_output=True)
    shown = subprocess.run([*run, "show", "-json", "drift.plan"], check=True, capture_output=True).stdout
    return json.loads(shown).get("resource_drift", [])


@flow
def main(directories: list[str]) -> dict[str, list[str]]:
    """Infrastructure that somebody changed by hand, so that it is no longer what Terraform says."""
    return {folder: [change["address"] for change in plan(folder)] for folder in directories}
