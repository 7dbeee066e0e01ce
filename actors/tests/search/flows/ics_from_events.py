"""make an ics"""

from hero_tracing import flow


@flow
def build(events: list[dict[str, str]]) -> str:
    """Builds an .ics file to import in Outlook, Google or Apple Calendar."""
    out = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//hero//flows//EN"]
    for e in events:
        out += [
            "BEGIN:VEVENT",
            f"UID:{flow.uuid()}",
            f"DTSTART:{e['start']}",
            f"DTEND:{e['end']}",
            f"SUMMARY:{e['title']}",
            "END:VEVENT",
        ]
    return "\r\n".join([*out, "END:VCALENDAR", ""])
