from datetime import date

from hero_tracing import ask_user, flow

TONE = {1: "friendly reminder", 2: "second notice", 3: "final demand before collection"}


@flow
def letters(open_items: list[dict[str, str]], today: date) -> list[dict[str, str]]:
    written = []
    for item in open_items:
        late = (today - date.fromisoformat(item["due"])).days
        if late > 0:
            level = min(3, 1 + late // 14)
            body = f"{TONE[level].capitalize()}: {item['number']} over {item['amount']} is {late} days late."
            written.append({"to": item["email"], "body": body})
    return written


@flow
def main(open_invoices: list[dict[str, str]]) -> int:
    """Writes payment reminders for invoices past their due date, firmer the later they are.

    Somebody looks over the letters before they go out. Returns how many were sent.
    """
    drafts = letters(open_invoices, flow.now().date())
    if not drafts or not ask_user.confirm(f"Send {len(drafts)} reminders?"):
        return 0
    for draft in drafts:
        print("sending to", draft["to"])
    return len(drafts)
