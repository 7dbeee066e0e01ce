import subprocess
import time

from hero_tracing import ask_user, flow


def git(repository: str, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", repository, *arguments], check=True, capture_output=True, text=True
    ).stdout


@flow
def main(repository: str, days: int = 90) -> list[str]:
    """Lists remote branches nobody has touched for months and deletes the ones you tick."""
    raw = git(
        repository, "for-each-ref", "--format=%(refname:short) %(committerdate:unix)", "refs/remotes/origin"
    )
    oldest = time.time() - days * 86_400
    stale = [name for name, stamp in (line.split() for line in raw.splitlines()) if int(stamp) < oldest]
    if not stale:
        return []
    chosen = ask_user.multi_choice("Which of these may go?", stale)
    for branch in chosen:
        git(repository, "push", "origin", "--delete", branch.removeprefix("origin/"))
    return chosen
