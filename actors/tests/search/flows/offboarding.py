from datetime import date

from hero_tracing import ask_user, flow

SYSTEMS = ["sso", "github", "vpn", "crm", "payroll"]


@flow
def deactivate(person: str, system: str) -> str:
    print(f"{system}: {person} is locked")
    return system


@flow
def main(person: str, last_day: date, forward_mail_to: str) -> dict[str, str | list[str]]:
    """When somebody leaves the company: locks the accounts, hands over mail, gets the equipment back."""
    locked = [deactivate(person, system) for system in SYSTEMS]
    returned = ask_user.multi_choice(f"What has {person} handed in?", ["laptop", "phone", "badge", "keys"])
    return {"locked": locked, "mail": forward_mail_to, "returned": returned, "last_day": last_day.isoformat()}
