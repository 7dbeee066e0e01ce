import re
import subprocess
from collections import defaultdict

from hero_tracing import flow

HEADINGS = {"feat": "Added", "fix": "Fixed", "perf": "Faster", "refactor": "Changed"}


@flow
def log(repository: str, since: str) -> list[str]:
    command = ["git", "-C", repository, "log", "--no-merges", "--format=%s", f"{since}..HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


@flow
def main(repository: str, since: str) -> str:
    """Generates a changelog in Markdown from the conventional commits since a tag."""
    sections: dict[str, list[str]] = defaultdict(list)
    for subject in log(repository, since):
        if found := re.match(r"(\w+)(?:\(.+?\))?!?: (.+)", subject):
            sections[HEADINGS.get(found[1], "Other")].append(found[2])
    return "\n\n".join(
        f"### {title}\n" + "\n".join(f"- {line}" for line in lines) for title, lines in sections.items()
    )
