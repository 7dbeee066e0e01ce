from importlib import metadata

from hero_tracing import flow

DENIED = ("AGPL", "GPL-3", "SSPL", "Commons Clause")


@flow
def main(allow: list[str] = []) -> dict[str, str]:
    """Names the installed packages whose open-source licence we must not ship."""
    offenders = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        licence = distribution.metadata.get("License") or " ".join(
            distribution.metadata.get_all("Classifier") or []
        )
        if name not in allow and any(word in licence for word in DENIED):
            offenders[name] = licence[:120]
    return offenders
