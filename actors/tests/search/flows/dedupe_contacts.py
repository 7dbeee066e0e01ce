import re

from hero_tracing import ask_user, flow


def key(contact: dict[str, str]) -> tuple[str, str]:
    phone = re.sub(r"\D", "", contact.get("phone", ""))[-8:]
    return contact.get("email", "").lower(), phone


@flow
def groups(contacts: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    found: list[list[dict[str, str]]] = []
    for contact in contacts:
        email, phone = key(contact)
        home = next(
            (
                g
                for g in found
                if any((email and email == key(c)[0]) or (phone and phone == key(c)[1]) for c in g)
            ),
            None,
        )
        found.append([contact]) if home is None else home.append(contact)
    return found


@flow
def main(contacts: list[dict[str, str]]) -> list[dict[str, str]]:
    """Merges duplicate contacts of an address book. You choose which name stays where they differ."""
    merged = []
    for group in groups(contacts):
        record = {field: value for contact in group for field, value in contact.items() if value}
        names = sorted({contact["name"] for contact in group})
        record["name"] = names[0] if len(names) == 1 else ask_user.choice("Which name?", names)
        merged.append(record)
    return merged
