import json
import urllib.request

from hero_tracing import flow


@flow(retries=2)
def osv(package: str, version: str) -> list[str]:
    question = {"version": version, "package": {"name": package, "ecosystem": "PyPI"}}
    request = urllib.request.Request("https://api.osv.dev/v1/query", json.dumps(question).encode())
    with urllib.request.urlopen(request, timeout=20) as response:
        return [found["id"] for found in json.load(response).get("vulns", [])]


@flow
def main(requirements: str) -> dict[str, list[str]]:
    """Looks up known vulnerabilities of pinned Python packages in the OSV database.

    `requirements` is the content of a requirements.txt with `name==version` lines.
    """
    pins = [line.split("==") for line in requirements.splitlines() if "==" in line]
    found = {name: osv(name.strip(), version.strip()) for name, version in pins}
    return {name: ids for name, ids in found.items() if ids}
