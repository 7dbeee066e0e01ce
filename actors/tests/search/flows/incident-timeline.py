from datetime import datetime

from hero_tracing import flow


@flow
def main(chat: list[dict[str, str]], alerts: list[dict[str, str]], deploys: list[dict[str, str]]) -> str:
    """Postmortem draft: what happened when, put together from the chat, the alerts and the deployments."""
    events = [(e["at"], "chat", f"{e['who']}: {e['text']}") for e in chat]
    events += [(e["at"], "alert", e["name"]) for e in alerts]
    events += [(e["at"], "deploy", f"{e['service']} {e['version']}") for e in deploys]
    events.sort(key=lambda event: datetime.fromisoformat(event[0]))
    table = "\n".join(f"| {at} | {kind} | {what} |" for at, kind, what in events)
    story = flow.invoke(
        "complete", prompt=f"Impact, root cause, what went well, follow-ups, blameless:\n{table}"
    )
    return f"## Timeline\n| time | source | event |\n|---|---|---|\n{table}\n\n{story}"
