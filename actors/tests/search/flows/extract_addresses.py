import re

from hero_tracing import flow

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\+?\d[\d ()/.-]{6,}\d")


@flow
def main(text: str) -> dict[str, list[str]]:
    """Pulls contact details out of free text: e-mail addresses and phone numbers, each once."""
    emails = sorted({match.lower() for match in EMAIL.findall(text)})
    phones = sorted({re.sub(r"[^\d+]", "", match) for match in PHONE.findall(text)})
    return {"emails": emails, "phones": phones}
