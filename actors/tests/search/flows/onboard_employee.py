from datetime import date

from hero_tracing import ask_user, flow


@flow
def create_account(name: str) -> str:
    first, *_, last = name.lower().split()
    return f"{first}.{last}@example.com"


@flow
def order_laptop(name: str, model: str) -> str:
    print(f"ordering {model} for {name}")
    return str(flow.uuid())


@flow
def main(name: str, role: str, starts_on: date, manager: str) -> dict[str, str]:
    """Prepares everything for a new colleague's first day: mailbox, groups, laptop, welcome plan."""
    address = create_account(name)
    model = ask_user.choice(f"{manager}: which laptop for {name}?", ["MacBook", "ThinkPad", "none"])
    order = order_laptop(name, model) if model != "none" else ""
    groups = "engineering, vpn" if "engineer" in role.lower() else "all-staff"
    return {"email": address, "laptop_order": order, "groups": groups, "first_day": starts_on.isoformat()}
