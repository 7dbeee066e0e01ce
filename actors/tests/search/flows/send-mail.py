import smtplib
from email.message import EmailMessage

from hero_tracing import flow


@flow(retries=2, backoff=5)
def deliver(message: EmailMessage, host: str) -> None:
    with smtplib.SMTP(host, 587) as server:
        server.starttls()
        server.login("mailer", flow.secret("SMTP_PASSWORD"))
        server.send_message(message)


@flow(secrets=["SMTP_PASSWORD"])
def main(to: list[str], subject: str, body: str, host: str = "smtp.example.com") -> bool:
    """Sends an e-mail over SMTP to one or more recipients."""
    message = EmailMessage()
    message["To"], message["Subject"], message["From"] = ", ".join(to), subject, "no-reply@example.com"
    message.set_content(body)
    deliver(message, host)
    return True
