import re
from pathlib import Path

from hero_tracing import ask_user, flow


@flow
def main(folder: str, pattern: str, replacement: str) -> dict[str, str]:
    """Renames many files at once by a regular expression, after showing a preview."""
    changes = {}
    for path in sorted(Path(folder).iterdir()):
        new = re.sub(pattern, replacement, path.name)
        if new != path.name:
            changes[path.name] = new
    if len(set(changes.values())) < len(changes):
        raise flow.Failed("two files would have the same name")
    preview = "\n".join(f"{old} -> {new}" for old, new in changes.items())
    if not changes or not ask_user.confirm(f"{preview}\nGo ahead?"):
        return {}
    for old, new in changes.items():
        Path(folder, old).rename(Path(folder, new))
    return changes
