import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path

from hero_tracing import flow


@flow
def outcomes(report: str) -> dict[str, bool]:
    root = ElementTree.parse(report).getroot()
    return {
        f"{case.get('classname')}.{case.get('name')}": case.find("failure") is None
        for case in root.iter("testcase")
    }


@flow
def main(reports: str, minimum_runs: int = 5) -> dict[str, float]:
    """Finds tests that sometimes pass and sometimes fail, from a folder of JUnit reports of the same commit."""
    seen: dict[str, list[bool]] = defaultdict(list)
    for path in sorted(Path(reports).glob("*.xml")):
        for name, passed in outcomes(str(path)).items():
            seen[name].append(passed)
    return {
        name: 1 - sum(results) / len(results)
        for name, results in seen.items()
        if len(results) >= minimum_runs and 0 < sum(results) < len(results)
    }
