from datetime import datetime
from zoneinfo import ZoneInfo

from hero_tracing import flow


@flow
def main(moment: str, from_zone: str, to_zones: list[str]) -> dict[str, str]:
    """What time it is elsewhere: a local date and time, in the zones of the other people on the call."""
    local = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(from_zone))
    return {zone: local.astimezone(ZoneInfo(zone)).strftime("%a %d %b, %H:%M") for zone in to_zones}
