import re

from hero_tracing import flow


def without_quotes(mail: str) -> str:
    lines = [line for line in mail.splitlines() if not line.startswith(">")]
    return re.split(r"\n(?:On .+ wrote:|-- ?\n)", "\n".join(lines))[0].strip()


@flow
def main(messages: list[str], me: str) -> dict[str, str]:
    """Boils a long e-mail conversation down to its outcome, and tells whether anybody is waiting for your
    reply.
    """
    thread = "\n=====\n".join(without_quotes(message) for message in messages)
    outcome = flow.invoke("complete", prompt=f"Outcome of this thread in three bullets:\n{thread}")
    waiting = flow.invoke(
        "complete", prompt=f"Does someone expect a reply from {me}? Answer who, or nobody.\n{thread}"
    )
    return {"outcome": outcome, "waiting_for_me": waiting}
