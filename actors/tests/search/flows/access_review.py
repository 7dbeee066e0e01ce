from collections import defaultdict
from typing import TypedDict

from hero_tracing import ask_user, flow


class Grant(TypedDict):
    person: str
    system: str
    role: str
    manager: str


@flow
def revoke(person: str, system: str, role: str) -> None:
    print(f"{person} loses {role} on {system}")


@flow
def main(grants: list[Grant]) -> dict[str, int]:
    """Quarterly recertification: every manager ticks the permissions that their people still need."""
    by_manager: dict[str, list[Grant]] = defaultdict(list)
    for grant in grants:
        by_manager[grant["manager"]].append(grant)
    kept = 0
    for manager, theirs in by_manager.items():
        labels = {f"{g['person']}: {g['system']} as {g['role']}": g for g in theirs}
        ticked = ask_user.multi_choice(f"{manager}: what is still needed?", list(labels), name=manager)
        kept += len(ticked)
        for label in labels.keys() - set(ticked):
            revoke(labels[label]["person"], labels[label]["system"], labels[label]["role"])
    return {"kept": kept, "revoked": len(grants) - kept}
