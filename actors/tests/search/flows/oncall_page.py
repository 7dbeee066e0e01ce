import json
from urllib.request import Request, urlopen

from hero_tracing import ask_user, flow


@flow
def who_is_on_duty(schedule: str) -> list[str]:
    headers = {"Authorization": f"Token token={flow.secret('PAGERDUTY_TOKEN')}"}
    url = f"https://api.pagerduty.com/oncalls?schedule_ids[]={schedule}"
    return [
        entry["user"]["summary"] for entry in json.load(urlopen(Request(url, headers=headers)))["oncalls"]
    ]


@flow(secrets=["PAGERDUTY_TOKEN"])
def main(schedule: str, message: str, minutes: float = 5) -> str:
    """Wakes whoever is on call, and the next one if nobody acknowledges in time."""
    for engineer in who_is_on_duty(schedule):
        print("paging", engineer)
        if ask_user.confirm(f"{engineer}: {message}. On it?", timeout=minutes * 60, default=False):
            return engineer
    raise flow.Failed("nobody answered")
