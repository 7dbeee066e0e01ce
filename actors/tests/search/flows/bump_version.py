import re
import subprocess
from pathlib import Path

from hero_tracing import flow


@flow
def main(pyproject: str = "pyproject.toml", part: str = "patch", tag: bool = True) -> str:
    """Raises the version number of a Python project, major, minor or patch, and tags the commit."""
    file = Path(pyproject)
    text = file.read_text()
    found = re.search(r'(?m)^version = "(\d+)\.(\d+)\.(\d+)"', text)
    if not found:
        raise flow.Failed(f"{pyproject} has no version")
    major, minor, patch = map(int, found.groups())
    semver = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}[
        part
    ]
    version = ".".join(map(str, semver))
    file.write_text(text.replace(found[0], f'version = "{version}"'))
    subprocess.run(["git", "commit", "-am", f"Release {version}"], check=True)
    if tag:
        subprocess.run(["git", "tag", f"v{version}"], check=True)
    return version
