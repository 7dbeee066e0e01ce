import re
from email import message_from_string
from urllib.parse import urlsplit

from hero_tracing import flow


@flow
def main(raw_message: str, trusted: list[str] = []) -> dict[str, int | list[str]]:
    """Is this mail genuine? Looks at sender, authentication results, links and wording, and gives a suspicion
    score.
    """
    message = message_from_string(raw_message)
    body = str(message.get_payload())
    signs = []
    if "fail" in message.get("Authentication-Results", ""):
        signs.append("SPF, DKIM or DMARC failed")
    if message["Reply-To"] and message["Reply-To"] not in message["From"]:
        signs.append("answers go elsewhere")
    hosts = {urlsplit(link).hostname or "" for link in re.findall(r"https?://[^\s\"'<>]+", body)}
    signs += [f"links to {host}" for host in hosts if not host.endswith(tuple(trusted) or ("\0",))]
    if re.search(r"(?i)verify your account|within 24 hours|suspended|gift card", body):
        signs.append("presses for action")
    return {"score": min(100, 30 * len(signs)), "signs": signs}
