import email
import imaplib

from hero_tracing import flow

URGENT = ("urgent", "asap", "outage", "deadline", "legal")


@flow
def unread(host: str, user: str, limit: int) -> list[dict[str, str]]:
    box = imaplib.IMAP4_SSL(host)
    box.login(user, flow.secret("IMAP_PASSWORD"))
    box.select("INBOX", readonly=True)
    _, found = box.search(None, "UNSEEN")
    mails = []
    for number in found[0].split()[-limit:]:
        _, data = box.fetch(number, "(RFC822.HEADER)")
        header = email.message_from_bytes(data[0][1])
        mails.append({"from": header["From"], "subject": header["Subject"] or ""})
    return mails


@flow(secrets=["IMAP_PASSWORD"])
def main(host: str, user: str, limit: int = 50) -> dict[str, list[str]]:
    """Sorts unread mail into what needs an answer today, what can wait and what is noise."""
    buckets: dict[str, list[str]] = {"today": [], "later": [], "noise": []}
    for mail in unread(host, user, limit):
        subject = mail["subject"].lower()
        urgent = any(word in subject for word in URGENT)
        bucket = (
            "today"
            if urgent
            else "noise"
            if "newsletter" in subject or "noreply" in mail["from"]
            else "later"
        )
        buckets[bucket].append(f"{mail['from']}: {mail['subject']}")
    return buckets
